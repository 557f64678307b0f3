package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/pack"
)

// defaultConcurrency is how many blobs travel at once.
const defaultConcurrency = 4

// CopyOptions tune a [Copy]; the zero value is right for most.
type CopyOptions struct {
	// Concurrency is how many blobs travel at once; 0 means 4.
	Concurrency int
	// Retry bounds the attempts for each blob, whose upload cannot be repeated
	// by the HTTP client alone.
	Retry RetryOptions
	// Event is told about every blob and manifest; nil is fine.
	Event func(Event)
	// MaxBlob is the largest config or layer, in bytes, that is copied; a larger
	// one is a [*SizeError] before anything travels. 0 means no limit.
	MaxBlob int64
	// Check looks at what a folder or archive has been given, before it has a
	// name there: an error leaves it without one, and frees it in a folder. nil
	// is fine.
	Check func(ctx context.Context, src pack.Source, root ocispec.Descriptor) error
	// BeforeTag is called when a registry has all but the root's name, which it
	// does not get after an error. nil is fine.
	BeforeTag func(ctx context.Context, root ocispec.Descriptor) error
}

// Result says what a [Copy] did. Copied, Skipped and Mounted count blobs and
// manifests.
type Result struct {
	Descriptor ocispec.Descriptor `json:"descriptor"`
	Copied     int                `json:"copied"`
	// Skipped were in the target already.
	Skipped int `json:"skipped"`
	// Mounted were taken from another repository of the same registry.
	Mounted int `json:"mounted"`
	// Bytes is the size of what was copied.
	Bytes int64 `json:"bytes"`
	// Unchanged means that the target's name already stood for this digest.
	Unchanged bool `json:"unchanged"`
}

// Copy copies an artifact with everything it refers to and then names it, in
// this order, so that a name never stands for something incomplete. The
// references are those that the targets understand; an empty dstRef leaves the
// copy without a name (in a registry) or calls it latest (elsewhere).
//
// A name that already stands for the same digest costs one request.
func Copy(ctx context.Context, src Source, srcRef string, dst Target, dstRef string, o CopyOptions) (Result, error) {
	root, err := src.Resolve(ctx, srcRef)
	if err != nil {
		return Result{}, err
	}
	return copyRoot(ctx, src, root, dst, dstRef, o)
}

// copyRoot copies what is behind root and gives it the name.
func copyRoot(ctx context.Context, src fetcher, root ocispec.Descriptor, dst Target, name string, o CopyOptions) (Result, error) {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	c := &copier{src: src, dst: dst, options: o, events: &listener{fn: o.Event}, result: Result{Descriptor: root}}
	if want, err := digest.Parse(name); err == nil {
		if want != root.Digest {
			return Result{}, &Error{Op: "copy", Ref: name, Kind: ErrCorrupt, Err: fmt.Errorf("the source has digest %s", root.Digest)}
		}
	} else {
		c.tag = name
	}
	if name != "" {
		same, err := c.unchanged(ctx, name)
		if same || err != nil {
			c.result.Unchanged = same
			return c.result, err
		}
	}
	release, err := holdTarget(ctx, dst)
	if err != nil {
		return Result{}, err
	}
	err = c.run(ctx)
	release()
	if store, ok := dst.(*Store); ok && c.refused {
		_, _ = store.free(ctx) // what it cannot free now, the next Remove does
	}
	return c.result, err
}

// writeHolder is a target in which what is written must be protected until it
// has a name.
type writeHolder interface {
	beginWrite(ctx context.Context) (release func(), err error)
}

func holdTarget(ctx context.Context, dst Target) (release func(), err error) {
	if h, ok := dst.(writeHolder); ok {
		return h.beginWrite(ctx)
	}
	return func() {}, nil
}

// copier is one copy in progress.
type copier struct {
	src     fetcher
	dst     Target
	tag     string
	options CopyOptions
	events  *listener
	refused bool // by Check
	// unlisted leaves it to the caller to put manifests on the lists of those that
	// they are about.
	unlisted bool

	mu     sync.Mutex
	result Result
}

// unchanged reports whether the name stands for the root already. A registry
// keeps what is named complete; a folder is looked through, so that copying
// again repairs one which has lost a file.
func (c *copier) unchanged(ctx context.Context, name string) (bool, error) {
	d, err := c.dst.Resolve(ctx, name)
	if isMissing(err) {
		return false, nil
	}
	if err != nil || d.Digest != c.result.Descriptor.Digest {
		return false, err
	}
	if _, remote := c.dst.(*remoteTarget); remote {
		return true, nil
	}
	return isComplete(ctx, c.dst, d)
}

// isComplete reports whether a target has everything behind root.
func isComplete(ctx context.Context, t Target, root ocispec.Descriptor) (bool, error) {
	g, err := walk(ctx, t, root, nil)
	if isMissing(err) || errors.Is(err, ErrCorrupt) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, d := range g.blobs {
		if there, err := t.Exists(ctx, d); !there || err != nil {
			return false, err
		}
	}
	return true, nil
}

