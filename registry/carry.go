package registry

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
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

// tagged brings the manifest behind a tag of cosign's scheme.
func (c *carrier) tagged(ctx context.Context, src, dst Subject, suffix string) error {
	n, err := c.from.read(ctx, src.tag(suffix))
	if n == nil || err != nil {
		return err
	}
	if !isManifest(n.desc.MediaType) || c.options.Evidence && isIndex(n.desc.MediaType) {
		c.left()
		return nil
	}
	name := dst.tag(suffix)
	m := joinSignatures(*n)
	if suffix == suffixSBOM {
		m = replaceWith(*n)
	}
	old, err := c.to.read(ctx, name)
	if err != nil {
		return err
	}
	next, err := m(old)
	if err != nil {
		return err
	}
	if next == nil && c.options.Evidence {
		c.count(func(r *Carried) { r.Skipped++ })
		return nil
	}
	g, err := walk(ctx, c.from, n.desc, nil)
	if isMissing(err) || errors.Is(err, ErrCorrupt) {
		c.left()
		return nil
	}
	if err != nil {
		return err
	}
	c.follow(g)
	if next == nil {
		c.count(func(r *Carried) { r.Skipped++ })
		return nil
	}
	if done, err := c.content(ctx, g); !done || err != nil {
		return err
	}
	if err := c.to.update(ctx, name, m, RetryOptions{Attempts: c.options.Attempts}); err != nil {
		return err
	}
	c.count(func(r *Carried) { r.Copied++; r.Bytes += n.desc.Size })
	return nil
}

// replaceWith puts one manifest in the place of another.
func replaceWith(n manifestNode) merge {
	return func(old *manifestNode) (*change, error) {
		if old != nil && old.desc.Digest == n.desc.Digest {
			return nil, nil
		}
		return &change{manifest: n}, nil
	}
}

// joinSignatures puts a manifest in the place of one with nothing else, so that
// its digest stays, and adds its signatures to one with others.
func joinSignatures(n manifestNode) merge {
	return func(old *manifestNode) (*change, error) {
		if old == nil {
			return &change{manifest: n}, nil
		}
		m, err := parseSignatures(n)
		if err != nil {
			return replaceWith(n)(old)
		}
		next, err := addSignatures(old, m.Layers)
		if next == nil || err != nil {
			return nil, err
		}
		other, err := parseSignatures(*old)
		if err != nil {
			return nil, err
		}
		if more, err := addSignatures(&n, other.Layers); err == nil && more == nil {
			return &change{manifest: n}, nil
		}
		return next, nil
	}
}

// content copies everything of a graph but its root, and the blobs only when they
// are as small as evidence has to be; done is false when they are not.
func (c *carrier) content(ctx context.Context, g *graph) (done bool, err error) {
	if err := c.hold(ctx); err != nil {
		return false, err
	}
	o := CopyOptions{Concurrency: c.options.Concurrency}
	if c.options.Evidence {
		o.MaxBlob = evidence.MaxContent
	}
	cp := &copier{src: c.from, dst: c.to, options: o, events: c.events, unlisted: true}
	err = cp.below(ctx, g)
	var tooLarge *SizeError
	if errors.As(err, &tooLarge) {
		c.left()
		return false, nil
	}
	c.count(func(r *Carried) { r.Bytes += cp.result.Bytes })
	return err == nil, err
}

// referrers brings what is listed as being about one manifest.
func (c *carrier) referrers(ctx context.Context, src, dst Subject) error {
	found, err := c.listed(ctx, src)
	if len(found) == 0 || err != nil {
		return err
	}
	there, err := c.thereAlready(ctx, dst)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var entries []ocispec.Descriptor
	err = parallel(ctx, c.options.Concurrency, found, func(ctx context.Context, d ocispec.Descriptor) error {
		entry, err := c.referrer(ctx, src, d, there[d.Digest])
		if entry != nil {
			mu.Lock()
			entries = append(entries, *entry)
			mu.Unlock()
		}
		return err
	})
	if err != nil || len(entries) == 0 {
		return err
	}
	// In the order of the source, whichever came first.
	slices.SortFunc(entries, func(a, b ocispec.Descriptor) int { return position(found, a.Digest) - position(found, b.Digest) })
	return listReferrersIn(ctx, dst, c.to, entries, RetryOptions{Attempts: c.options.Attempts})
}

