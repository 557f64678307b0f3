package registry

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// maxReferrers bounds what refers to one artifact.
const maxReferrers = 4096

// Referrer is a manifest that is about another one: a signature, an SBOM, a
// statement of provenance.
type Referrer struct {
	// ArtifactType says what it is, as its own manifest has it; empty for what
	// was found by a tag.
	ArtifactType string            `json:"artifactType,omitempty"`
	MediaType    string            `json:"mediaType"`
	Digest       digest.Digest     `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	// Tag is the name by which cosign of before version 3 finds it.
	Tag string `json:"tag,omitempty"`
}

// Referrers lists what a target has about an artifact: what a registry's API or
// its fallback tag names, or what an index of a layout leads to, and the tags of
// cosign. Those of unknown kind are listed too; nothing of them is verified.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func Referrers(ctx context.Context, t Target, d ocispec.Descriptor) ([]Referrer, error) {
	if err := checkDescriptor(d); err != nil {
		return nil, err
	}
	var all []Referrer
	var err error
	switch t := t.(type) {
	case *remoteTarget:
		all, err = t.referrers(ctx, d)
	case *Store:
		var index *layoutIndex
		if index, err = t.readIndex(ctx); err == nil {
			all, err = referrersIn(ctx, t, index, d)
		}
		err = t.fail("list referrers", d.Digest.String(), err)
	case *archive:
		t.mu.Lock()
		index := t.index
		t.mu.Unlock()
		all, err = referrersIn(ctx, t, index, d)
	}
	slices.SortStableFunc(all, func(a, b Referrer) int {
		return strings.Compare(a.ArtifactType+" "+a.Tag+" "+string(a.Digest), b.ArtifactType+" "+b.Tag+" "+string(b.Digest))
	})
	return all, err
}

var errManyReferrers = errors.New("more referrers than can be listed")

func (t *remoteTarget) referrers(ctx context.Context, d ocispec.Descriptor) ([]Referrer, error) {
	var all []Referrer
	cut, err := t.listReferrers(ctx, d, "", func(page []ocispec.Descriptor) error {
		for _, r := range page {
			if len(all) == maxReferrers {
				return errManyReferrers
			}
			all = append(all, referrer(r, r.ArtifactType, ""))
		}
		return nil
	})
	if err == nil && cut {
		err = errManyReferrers
	}
	if err != nil {
		return nil, remoteError(ctx, "list referrers", t.name(d.Digest.String()), err)
	}
	if err := t.correctTypes(ctx, d, all); err != nil {
		return nil, err
	}
	for _, suffix := range cosignSuffixes() {
		tag := evidenceTag(d.Digest, suffix)
		switch found, err := t.Resolve(ctx, tag); {
		case err == nil:
			all = append(all, referrer(found, "", tag))
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return all, nil
}

// correctTypes asks the manifests for what they are where the registry gives no
// type, or that of an empty config: some know no artifactType.
func (t *remoteTarget) correctTypes(ctx context.Context, d ocispec.Descriptor, all []Referrer) error {
	indexes := make([]int, 0, len(all))
	for i, r := range all {
		if r.ArtifactType == "" || r.ArtifactType == ocispec.MediaTypeEmptyJSON {
			indexes = append(indexes, i)
		}
	}
	return parallel(ctx, defaultConcurrency, indexes, func(ctx context.Context, i int) error {
		m := ocispec.Descriptor{MediaType: all[i].MediaType, Digest: all[i].Digest, Size: all[i].Size}
		r, is, err := readReferrer(ctx, t, m, d)
		if is {
			all[i] = r
		}
		return err
	})
}

func referrer(d ocispec.Descriptor, artifactType, tag string) Referrer {
	return Referrer{ArtifactType: artifactType, MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, Annotations: d.Annotations, Tag: tag}
}

// referrersIn looks at all that an index names: tools keep referrers there under
// names, without any, or in the list that a fallback tag names.
func referrersIn(ctx context.Context, src fetcher, index *layoutIndex, d ocispec.Descriptor) ([]Referrer, error) {
	var all []Referrer
	seen := map[digest.Digest]bool{d.Digest: true}
	candidates := slices.Clone(index.Manifests)
	for _, m := range index.Manifests {
		if tag := cosignName(m, d); tag != "" {
			all = append(all, referrer(m, "", tag))
			seen[m.Digest] = true
			continue
		}
		listed, err := listedIn(ctx, src, m, d)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, listed...)
	}
	for _, m := range candidates {
		if seen[m.Digest] || !isManifest(m.MediaType) {
			continue
		}
		seen[m.Digest] = true
		r, is, err := readReferrer(ctx, src, m, d)
		if err != nil {
			return nil, err
		}
		if is {
			all = append(all, r)
		}
		if len(all) > maxReferrers {
			return nil, errManyReferrers
		}
	}
	return all, nil
}

// listedIn is what the list of referrers of d names, if m is that list.
func listedIn(ctx context.Context, src fetcher, m, d ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	tag := evidenceTag(d.Digest, suffixReferrers)
	if nameOf(m) != tag && !strings.HasSuffix(nameOf(m), ":"+tag) {
		return nil, nil
	}
	raw, err := readManifest(ctx, src, m)
	if err != nil {
		return nil, ctx.Err() // damaged or not there, see readReferrer
	}
	x, _, err := parseFallback(&manifestNode{m, raw}, d)
	if err != nil {
		return nil, nil //nolint:nilerr // no list
	}
	return x.Manifests, nil
}

// cosignName is the tag of cosign's scheme in a name of an index, which may be
// a tag or a whole reference.
func cosignName(m, d ocispec.Descriptor) string {
	for _, suffix := range cosignSuffixes() {
		if tag := evidenceTag(d.Digest, suffix); nameOf(m) == tag || strings.HasSuffix(nameOf(m), ":"+tag) {
			return tag
		}
	}
	return ""
}

// readReferrer reports whether a manifest is about d. One that is damaged or
// not there is not this question's business.
func readReferrer(ctx context.Context, src fetcher, m, d ocispec.Descriptor) (Referrer, bool, error) {
	raw, err := readManifest(ctx, src, m)
	if err != nil {
		return Referrer{}, false, ctx.Err()
	}
	entry, subject, ok := referrerEntry(manifestNode{m, raw})
	if !ok || subject.Digest != d.Digest {
		return Referrer{}, false, nil
	}
	return referrer(entry, entry.ArtifactType, ""), true, nil
}

// Kinds of referrers, as Kind tells them.
const (
	KindSignature   = "signature"
	KindSBOM        = "SBOM"
	KindProvenance  = "provenance"
	KindAttestation = "attestation"
)

// Kind is what a referrer says that it is: one of the Kind constants, or "" for
// anything else.
func (r Referrer) Kind() string {
	switch {
	case strings.HasSuffix(r.Tag, ".sig"):
		return KindSignature
	case strings.HasSuffix(r.Tag, ".sbom"):
		return KindSBOM
	case strings.HasSuffix(r.Tag, ".att"):
		return KindAttestation
	}
	predicate := r.Annotations[evidence.AnnotationBundlePredicate]
	if predicate == "" {
		predicate = r.Annotations["in-toto.io/predicate-type"]
	}
	for _, known := range []struct{ part, kind string }{
		{evidence.PredicateSignature, KindSignature},
		{"slsa.dev/provenance", KindProvenance},
		{"spdx", KindSBOM},
		{"cyclonedx", KindSBOM},
		{"vnd.syft", KindSBOM},
		{"cosign.artifact.sbom", KindSBOM},
		{"cosign.artifact.sig", KindSignature},
		{"cncf.notary.signature", KindSignature},
		{"sigstore.bundle", ""},
		{"in-toto", KindAttestation},
	} {
		if !strings.Contains(predicate, known.part) && !strings.Contains(r.ArtifactType, known.part) {
			continue
		}
		switch {
		case known.kind != "":
			return known.kind
		case predicate != "" || r.Annotations[evidence.AnnotationBundleContent] == evidence.ContentEnvelope:
			return KindAttestation
		}
		return KindSignature
	}
	return ""
}
