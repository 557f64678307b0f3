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

// read returns what has a name at the source.
func (c *carrier) read(ctx context.Context, name string) (*manifestNode, error) {
	if c.index != nil {
		n, err := readNamed(ctx, c.from, c.index, name)
		return n, localError("fetch", name, err)
	}
	return c.from.read(ctx, name)
}

// tagged brings the manifest behind a tag of cosign's scheme.
func (c *carrier) tagged(ctx context.Context, src, dst Subject, suffix string) error {
	n, err := c.read(ctx, src.tag(suffix))
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
	d.ArtifactType = "" // no part of what is fetched and pushed
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
		r := &evidenceReader{Subject: src, target: c.from, index: c.index, limit: c.options.Concurrency, skipped: map[SkipReason]int{}}
		all, err := r.candidates(ctx)
		for _, s := range r.reasons() {
			if s.Reason != SkipOther {
				c.count(func(r *Carried) { r.Left += s.Count })
			}
		}
		return all, err
	}
	return listAll(ctx, src, c.from, c.index)
}

// thereAlready are the referrers at the destination. What is beyond the end of a
// long list is written again, which changes nothing.
func (c *carrier) thereAlready(ctx context.Context, dst Subject) (map[digest.Digest]bool, error) {
	all, err := listAll(ctx, dst, c.to, nil)
	if errors.Is(err, errManyReferrers) {
		err = nil
	}
	there := map[digest.Digest]bool{}
	for _, d := range all {
		there[d.Digest] = true
	}
	return there, err
}

// listAll lists the referrers of every type; index is that of a layout, when it
// has been read.
func listAll(ctx context.Context, s Subject, t mergeTarget, index *layoutIndex) ([]ocispec.Descriptor, error) {
	var all []ocispec.Descriptor
	add := func(list []ocispec.Descriptor) error {
		for _, d := range list {
			if position(all, d.Digest) >= 0 || !isManifest(d.MediaType) {
				continue
			}
			if len(all) == maxReferrers {
				return errManyReferrers
			}
			all = append(all, bare(d))
		}
		return nil
	}
	remote, ok := t.(*remoteTarget)
	if !ok {
		r := &evidenceReader{Subject: s, target: t, index: index, skipped: map[SkipReason]int{}}
		_, err := r.list(ctx, add)
		return all, localError("list referrers", s.Descriptor.Digest.String(), err)
	}
	cut, err := remote.listReferrers(ctx, s.Descriptor, "", add)
	if err == nil && cut {
		err = errManyReferrers
	}
	return all, remoteError(ctx, "list referrers", remote.name(s.Descriptor.Digest.String()), err)
}
