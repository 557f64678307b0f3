package pack

import (
	"context"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// graph collects the manifests below a root. A digest that an index names
// twice is fetched once.
type graph struct {
	blobs *blobs
	docs  map[digest.Digest]*document
	bytes int64 // of all manifests that were asked for
	seen  int   // descriptors that were looked at, repeated ones too
}

// images returns the image manifests that ds lead to, in the order of the
// indexes. Each keeps the descriptor by which its index lists it.
func (g *graph) images(ctx context.Context, ds []ocispec.Descriptor, depth int) ([]*document, error) {
	if depth > maxDepth {
		return nil, &LimitError{"the number of nested indexes", maxDepth}
	}
	if g.seen += len(ds); g.seen > maxManifests {
		return nil, &LimitError{"the number of manifests", maxManifests}
	}
	if err := g.load(ctx, ds); err != nil {
		return nil, err
	}
	var all []*document
	for _, d := range ds {
		doc := g.docs[d.Digest]
		if doc.isIndex() {
			below, err := g.images(ctx, known(doc.Manifests), depth+1)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
			continue
		}
		listed := *doc
		listed.desc.Platform, listed.desc.Annotations = d.Platform, d.Annotations
		all = append(all, &listed)
	}
	return all, nil
}

// load fetches what is not there yet, some at a time: a registry takes a round
// trip for each.
func (g *graph) load(ctx context.Context, ds []ocispec.Descriptor) error {
	wanted := map[digest.Digest]ocispec.Descriptor{}
	for _, d := range ds {
		if wanted[d.Digest].Digest == "" && g.docs[d.Digest] == nil {
			wanted[d.Digest] = d
			g.bytes += max(0, d.Size)
		}
		if g.bytes > maxManifestBytes {
			return &LimitError{"the size of all manifests together", maxManifestBytes}
		}
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(parallelFetches)
	var mu sync.Mutex
	for _, d := range wanted {
		eg.Go(func() error {
			raw, err := g.blobs.get(ctx, d, "manifest", maxManifest)
			if err != nil {
				return err
			}
			doc, err := parse(d, raw)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			g.docs[d.Digest] = doc
			return nil
		})
	}
	return eg.Wait()
}

// known leaves out the children of unknown types, as the specification wants it.
func known(ds []ocispec.Descriptor) []ocispec.Descriptor {
	var out []ocispec.Descriptor
	for _, d := range ds {
		if isManifest(types.MediaType(d.MediaType)) {
			out = append(out, d)
		}
	}
	return out
}
