package pack

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Source is where blobs come from. Every oras-go target is one.
type Source interface {
	// Fetch opens the blob of a descriptor. Read checks digest and size.
	Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error)
}

// Content is what an image holds for a runner of WebAssembly.
type Content struct {
	// Layout is "universal" (see Universal), "image" (see Image), "index"
	// (any other index) or "artifact" (the module is a blob of its own).
	Layout string             `json:"layout"`
	Root   ocispec.Descriptor `json:"root"`
	// Manifest is the image manifest that was read: Root itself or one of
	// its children.
	Manifest ocispec.Descriptor `json:"manifest"`
	// Platforms are the children of an index, in its order, or the one
	// platform that the image's config names.
	Platforms []Platform `json:"platforms"`
	Module    []byte     `json:"-"`
	// ModulePath is the module's place in the image's file system, empty when
	// Layout is "artifact".
	ModulePath string `json:"modulePath,omitempty"`
	Config     Config `json:"config"`
	// Annotations are those of the root, and of Manifest where the root has
	// none of the same key.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Files are the regular files beside the module, sorted by path. A link
	// to a file is listed as a file with the same Data. The paths are clean,
	// but come from strangers: use filepath.Localize and os.Root to write
	// them.
	Files []File `json:"files,omitempty"`
	// Blobs are the configs and layers of all manifests, each once.
	Blobs []Blob `json:"blobs"`
}

// Platform is one child of an index.
type Platform struct {
	Platform string        `json:"platform"` // "linux/arm/v7"; empty when the index says nothing
	Digest   digest.Digest `json:"digest"`   // of the child's manifest
	Zstd     bool          `json:"zstd,omitempty"`
	Chosen   bool          `json:"chosen,omitempty"` // the child that was read
}

// Blob is a config or a layer.
type Blob struct {
	MediaType string        `json:"mediaType"`
	Digest    digest.Digest `json:"digest"`
	Size      int64         `json:"size"`
	SharedBy  int           `json:"sharedBy"` // the number of manifests that name it
}

// Read fetches the module, the files and the facts of the image at root.
// Every blob is fetched at most once and checked before it is parsed.
func Read(ctx context.Context, src Source, root ocispec.Descriptor) (*Content, error) {
	return nil, ErrNoModule
}
