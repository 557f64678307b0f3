package registry

import (
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// bundles reads the referrers that are Sigstore bundles.
func (r *evidenceReader) bundles(ctx context.Context) ([]evidence.Piece, error) {
	candidates, err := r.candidates(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]*bundleManifest, len(candidates))
	indexes := make([]int, len(candidates))
	for i := range indexes {
		indexes[i] = i
	}
	err = parallel(ctx, r.limit, indexes, func(ctx context.Context, i int) (err error) {
		found[i], err = r.bundleManifest(ctx, candidates[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(m *bundleManifest) bool { return m == nil })
	var pieces []evidence.Piece
	var layers []ocispec.Descriptor
	var sum int64
	for _, m := range found {
		if sum+m.layer.Size > maxFormBytes {
			r.skip(SkipMany, 1)
			continue
		}
		sum += m.layer.Size
		layers = append(layers, m.layer)
		pieces = append(pieces, evidence.Piece{Form: evidence.Bundle, MediaType: m.layer.MediaType, Annotations: m.annotations, Manifest: m.digest})
	}
	return r.fetchAll(ctx, pieces, layers)
}

// candidates lists the referrers that are bundles, or may be: some registries
// give the type of the config as that of the artifact, or none. Those come last,
// so that they do not crowd out what has its own type.
func (r *evidenceReader) candidates(ctx context.Context) ([]ocispec.Descriptor, error) {
	var sure, maybe []ocispec.Descriptor
	seen := map[digest.Digest]bool{}
	cut, err := r.list(ctx, func(list []ocispec.Descriptor) error {
		for _, d := range list {
			d = bare(d)
			switch {
			case d.ArtifactType != evidence.MediaTypeBundle && d.ArtifactType != ocispec.MediaTypeEmptyJSON && d.ArtifactType != "",
				d.MediaType != ocispec.MediaTypeImageManifest:
				r.skip(SkipOther, 1)
			case d.Size > maxBundleManifest:
				r.skip(SkipLarge, 1)
			case len(seen) > maxListed:
				r.skip(SkipMany, 1)
			case seen[d.Digest]:
			case d.ArtifactType == evidence.MediaTypeBundle:
				seen[d.Digest] = true
				sure = append(sure, d)
			default:
				seen[d.Digest] = true
				maybe = append(maybe, d)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if cut {
		r.skip(SkipUnlisted, 1)
	}
	all := slices.Concat(sure, maybe)
	if len(all) > maxBundles {
		r.skip(SkipMany, len(all)-maxBundles)
		all = all[:maxBundles]
	}
	return all, nil
}

// bare is an entry of a list without annotations, which may be large and are not
// believed: the manifest has its own.
func bare(d ocispec.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: d.MediaType, ArtifactType: d.ArtifactType, Digest: d.Digest, Size: d.Size}
}

const (
	// maxBundleManifest is far more than a manifest of one layer needs.
	maxBundleManifest = 64 << 10
	// maxListed bounds what is remembered of a list before it is cut to
	// maxBundles.
	maxListed = 4096
)

// list gives the referrers of the subject in whatever way the target has them.
func (r *evidenceReader) list(ctx context.Context, f page) (cut bool, err error) {
	if r.index != nil {
		return false, r.listIn(ctx, r.index, f)
	}
	switch t := r.target.(type) {
	case *remoteTarget:
		cut, err = t.listReferrers(ctx, r.Descriptor, evidence.MediaTypeBundle, f)
		return cut, remoteError(ctx, "list referrers", t.name(r.Descriptor.Digest.String()), err)
	case *Store:
		x, err := t.readIndex(ctx)
		if err != nil {
			return false, t.fail("list referrers", r.Descriptor.Digest.String(), err)
		}
		return false, r.listIn(ctx, x, f)
	case *archive:
		t.mu.Lock()
		x := t.index.clone()
		t.mu.Unlock()
		return false, r.listIn(ctx, x, f)
	}
	return false, nil
}

// listIn gives what the fallback tag names, and what other tools have put into
// the layout in other ways. The names of the local store are all artifacts.
func (r *evidenceReader) listIn(ctx context.Context, x *layoutIndex, f page) error {
	n, err := readNamed(ctx, r.target, x, r.tag(suffixReferrers))
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	}
	list, _, err := parseFallback(n, r.Descriptor)
	if err != nil {
		r.skip(SkipUnusable, 1)
	}
	entries := list.Manifests
	for _, d := range x.Manifests {
		if nameOf(d) != "" && r.Name != "" || d.Digest == r.Descriptor.Digest || !isManifest(d.MediaType) {
			continue
		}
		raw, err := readManifest(ctx, r.target, d)
		if err != nil {
			continue // not this question's business
		}
		if entry, subject, ok := referrerEntry(manifestNode{d, raw}); ok && subject.Digest == r.Descriptor.Digest {
			entries = append(entries, entry)
		}
	}
	return f(entries)
}

// bundleManifest is what a bundle's manifest says of it.
type bundleManifest struct {
	digest      digest.Digest
	layer       ocispec.Descriptor
	annotations map[string]string
}

// bundleManifest reads a manifest and checks that it is that of a bundle about
// the subject, whatever the list says; nil when it is not.
func (r *evidenceReader) bundleManifest(ctx context.Context, d ocispec.Descriptor) (*bundleManifest, error) {
	raw, err := r.fetch(ctx, d)
	if raw == nil || err != nil {
		return nil, err
	}
	m, reason := parseBundleManifest(manifestNode{d, raw}, r.Descriptor.Digest)
	if reason != "" {
		r.skip(reason, 1)
		return nil, nil
	}
	return m, nil
}

// parseBundleManifest reads the manifest of a bundle: one layer, of which media
// type and size are checked before it is fetched.
// https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
func parseBundleManifest(n manifestNode, subject digest.Digest) (*bundleManifest, SkipReason) {
	m, err := parseSignatures(n)
	if err != nil || m.Subject == nil || m.Subject.Digest != subject {
		return nil, SkipUnusable
	}
	if m.ArtifactType != evidence.MediaTypeBundle && m.Config.MediaType != evidence.MediaTypeBundle {
		return nil, SkipOther
	}
	if len(m.Layers) != 1 || m.Layers[0].MediaType != evidence.MediaTypeBundle {
		return nil, SkipOther
	}
	if m.Layers[0].Size > evidence.MaxContent {
		return nil, SkipLarge
	}
	return &bundleManifest{n.desc.Digest, m.Layers[0], m.Annotations}, ""
}
