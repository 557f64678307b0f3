package registry

import (
	"context"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// CarryOptions tune a [CopyReferrers]; the zero value brings everything.
type CarryOptions struct {
	// Evidence brings only signatures and attestations, of the artifact itself
	// and not of the parts of an index, within the bounds of [ReadEvidence].
	Evidence bool
	// Concurrency is how many things are looked for at once; 0 means 4.
	Concurrency int
	// Attempts are those of [AttachOptions].
	Attempts int
	// Event is told about every blob and manifest; nil is fine.
	Event func(Event)
}

// Carried says what a [CopyReferrers] did, in manifests.
type Carried struct {
	Copied int `json:"copied"`
	// Skipped were there already.
	Skipped int `json:"skipped"`
	// Left were not brought: damaged, or more than Evidence allows.
	Left int `json:"left"`
	// Bytes is the size of what was copied.
	Bytes int64 `json:"bytes"`
}

// CopyReferrers brings what is about an artifact to where a [Copy] has brought
// the artifact: its referrers and the tags of cosign's scheme, those of the parts
// of an index, and what is about any of these in turn. Digests are kept, except
// that of signatures behind a tag where the destination has others already: there
// they are joined. It works in any direction, between places that list referrers
// by an API and places that do so by a tag.
//
// Nothing is verified. Who relies on the signatures reads them again, from the
// destination.
func CopyReferrers(ctx context.Context, src, dst Subject, o CarryOptions) (Carried, error) {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	from, err := merging(src.Target)
	if err != nil {
		return Carried{}, err
	}
	to, err := merging(dst.Target)
	if err != nil {
		return Carried{}, err
	}
	c := &carrier{from: from, to: to, fromName: src.Name, toName: dst.Name, options: o, events: &listener{fn: o.Event}, seen: map[digest.Digest]bool{}}
	defer c.release()
	if store, ok := from.(*Store); ok {
		if c.index, err = store.readIndex(ctx); err != nil {
			return Carried{}, store.fail("list referrers", store.dir, err)
		}
	}
	level, err := c.parts(ctx, src.Descriptor)
	for depth := 0; err == nil && len(level) > 0; depth++ {
		if depth > maxDepth || len(c.seen) > maxManifests {
			return c.result, &Error{Op: "copy", Ref: "referrers of " + src.Descriptor.Digest.String(), Kind: ErrCorrupt, Err: errManyReferrers}
		}
		level, err = c.level(ctx, level)
	}
	return c.result, err
}

// carrier is one call of CopyReferrers.
type carrier struct {
	from, to         mergeTarget
	fromName, toName string
	options          CarryOptions
	events           *listener
	// index is that of a layout at the source, read once for all.
	index *layoutIndex

	mu     sync.Mutex
	held   func()                 // see hold
	seen   map[digest.Digest]bool // manifests about which has been asked
	next   []ocispec.Descriptor
	result Carried
}

// hold keeps what is written to a store from being freed, from the first write on:
// a place that gets nothing is not touched.
func (c *carrier) hold(ctx context.Context) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held, err = holdTarget(ctx, c.to)
	}
	return err
}

func (c *carrier) release() {
	if c.held != nil {
		c.held()
	}
}

// parts are the manifests that the artifact consists of.
func (c *carrier) parts(ctx context.Context, root ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	c.seen[root.Digest] = true
	if c.options.Evidence || !isIndex(root.MediaType) {
		return []ocispec.Descriptor{root}, nil
	}
	g, err := walk(ctx, c.from, root, nil)
	if err != nil {
		return nil, err
	}
	var all []ocispec.Descriptor
	for _, level := range g.levels {
		for _, n := range level {
			c.seen[n.desc.Digest] = true
			all = append(all, n.desc)
		}
	}
	return all, nil
}

// level brings what is about the subjects, and returns what that is: it may be
// signed in turn.
func (c *carrier) level(ctx context.Context, subjects []ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	c.next = nil
	if err := parallel(ctx, c.options.Concurrency, subjects, c.subject); err != nil {
		return nil, err
	}
	if c.options.Evidence {
		return nil, nil
	}
	return c.next, nil
}

// follow notes manifests that something may be about.
func (c *carrier) follow(g *graph) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, level := range g.levels {
		for _, n := range level {
			if !c.seen[n.desc.Digest] {
				c.seen[n.desc.Digest] = true
				c.next = append(c.next, n.desc)
			}
		}
	}
}

func (c *carrier) count(f func(*Carried)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.result)
}

func (c *carrier) left() { c.count(func(r *Carried) { r.Left++ }) }

// subject brings what is about one manifest.
func (c *carrier) subject(ctx context.Context, d ocispec.Descriptor) error {
	src := Subject{Target: c.from, Descriptor: d, Name: c.fromName}
	dst := Subject{Target: c.to, Descriptor: d, Name: c.toName}
	suffixes := cosignSuffixes()
	if c.options.Evidence {
		suffixes = suffixes[:2]
	}
	works := []func(context.Context) error{func(ctx context.Context) error { return c.referrers(ctx, src, dst) }}
	for _, suffix := range suffixes {
		works = append(works, func(ctx context.Context) error { return c.tagged(ctx, src, dst, suffix) })
	}
	return parallel(ctx, len(works), works, func(ctx context.Context, f func(context.Context) error) error { return f(ctx) })
}
