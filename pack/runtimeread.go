package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// ErrNoRuntime says that an artifact is not a runtime pack.
var ErrNoRuntime = errors.New("not a runtime pack")

// RuntimeContent is a runtime pack in a registry, a layout or the local store.
type RuntimeContent struct {
	runtimepack.Config
	Root ocispec.Descriptor
	Size int64 // of everything that is stored, in bytes

	blobs  *blobs
	config []byte
	layers map[string]ocispec.Descriptor // by the names of the pack's files
}

// ReadRuntime reads which pack it is, and nothing large. An artifact that is
// something else is [ErrNoRuntime]; a pack for another wpk is a
// [*runtimepack.ABIError].
func ReadRuntime(ctx context.Context, src Source, root ocispec.Descriptor) (*RuntimeContent, error) {
	if t := types.MediaType(root.MediaType); t != types.OCIManifestSchema1 {
		return nil, fmt.Errorf("%w: it is of type %s", ErrNoRuntime, root.MediaType)
	}
	blobs := newBlobs(src)
	raw, err := blobs.get(ctx, root, "manifest", maxManifest)
	if err != nil {
		return nil, err
	}
	d, err := parse(root, raw)
	if err != nil {
		return nil, err
	}
	if d.Config.MediaType != runtimeConfigType {
		return nil, fmt.Errorf("%w: its config is of type %s", ErrNoRuntime, d.Config.MediaType)
	}
	c := &RuntimeContent{Root: d.desc, blobs: blobs, Size: d.Config.Size + root.Size}
	if c.config, err = blobs.get(ctx, *d.Config, "config", maxConfig); err != nil {
		return nil, err
	}
	if c.Config, err = runtimepack.DecodeConfig(c.config); err != nil {
		return nil, err
	}
	return c, c.index(d)
}

// index finds the layer of each file. An unknown layer is an error: a pack is
// described by its ABI, and this ABI has no other files.
func (c *RuntimeContent) index(d *document) error {
	c.layers = map[string]ocispec.Descriptor{}
	byTitle := map[string]ocispec.Descriptor{}
	for _, l := range d.Layers {
		title := l.Annotations[annotationTitle]
		if _, twice := byTitle[title]; twice {
			return &InvalidError{What: "manifest", Digest: d.desc.Digest, Reason: fmt.Sprintf("two layers with the title %q", title)}
		}
		byTitle[title] = l
		c.Size += l.Size
	}
	for _, part := range runtimeParts() {
		l, ok := byTitle[part.title()]
		switch {
		case ok && types.MediaType(l.MediaType) == part.mediaType:
			c.layers[part.name] = l
		case ok:
			return &InvalidError{What: "manifest", Digest: d.desc.Digest, Reason: fmt.Sprintf("layer %s is of type %q", part.title(), l.MediaType)}
		case !part.optional:
			return &InvalidError{What: "manifest", Digest: d.desc.Digest, Reason: "it has no layer " + part.title()}
		}
		delete(byTitle, part.title())
	}
	for title := range byTitle {
		return &InvalidError{What: "manifest", Digest: d.desc.Digest, Reason: fmt.Sprintf("a layer with the title %q", title)}
	}
	return nil
}

// runtime reads the config of a runtime pack.
func (r *reader) runtime(ctx context.Context, d *document) (*runtimepack.Config, error) {
	raw, err := r.blobs.get(ctx, *d.Config, "config", maxConfig)
	if err != nil {
		return nil, err
	}
	c, err := runtimepack.DecodeConfig(raw)
	return &c, err
}

// Unpack writes the pack's files into a folder and verifies the result: each
// blob against its digest, each file against the provenance.
func (c *RuntimeContent) Unpack(ctx context.Context, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, runtimepack.ConfigFile), c.config, 0o644); err != nil {
		return err
	}
	for _, part := range runtimeParts() {
		l, ok := c.layers[part.name]
		if !ok {
			continue
		}
		blob, err := c.blobs.get(ctx, l, "layer", part.limit)
		if err != nil {
			return err
		}
		if err := part.write(filepath.Join(dir, part.name), blob, l); err != nil {
			return err
		}
	}
	p, err := runtimepack.Open(dir)
	if err != nil {
		return err
	}
	return p.Verify(ctx)
}

// write writes one file, decompressed within its limit.
func (p runtimePart) write(path string, blob []byte, l ocispec.Descriptor) error {
	content := io.NopCloser(bytes.NewReader(blob))
	if p.zstd {
		var err error
		if content, err = decompress(blob); err != nil {
			return &InvalidError{What: "layer", Digest: l.Digest, Reason: "not compressed as its type says", Err: err}
		}
	}
	defer func() { _ = content.Close() }()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	left := p.limit
	_, err = io.Copy(f, &budgetReader{content, &left})
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	var disk *os.PathError
	switch {
	case errors.Is(err, errUnpacked):
		return &LimitError{p.name, p.limit}
	case err != nil && !errors.As(err, &disk):
		return &InvalidError{What: "layer", Digest: l.Digest, Reason: "cannot be decompressed", Err: err}
	}
	return err
}
