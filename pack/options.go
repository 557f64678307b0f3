package pack

import (
	"crypto/sha256"
	"io/fs"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options say what goes into an image beside the module. The zero value
// works.
type Options struct {
	// Name is the module's file name in the image: "app", the default, makes
	// /app.wasm.
	Name   string
	Config Config
	// Annotations go on the index and on every manifest.
	Annotations map[string]string
	// Files go into the same layer as the module.
	Files []File
	// Created is the time in configs and file headers, cut to seconds; zero
	// is the Unix epoch. It changes the digest, so it should come from
	// SOURCE_DATE_EPOCH and never from the clock.
	Created time.Time
	// Platforms get a child each in the universal layout; nil is
	// DefaultPlatforms.
	Platforms []v1.Platform
	// Cache keeps compressed layers, so that one which was packed before need
	// not be compressed again; nil = compress each time.
	Cache LayerCache

	target string // what the module is for, see LabelTarget
}

// LayerCache keeps compressed layers. A key stands for one content, packed in
// one way; the version of the compressors' module is the caller's to mind.
// Both methods are called by several goroutines at once.
type LayerCache interface {
	// Get returns a layer with its SHA-256, which it has checked; nil when the
	// layer is not there.
	Get(key string) (blob []byte, sum [sha256.Size]byte)
	// Put keeps a layer, if it can.
	Put(key string, blob []byte, sum [sha256.Size]byte)
}

// Config is how a container runtime starts the module.
// https://github.com/opencontainers/image-spec/blob/main/config.md
type Config struct {
	// Entrypoint starts with the module's path; nil is that path alone.
	Entrypoint []string          `json:"entrypoint,omitempty"`
	Cmd        []string          `json:"cmd,omitempty"`
	Env        []string          `json:"env,omitempty"`        // KEY=VALUE
	WorkingDir string            `json:"workingDir,omitempty"` // absolute
	Labels     map[string]string `json:"labels,omitempty"`
}

// File is a regular file of an image.
type File struct {
	Path string      `json:"path"` // absolute, with slashes
	Mode fs.FileMode `json:"mode"` // packed as 0755 when anybody may execute it, else as 0644
	Data []byte      `json:"-"`
}

// DefaultPlatforms are those of the machines that run containers. A platform
// costs two manifests and a config of some hundred bytes; the layers are
// shared.
func DefaultPlatforms() []v1.Platform {
	return []v1.Platform{
		{OS: "linux", Architecture: "amd64"},
		{OS: "linux", Architecture: "arm64", Variant: "v8"},
		{OS: "linux", Architecture: "riscv64"},
		{OS: "linux", Architecture: "s390x"},
		{OS: "linux", Architecture: "ppc64le"},
		{OS: "linux", Architecture: "arm", Variant: "v7"},
		{OS: "linux", Architecture: "386"},
		{OS: "linux", Architecture: "loong64"},
		{OS: "linux", Architecture: "mips64le"},
	}
}

// ModulePath is where the module lies in the image.
func (o *Options) ModulePath() string {
	if o.Name == "" {
		return "/app.wasm"
	}
	return "/" + strings.TrimSuffix(o.Name, ".wasm") + ".wasm"
}

// created is the one time that an image shows.
func (o *Options) created() time.Time {
	if o.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return o.Created.Truncate(time.Second).UTC()
}
