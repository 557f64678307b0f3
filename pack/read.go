package pack

import (
	"context"
	"errors"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Source is where blobs come from. Every oras-go target is one.
type Source interface {
	// Fetch opens the blob of a descriptor. Read checks digest and size.
	Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error)
}

// Read fetches the module, the files and the facts of the image at root.
// Every blob is fetched at most once and checked before it is parsed.
func Read(ctx context.Context, src Source, root ocispec.Descriptor) (*Content, error) {
	return ReadModule(ctx, src, root, "")
}

// ReadModule is Read for an image with several modules: name is that of a Spin
// component, of a file, a path in the image, or a module's digest. An empty name
// is the module that the image starts, or the only one; a [*ChoiceError] lists
// the names.
func ReadModule(ctx context.Context, src Source, root ocispec.Descriptor, name string) (*Content, error) {
	blobs := newBlobs(src)
	g := &graph{blobs: blobs, docs: map[digest.Digest]*document{}}
	images, err := g.images(ctx, []ocispec.Descriptor{root}, 0)
	if err != nil {
		return nil, err
	}
	top := g.docs[root.Digest]
	r := &reader{blobs: blobs, module: name, configs: map[digest.Digest]*config{}, content: &Content{Blobs: countBlobs(images)}}
	chosen, err := r.choose(ctx, images)
	if err != nil {
		return nil, err
	}
	r.content.Root, r.content.Manifest = top.desc, chosen.desc
	r.content.Annotations = mergeAnnotations(chosen, top)
	if err := r.image(ctx, chosen); err != nil {
		return nil, err
	}
	r.describe(top, chosen, images)
	return r.content, nil
}

// Check reads an image to find out whether it can be read: nothing in it is
// damaged, hostile or beyond a limit. One without a module, or with several to
// choose from, is fine.
func Check(ctx context.Context, src Source, root ocispec.Descriptor) error {
	_, err := Read(ctx, src, root)
	if errors.Is(err, ErrNoModule) {
		return nil
	}
	return err
}

// reader fills a Content.
type reader struct {
	blobs   *blobs
	module  string // the name of the module that is asked for, or ""
	configs map[digest.Digest]*config
	bytes   int64 // of the configs that were asked for
	content *Content
}

// image reads the module out of one manifest.
func (r *reader) image(ctx context.Context, d *document) error {
	c, err := r.config(ctx, d)
	if err != nil {
		return err
	}
	r.content.Config = c.Config
	if d.Config.MediaType == runtimeConfigType {
		if r.content.Runtime, err = r.runtime(ctx, d); err != nil {
			return err
		}
	}
	if raw := rawModules(d); len(raw) > 0 {
		return r.artifact(ctx, d, raw)
	}
	return r.rootfs(ctx, d, c)
}
