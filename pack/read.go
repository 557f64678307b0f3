package pack

import (
	"context"
	"encoding/json"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
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
	blobs := newBlobs(src)
	g := &graph{blobs: blobs, docs: map[digest.Digest]*document{}}
	images, err := g.images(ctx, []ocispec.Descriptor{root}, 0)
	if err != nil {
		return nil, err
	}
	top := g.docs[root.Digest]
	r := &reader{blobs: blobs, configs: map[digest.Digest]*v1.ConfigFile{}, content: &Content{Blobs: countBlobs(images)}}
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

// reader fills a Content.
type reader struct {
	blobs   *blobs
	configs map[digest.Digest]*v1.ConfigFile
	content *Content
}

// image reads the module out of one manifest.
func (r *reader) image(ctx context.Context, d *document) error {
	c, err := r.config(ctx, d)
	if err != nil {
		return err
	}
	r.content.Config = Config{
		Entrypoint: c.Config.Entrypoint, Cmd: c.Config.Cmd, Env: c.Config.Env,
		WorkingDir: c.Config.WorkingDir, Labels: c.Config.Labels,
	}
	if raw := rawModules(d); len(raw) > 0 {
		return r.artifact(ctx, d, raw)
	}
	return r.rootfs(ctx, d, c)
}

// config reads an image's config; that of something else is empty.
func (r *reader) config(ctx context.Context, d *document) (*v1.ConfigFile, error) {
	const cncf = "application/vnd.wasm.config.v0+json"
	if t := types.MediaType(d.Config.MediaType); !t.IsConfig() && t != cncf {
		return &v1.ConfigFile{}, nil
	}
	if c := r.configs[d.Config.Digest]; c != nil {
		return c, nil
	}
	raw, err := r.blobs.get(ctx, *d.Config, "config", maxConfig)
	if err != nil {
		return nil, err
	}
	c := &v1.ConfigFile{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, &InvalidError{What: "config", Digest: d.Config.Digest, Reason: "not JSON of an image config", Err: err}
	}
	r.configs[d.Config.Digest] = c
	return c, nil
}
