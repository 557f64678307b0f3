package pack

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// The types of a runtime pack as an artifact, an image manifest with an
// artifactType of its own:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
const (
	RuntimeArtifactType = "application/vnd.wpk.runtime.v1"
	runtimeConfigType   = "application/vnd.wpk.runtime.config.v1+json"
)

// zstdSuffix ends the titles of layers that are compressed: a client that
// writes a layer into the file of its title must not get a .zip that is none.
const zstdSuffix = ".zst"

// runtimePart is one file of a pack as a layer.
type runtimePart struct {
	name      string // in the pack's folder
	mediaType types.MediaType
	zstd      bool
	optional  bool
	limit     int64 // of the file
}

// title is the file that a client such as oras writes.
func (p runtimePart) title() string {
	if p.zstd {
		return p.name + zstdSuffix
	}
	return p.name
}

// runtimeParts are the layers in their order. The runtime is a blob that every
// WebAssembly tool can fetch as it is. The library is stored inside its archive
// so that it can be read in place, and compressed as a whole on its way: 11.0
// MB of Python become 2.1 MB in 0.9 s, with gzip 2.5 MB in 3.1 s.
func runtimeParts() []runtimePart {
	return []runtimePart{
		{name: runtimepack.RuntimeFile, mediaType: "application/wasm", limit: 256 << 20},
		{name: runtimepack.LibraryFile, mediaType: "application/vnd.wpk.runtime.library.v1.zip+zstd", zstd: true, optional: true, limit: 512 << 20},
		{name: runtimepack.LicencesFile, mediaType: "application/zip", limit: 64 << 20},
		{name: runtimepack.ProvenanceFile, mediaType: "application/vnd.in-toto+json", limit: 4 << 20},
	}
}

const (
	annotationTitle       = "org.opencontainers.image.title"
	annotationVersion     = "org.opencontainers.image.version"
	annotationDescription = "org.opencontainers.image.description"
)

// Runtime packs a runtime pack's folder. The same files give the same digest.
func Runtime(p *runtimepack.Pack) (v1.Image, error) {
	config, err := os.ReadFile(p.Path(runtimepack.ConfigFile))
	if err != nil {
		return nil, err
	}
	a := newBlobImage(config, runtimeConfigType, runtimepack.ConfigFile, map[string]string{
		annotationTitle:       p.Language + " runtime",
		annotationVersion:     p.Version,
		annotationDescription: fmt.Sprintf("Runtime pack of wpk (ABI %d): %s %s as a WebAssembly module, with its library", p.ABI, p.Language, p.Version),
	})
	a.manifest.ArtifactType = RuntimeArtifactType
	for _, part := range runtimeParts() {
		if err := a.addRuntime(p, part); err != nil {
			return nil, err
		}
	}
	return a.seal()
}

// addRuntime appends the layer of one file, if the pack has it.
func (a *blobImage) addRuntime(p *runtimepack.Pack, part runtimePart) error {
	data, err := os.ReadFile(p.Path(part.name))
	if errors.Is(err, os.ErrNotExist) && part.optional {
		return nil
	}
	if err != nil {
		return err
	}
	if int64(len(data)) > part.limit {
		return &LimitError{part.name, part.limit}
	}
	if part.zstd {
		if data, err = smallest(data); err != nil {
			return err
		}
	}
	a.add(data, part.mediaType, part.title())
	return nil
}

// smallest compresses on one thread, so that the number of cores does not
// matter to the bytes.
func smallest(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}