// run copies blobs, then manifests from the leaves up, then sets the tag.
func (c *copier) run(ctx context.Context) error {
	root := c.result.Descriptor
	if remote, ok := c.dst.(*remoteTarget); ok {
		there, err := remote.Exists(ctx, root)
		if err != nil {
			return err
		}
		if there {
			return c.tagExisting(ctx)
		}
	}
	g, err := walk(ctx, c.src, root, nil)
	if err != nil {
		return err
	}
	if err := c.below(ctx, g); err != nil || len(g.levels) == 0 { // a lone blob cannot have a name
		return err
	}
	return c.finish(ctx, g.levels[0][0])
}

// below copies everything but the root of a graph.
func (c *copier) below(ctx context.Context, g *graph) error {
	for _, d := range g.blobs {
		if limit := c.options.MaxBlob; limit > 0 && d.Size > limit {
			return &SizeError{Descriptor: d, Limit: limit}
		}
	}
	if err := parallel(ctx, c.options.Concurrency, g.blobs, c.copyBlob); err != nil {
		return err
	}
	for i := len(g.levels) - 1; i >= 1; i-- {
		if err := parallel(ctx, c.options.Concurrency, g.levels[i], c.copyManifest); err != nil {
			return err
		}
	}
	return nil
}

// tagExisting names a root that the registry has under another name.
func (c *copier) tagExisting(ctx context.Context) error {
	root := c.result.Descriptor
	c.skip(root)
	if c.tag == "" {
		return nil
	}
	raw, err := readManifest(ctx, c.src, root)
	if err != nil {
		return err
	}
	return c.pushTagged(ctx, c.dst.(*remoteTarget), root, raw)
}

// pushTagged gives the root its name in a registry, and nobody sees the name
// before.
func (c *copier) pushTagged(ctx context.Context, t *remoteTarget, root ocispec.Descriptor, raw []byte) error {
	if c.options.BeforeTag != nil {
		if err := c.options.BeforeTag(ctx, root); err != nil {
			return err
		}
	}
	return t.pushTagged(ctx, root, raw, c.tag)
}

// finish writes the root and its name.
func (c *copier) finish(ctx context.Context, root manifestNode) error {
	remote, ok := c.dst.(*remoteTarget)
	switch {
	case !ok:
		if err := c.copyManifest(ctx, root); err != nil {
			return err
		}
		if c.options.Check != nil {
			if err := c.options.Check(ctx, c.dst, root.desc); err != nil {
				c.refused = true
				return err
			}
		}
		return c.dst.Tag(ctx, root.desc, c.tag)
	case c.tag == "":
		return c.copyManifest(ctx, root)
	}
	c.events.send(Event{Kind: EventStart, Descriptor: root.desc})
	if err := c.pushTagged(ctx, remote, root.desc, root.raw); err != nil {
		return err
	}
	c.copied(root.desc)
	return nil
}

// copyManifest writes a manifest whose bytes are at hand. In a registry asking
// for it first would cost as much as sending it.
func (c *copier) copyManifest(ctx context.Context, n manifestNode) error {
	remote, isRemote := c.dst.(*remoteTarget)
	if !isRemote {
		if there, err := c.dst.Exists(ctx, n.desc); there || err != nil {
			c.skip(n.desc)
			return err
		}
	}
	c.events.send(Event{Kind: EventStart, Descriptor: n.desc})
	var err error
	if isRemote && c.unlisted {
		err = remote.putManifest(ctx, n.desc, n.raw, n.desc.Digest.String())
	} else {
		err = c.dst.Push(ctx, n.desc, bytes.NewReader(n.raw))
	}
	if err != nil {
		return err
	}
	c.copied(n.desc)
	return nil
}

func (c *copier) copied(d ocispec.Descriptor) {
	c.count(Event{Kind: EventDone, Descriptor: d, Bytes: d.Size}, func(r *Result) { r.Copied++; r.Bytes += d.Size })
}

func (c *copier) mounted(d ocispec.Descriptor) {
	c.count(Event{Kind: EventMounted, Descriptor: d}, func(r *Result) { r.Mounted++ })
}

func (c *copier) skip(d ocispec.Descriptor) {
	c.count(Event{Kind: EventExists, Descriptor: d}, func(r *Result) { r.Skipped++ })
}

func (c *copier) count(e Event, add func(*Result)) {
	c.mu.Lock()
	add(&c.result)
	c.mu.Unlock()
	c.events.send(e)
}

// parallel calls f for each item, at most limit at once, and stops at the first
// error.
func parallel[T any](ctx context.Context, limit int, items []T, f func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for _, item := range items {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, item)
		})
	}
	return group.Wait()
}

// progressReader reports the bytes that pass, every progressStep of them.
type progressReader struct {
	src      io.Reader
	desc     ocispec.Descriptor
	events   *listener
	read     atomic.Int64 // net/http may still read when it has returned
	reported int64
}

const progressStep = 256 << 10

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.src.Read(b)
	read := p.read.Add(int64(n))
	if read-p.reported >= progressStep {
		p.reported = read
		p.events.send(Event{Kind: EventProgress, Descriptor: p.desc, Bytes: read})
	}
	return n, err
}
