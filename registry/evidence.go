package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/evidence"
)

// EvidenceOptions say what [ReadEvidence] looks for; the zero value looks for
// everything.
type EvidenceOptions struct {
	// Forms are those that are wanted; none means all.
	Forms []evidence.Form
	// Concurrency is how many pieces are fetched at once; 0 means 4.
	Concurrency int
}

func (o EvidenceOptions) wants(f evidence.Form) bool {
	return len(o.Forms) == 0 || slices.Contains(o.Forms, f)
}

// Evidence is what lies beside an artifact. Nothing of it is verified.
type Evidence struct {
	Pieces []evidence.Piece
	// Skipped tells what was there and was not read, each reason once.
	Skipped []Skipped
}

// Count is how many pieces were skipped that may have been signatures or
// attestations: all but those of another type.
func (e Evidence) Count() int {
	n := 0
	for _, s := range e.Skipped {
		if s.Reason != SkipOther {
			n += s.Count
		}
	}
	return n
}

// Skipped counts pieces that were not read.
type Skipped struct {
	Reason SkipReason `json:"reason"`
	Count  int        `json:"count"`
}

// SkipReason is why something was not read.
type SkipReason string

// The reasons.
const (
	SkipOther    SkipReason = "of another type"        // other referrers, other layers
	SkipLarge    SkipReason = "too large"              // more than evidence.MaxContent
	SkipMany     SkipReason = "too many"               // more than are read, in number or in bytes
	SkipUnusable SkipReason = "damaged or not there"   // other bytes, no manifest, of another subject
	SkipUnlisted SkipReason = "beyond the end of list" // the registry's list is longer than is read; the count is unknown, and 1
)

// The bounds of what is read about one artifact: from anybody who can write to
// the repository, before anything is known about it.
const (
	maxBundles   = 64
	maxLayers    = 128
	maxFormBytes = 10 << 20 // in each form, so that one cannot crowd out another
)

// ReadEvidence reads what lies beside an artifact, in the order in which it was
// attached. It reads bounded amounts of it, never more than about 30 MiB, in
// which a flood of junk referrers does not hide a bundle that has its own type,
// and it decompresses nothing.
//
// No evidence is not an error. A registry that fails, refuses or does not answer
// is: what could not be looked for is not missing.
func ReadEvidence(ctx context.Context, s Subject, o EvidenceOptions) (Evidence, error) {
	t, err := merging(s.Target)
	if err != nil {
		return Evidence{}, err
	}
	if err := checkDescriptor(s.Descriptor); err != nil {
		return Evidence{}, err
	}
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	r := &evidenceReader{Subject: s, target: t, limit: o.Concurrency, skipped: map[SkipReason]int{}}
	var signatures, attestations, bundles []evidence.Piece
	group, gctx := errgroup.WithContext(ctx)
	find := func(f evidence.Form, into *[]evidence.Piece, read func(context.Context) ([]evidence.Piece, error)) {
		if !o.wants(f) {
			return
		}
		group.Go(func() (err error) {
			*into, err = read(gctx)
			return err
		})
	}
	find(evidence.SimpleSigning, &signatures, func(ctx context.Context) ([]evidence.Piece, error) {
		return r.layers(ctx, evidence.SimpleSigning, suffixSignatures, evidence.MediaTypeSimpleSigning)
	})
	find(evidence.Envelope, &attestations, func(ctx context.Context) ([]evidence.Piece, error) {
		return r.layers(ctx, evidence.Envelope, suffixAttestations, evidence.MediaTypeEnvelope)
	})
	find(evidence.Bundle, &bundles, r.bundles)
	if err := group.Wait(); err != nil {
		return Evidence{}, err
	}
	return Evidence{Pieces: slices.Concat(signatures, attestations, bundles), Skipped: r.reasons()}, nil
}

// evidenceReader is one call of ReadEvidence.
type evidenceReader struct {
	Subject
	target mergeTarget
	index  *layoutIndex // of a layout, when it has been read already
	limit  int

	mu      sync.Mutex
	skipped map[SkipReason]int
}

func (r *evidenceReader) skip(reason SkipReason, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped[reason] += n
}

// reasons lists what was skipped in a fixed order.
func (r *evidenceReader) reasons() []Skipped {
	var all []Skipped
	for _, reason := range []SkipReason{SkipOther, SkipLarge, SkipMany, SkipUnusable, SkipUnlisted} {
		if n := r.skipped[reason]; n > 0 {
			all = append(all, Skipped{reason, n})
		}
	}
	return all
}

// layers reads the manifest behind a tag of cosign's scheme.
func (r *evidenceReader) layers(ctx context.Context, form evidence.Form, suffix, mediaType string) ([]evidence.Piece, error) {
	n, err := r.target.read(ctx, r.tag(suffix))
	if errors.Is(err, ErrCorrupt) {
		r.skip(SkipUnusable, 1)
		return nil, nil
	}
	if n == nil || err != nil {
		return nil, err
	}
	m, err := parseSignatures(*n)
	if err != nil {
		r.skip(SkipUnusable, 1)
		return nil, nil //nolint:nilerr // anything can lie there
	}
	var wanted []ocispec.Descriptor
	for _, d := range m.Layers {
		if d.MediaType == mediaType {
			wanted = append(wanted, d)
		} else {
			r.skip(SkipOther, 1)
		}
	}
	wanted = r.bounded(wanted, maxLayers)
	pieces := make([]evidence.Piece, len(wanted))
	for i, d := range wanted {
		pieces[i] = evidence.Piece{Form: form, MediaType: d.MediaType, Annotations: d.Annotations, Manifest: n.desc.Digest}
	}
	return r.fetchAll(ctx, pieces, wanted)
}

// bounded leaves out what is too large or too much. The first stay: what was
// there before a flood.
func (r *evidenceReader) bounded(all []ocispec.Descriptor, most int) []ocispec.Descriptor {
	var kept []ocispec.Descriptor
	var sum int64
	for _, d := range all {
		switch {
		case d.Size > evidence.MaxContent:
			r.skip(SkipLarge, 1)
		case len(kept) == most, sum+d.Size > maxFormBytes:
			r.skip(SkipMany, 1)
		default:
			sum += d.Size
			kept = append(kept, d)
		}
	}
	return kept
}

// fetchAll fills the content of pieces in, and leaves out those without.
func (r *evidenceReader) fetchAll(ctx context.Context, pieces []evidence.Piece, from []ocispec.Descriptor) ([]evidence.Piece, error) {
	indexes := make([]int, len(pieces))
	for i := range indexes {
		indexes[i] = i
	}
	err := parallel(ctx, r.limit, indexes, func(ctx context.Context, i int) (err error) {
		pieces[i].Content, err = r.fetch(ctx, from[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pieces, func(p evidence.Piece) bool { return p.Content == nil }), nil
}

// fetch reads a small blob as it is; nil when it is damaged or gone.
func (r *evidenceReader) fetch(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	raw, err := r.readBlob(ctx, d)
	if errors.Is(err, ErrCorrupt) || isMissing(err) {
		r.skip(SkipUnusable, 1)
		return nil, nil
	}
	return raw, err
}

func (r *evidenceReader) readBlob(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > evidence.MaxContent {
		return nil, corrupt(d, fmt.Errorf("%d bytes, at most %d are read", d.Size, evidence.MaxContent))
	}
	rc, err := r.target.Fetch(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw := make([]byte, d.Size)
	if _, err := io.ReadFull(rc, raw); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(rc, make([]byte, 1)) // the end is where the digest is checked
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return raw, nil
}