func position(in []ocispec.Descriptor, sum digest.Digest) int {
	return slices.IndexFunc(in, func(d ocispec.Descriptor) bool { return d.Digest == sum })
}

// referrer brings one manifest and returns the entry for the list; nil when there
// is nothing to list.
func (c *carrier) referrer(ctx context.Context, src Subject, d ocispec.Descriptor, there bool) (*ocispec.Descriptor, error) {
	if there && c.options.Evidence { // whatever is about it does not matter
		c.count(func(r *Carried) { r.Skipped++ })
		return nil, nil
	}
	d = ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
	g, err := walk(ctx, c.from, d, nil)
	if isMissing(err) || errors.Is(err, ErrCorrupt) || err == nil && len(g.levels) == 0 {
		c.left() // a list may name anything
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	root := g.levels[0][0]
	entry, subject, ok := referrerEntry(root)
	if !ok || subject.Digest != src.Descriptor.Digest {
		c.left()
		return nil, nil
	}
	if c.options.Evidence {
		if _, reason := parseBundleManifest(root, subject.Digest); reason != "" {
			return nil, nil
		}
	}
	c.follow(g)
	if there {
		c.count(func(r *Carried) { r.Skipped++ })
		return nil, nil
	}
	if done, err := c.content(ctx, g); !done || err != nil {
		return nil, err
	}
	cp := &copier{src: c.from, dst: c.to, events: c.events, unlisted: true}
	if err := cp.copyManifest(ctx, root); err != nil {
		return nil, err
	}
	c.count(func(r *Carried) { r.Copied++; r.Bytes += root.desc.Size })
	return &entry, nil
}

// listed are the referrers at the source, in Evidence those that are bundles.
func (c *carrier) listed(ctx context.Context, src Subject) ([]ocispec.Descriptor, error) {
	if c.options.Evidence {
		r := &evidenceReader{Subject: src, target: c.from, limit: c.options.Concurrency, skipped: map[SkipReason]int{}}
		all, err := r.candidates(ctx)
		for _, s := range r.reasons() {
			if s.Reason != SkipOther {
				c.count(func(r *Carried) { r.Left += s.Count })
			}
		}
		return all, err
	}
	return listAll(ctx, src, c.from)
}

// thereAlready are the referrers at the destination.
func (c *carrier) thereAlready(ctx context.Context, dst Subject) (map[digest.Digest]bool, error) {
	all, err := listAll(ctx, dst, c.to)
	there := map[digest.Digest]bool{}
	for _, d := range all {
		there[d.Digest] = true
	}
	return there, err
}

// listAll lists the referrers of every type.
func listAll(ctx context.Context, s Subject, t mergeTarget) ([]ocispec.Descriptor, error) {
	var all []ocispec.Descriptor
	add := func(list []ocispec.Descriptor) error {
		for _, d := range list {
			if position(all, d.Digest) >= 0 || !isManifest(d.MediaType) {
				continue
			}
			if len(all) == maxReferrers {
				return errManyReferrers
			}
			all = append(all, d)
		}
		return nil
	}
	remote, ok := t.(*remoteTarget)
	if !ok {
		r := &evidenceReader{Subject: s, target: t, skipped: map[SkipReason]int{}}
		_, err := r.list(ctx, add)
		return all, localError("list referrers", s.Descriptor.Digest.String(), err)
	}
	cut, err := remote.listReferrers(ctx, s.Descriptor, "", add)
	if err == nil && cut {
		err = errManyReferrers
	}
	return all, remoteError(ctx, "list referrers", remote.name(s.Descriptor.Digest.String()), err)
}
