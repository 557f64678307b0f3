package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/durable"
)

// blob is content with its descriptor.
type blob struct {
	desc ocispec.Descriptor
	raw  []byte
}

// change is what a name shall stand for next: a manifest, and blobs that come
// with it.
type change struct {
	manifest manifestNode
	blobs    []blob
}

func node(mediaType string, raw []byte) manifestNode {
	return manifestNode{ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}, raw}
}

func (c *change) check() error {
	if c.manifest.desc.Size > maxManifestSize {
		return &Error{Op: "attach", Ref: "manifest", Kind: ErrTooLarge, Err: fmt.Errorf("%d bytes, at most %d are possible", c.manifest.desc.Size, maxManifestSize)}
	}
	return nil
}

// A merge makes of what a name stands for what it shall stand for: nil when
// there is nothing to change. old is nil for a name that stands for nothing. It
// is called again whenever somebody else was faster.
type merge func(old *manifestNode) (*change, error)

// mergeTarget is a target in which what a name stands for can be changed while
// others do the same, and nothing is lost.
type mergeTarget interface {
	Target
	// read returns the manifest behind exactly this name, nil for none.
	read(ctx context.Context, name string) (*manifestNode, error)
	update(ctx context.Context, name string, m merge, o RetryOptions) error
}

// merging returns a target as one in which names can be merged; all of
// [Open] and [OpenStore] are.
func merging(t Target) (mergeTarget, error) {
	if m, ok := t.(mergeTarget); ok {
		return m, nil
	}
	return nil, fmt.Errorf("%T is not a target of this package", t)
}

func pushAll(ctx context.Context, t Target, blobs []blob) error {
	for _, b := range blobs {
		if err := t.Push(ctx, b.desc, bytes.NewReader(b.raw)); err != nil {
			return err
		}
	}
	return nil
}

// The bounds of an update in a registry. minSettle is longer than another writer
// on a fast network takes from reading to writing.
const (
	updateAttempts = 40
	minSettle      = 100 * time.Millisecond
	maxSettle      = 2 * time.Second
)

var errOverwritten = errors.New("other writers keep overwriting it")

// update implements [mergeTarget]. Registries cannot compare and swap, so a tag
// is read, changed and written under a lock on this machine, and read again after
// a while: when somebody on another machine wrote in between, what is lost is
// merged again. While others write, it is looked at a few times more.
func (t *remoteTarget) update(ctx context.Context, name string, m merge, o RetryOptions) error {
	if o.Attempts == 0 {
		o.Attempts = updateAttempts
	}
	ctx = contended(ctx)
	var wait time.Duration // after the last write
	var last digest.Digest
	for attempt, looks := 0, 0; attempt < o.Attempts; attempt++ {
		step, err := t.updateOnce(ctx, name, m)
		switch {
		case err != nil:
			return err
		case step.wrote:
			wait = settle(step.took, attempt)
		case attempt == 0, step.digest == last, looks == maxLooks, attempt+1 == o.Attempts:
			return nil // it was there, or has stayed
		default:
			looks++ // it has stayed so far, but somebody is writing
		}
		last = step.digest
		if err := sleep(ctx, wait); err != nil {
			return remoteError(ctx, "tag", t.name(name), err)
		}
	}
	return &Error{Op: "tag", Ref: t.name(name), Kind: ErrServer, Err: errOverwritten}
}

// maxLooks bounds how often a tag is looked at that only others change.
const maxLooks = 3

// settle is how long to wait before looking whether a change has lasted: longer
// than others who had read the tag before need to write it, which is about as
// long as it took here. Who has lost waits longer each time, so that writers on
// several machines come apart.
func settle(took time.Duration, attempt int) time.Duration {
	base := min(max(2*took, minSettle), maxSettle)
	return RetryOptions{MinWait: base, MaxWait: 2 * maxSettle}.backoff(min(attempt, 4)) + base
}

// updateStep is one look at a tag.
type updateStep struct {
	wrote  bool
	took   time.Duration // from before reading to after writing
	digest digest.Digest // of what the tag stands for now
}

func (t *remoteTarget) updateOnce(ctx context.Context, name string, m merge) (step updateStep, err error) {
	release, err := t.lock(ctx, name)
	if err != nil {
		return step, err
	}
	defer release()
	start := time.Now()
	old, err := t.read(ctx, name)
	if err != nil {
		return step, err
	}
	if old != nil {
		step.digest = old.desc.Digest
	}
	next, err := m(old)
	if err != nil || next == nil {
		return step, err
	}
	if err := pushAll(ctx, t, next.blobs); err != nil {
		return step, err
	}
	err = t.putManifest(ctx, next.manifest.desc, next.manifest.raw, name)
	return updateStep{true, time.Since(start), next.manifest.desc.Digest}, err
}

// update implements [mergeTarget]: the lock of the index lets one writer in at a
// time.
func (s *Store) update(ctx context.Context, name string, m merge, _ RetryOptions) error {
	release, err := s.beginWrite(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = s.changeIndex(ctx, func(x *layoutIndex) error {
		if err := mergeIn(ctx, s, x, name, m); err != nil {
			return err
		}
		return durable.SyncDir(s.path(blobsFolder, digest.Canonical.String())) // before the name, as in Tag
	})
	if errors.Is(err, errNoChange) {
		return nil
	}
	return s.fail("tag", s.label(name), err)
}

// update implements [mergeTarget].
func (a *archive) update(ctx context.Context, name string, m merge, _ RetryOptions) error {
	a.updates.Lock()
	defer a.updates.Unlock()
	a.mu.Lock()
	x := a.index.clone()
	a.mu.Unlock()
	err := mergeIn(ctx, a, x, name, m)
	if errors.Is(err, errNoChange) {
		return nil
	}
	if err != nil {
		return localError("tag", a.label(name), err)
	}
	d, _ := x.named(name)
	return a.Tag(ctx, d, name)
}

// errNoChange keeps an index from being written as it was.
var errNoChange = errors.New("nothing to change")

// mergeIn changes what a name of an index stands for.
func mergeIn(ctx context.Context, t Target, x *layoutIndex, name string, m merge) error {
	old, err := readNamed(ctx, t, x, name)
	if err != nil {
		return err
	}
	next, err := m(old)
	if err != nil {
		return err
	}
	if next == nil {
		return errNoChange
	}
	if err := pushAll(ctx, t, next.blobs); err != nil {
		return err
	}
	if err := t.Push(ctx, next.manifest.desc, bytes.NewReader(next.manifest.raw)); err != nil {
		return err
	}
	x.set(next.manifest.desc, name)
	return nil
}

func readNamed(ctx context.Context, src fetcher, x *layoutIndex, name string) (*manifestNode, error) {
	d, ok := x.named(name)
	if !ok {
		return nil, nil
	}
	raw, err := readManifest(ctx, src, d)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &manifestNode{d, raw}, nil
}

// read implements [mergeTarget].
func (s *Store) read(ctx context.Context, name string) (*manifestNode, error) {
	x, err := s.readIndex(ctx)
	if err != nil {
		return nil, s.fail("resolve", s.label(name), err)
	}
	n, err := readNamed(ctx, s, x, name)
	return n, s.fail("fetch", s.label(name), err)
}

// read implements [mergeTarget].
func (a *archive) read(ctx context.Context, name string) (*manifestNode, error) {
	a.mu.Lock()
	x := a.index.clone()
	a.mu.Unlock()
	n, err := readNamed(ctx, a, x, name)
	return n, localError("fetch", a.label(name), err)
}
