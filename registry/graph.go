package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Docker's names for what OCI calls image manifest and image index.
const (
	dockerManifest     = "application/vnd.docker.distribution.manifest.v2+json"
	dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
)

const (
	// maxManifestSize is the limit that the distribution specification asks
	// every registry to support; none accepts more in practice.
	maxManifestSize = 4 << 20
	// maxManifests and maxDepth bound the graph behind one reference.
	maxManifests = 4096
	maxDepth     = 8
)

func isIndex(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageIndex || mediaType == dockerManifestList
}

func isManifest(mediaType string) bool {
	return isIndex(mediaType) || mediaType == ocispec.MediaTypeImageManifest || mediaType == dockerManifest
}

// fetcher is the half of a Source that walking needs.
type fetcher interface {
	Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error)
}

// readManifest returns the verified bytes of a manifest or index.
func readManifest(ctx context.Context, src fetcher, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > maxManifestSize {
		return nil, corrupt(d, fmt.Errorf("a manifest of %d bytes, at most %d are possible", d.Size, maxManifestSize))
	}
	rc, err := src.Fetch(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

// children returns what a manifest or index refers to. Its subject is not a
// child: a signature can be copied without the signed artifact. Neither are
// layers that only their own URL serves, which no registry is meant to hold.
func children(d ocispec.Descriptor, raw []byte) ([]ocispec.Descriptor, error) {
	var m struct {
		Manifests []ocispec.Descriptor `json:"manifests"`
		Config    *ocispec.Descriptor  `json:"config"`
		Layers    []ocispec.Descriptor `json:"layers"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, corrupt(d, fmt.Errorf("not a manifest: %w", err))
	}
	all := m.Manifests
	if !isIndex(d.MediaType) {
		all = m.Layers
		if m.Config != nil {
			all = append(all, *m.Config)
		}
	}
	all = slices.DeleteFunc(all, func(c ocispec.Descriptor) bool { return len(c.URLs) > 0 })
	for _, c := range all {
		if err := checkDescriptor(c); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// manifestNode is a manifest with its bytes.
type manifestNode struct {
	desc ocispec.Descriptor
	raw  []byte
}

// graph is everything behind one root, each digest once.
type graph struct {
	// levels holds the manifests: the root is alone in the first level, and what
	// a manifest refers to is in a later one.
	levels [][]manifestNode
	// blobs are configs, layers and whatever else is no manifest.
	blobs []ocispec.Descriptor
}

// walk reads the graph behind root. A child for which missing returns true is
// left out; nil lets no child be missing.
func walk(ctx context.Context, src fetcher, root ocispec.Descriptor, missing func(error) bool) (*graph, error) {
	if err := checkDescriptor(root); err != nil {
		return nil, err
	}
	w := walker{src: src, missing: missing, depth: map[digest.Digest]int{}, seen: map[digest.Digest]bool{}}
	if err := w.visit(ctx, root, 0); err != nil {
		return nil, err
	}
	return w.graph(), nil
}

// walker collects manifests with the deepest level at which each was met, so
// that a manifest shared by two indexes still comes after both.
type walker struct {
	src     fetcher
	missing func(error) bool
	nodes   []manifestNode
	kids    [][]ocispec.Descriptor
	depth   map[digest.Digest]int
	seen    map[digest.Digest]bool
	blobs   []ocispec.Descriptor
}

func (w *walker) visit(ctx context.Context, d ocispec.Descriptor, depth int) error {
	if !isManifest(d.MediaType) {
		if !w.seen[d.Digest] {
			w.seen[d.Digest] = true
			w.blobs = append(w.blobs, d)
		}
		return nil
	}
	if depth > maxDepth {
		return corrupt(d, fmt.Errorf("indexes are nested deeper than %d", maxDepth))
	}
	if known, ok := w.depth[d.Digest]; ok && known >= depth {
		return nil
	}
	kids, err := w.load(ctx, d)
	if err != nil {
		return err
	}
	w.depth[d.Digest] = depth
	for _, kid := range kids {
		if err := w.visit(ctx, kid, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// load reads a manifest the first time it is met, and remembers its children.
func (w *walker) load(ctx context.Context, d ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if i := slices.IndexFunc(w.nodes, func(n manifestNode) bool { return n.desc.Digest == d.Digest }); i >= 0 {
		return w.kids[i], nil
	}
	if len(w.nodes) == maxManifests {
		return nil, corrupt(d, fmt.Errorf("more than %d manifests", maxManifests))
	}
	raw, err := readManifest(ctx, w.src, d)
	if err != nil {
		if w.missing != nil && w.missing(err) {
			return nil, nil
		}
		return nil, err
	}
	kids, err := children(d, raw)
	if err != nil {
		return nil, err
	}
	w.nodes = append(w.nodes, manifestNode{d, raw})
	w.kids = append(w.kids, kids)
	return kids, nil
}

func (w *walker) graph() *graph {
	g := &graph{blobs: w.blobs}
	for _, n := range w.nodes {
		depth := w.depth[n.desc.Digest]
		for len(g.levels) <= depth {
			g.levels = append(g.levels, nil)
		}
		g.levels[depth] = append(g.levels[depth], n)
	}
	return g
}

// all yields every descriptor of the graph, those of the manifests included.
func (g *graph) all() iter.Seq[ocispec.Descriptor] {
	return func(yield func(ocispec.Descriptor) bool) {
		for _, level := range g.levels {
			for _, n := range level {
				if !yield(n.desc) {
					return
				}
			}
		}
		for _, d := range g.blobs {
			if !yield(d) {
				return
			}
		}
	}
}
