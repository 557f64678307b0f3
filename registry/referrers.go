package registry

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The bounds of what refers to one artifact.
const (
	maxReferrers     = 1000
	maxReferrerPages = 16
)

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

// cosignSuffixes end the tags of cosign's older scheme:
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery
func cosignSuffixes() []string { return []string{".sig", ".att", ".sbom"} }

func cosignTag(d ocispec.Descriptor, suffix string) string {
	return d.Digest.Algorithm().String() + "-" + d.Digest.Encoded() + suffix
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
	t.repo.ReferrerListMaxPages = maxReferrerPages
	err := t.repo.Referrers(ctx, d, "", func(page []ocispec.Descriptor) error {
		for _, r := range page {
			if err := checkDescriptor(r); err != nil {
				return err
			}
			if len(all) == maxReferrers {
				return errManyReferrers
			}
			all = append(all, referrer(r, r.ArtifactType, ""))
		}
		return nil
	})
	if err != nil {
		return nil, remoteError(ctx, "list referrers", t.name(d.Digest.String()), err)
	}
	for _, suffix := range cosignSuffixes() {
		tag := cosignTag(d, suffix)
		switch found, err := t.Resolve(ctx, tag); {
		case err == nil:
			all = append(all, referrer(found, "", tag))
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return all, nil
}

func referrer(d ocispec.Descriptor, artifactType, tag string) Referrer {
	return Referrer{ArtifactType: artifactType, MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, Annotations: d.Annotations, Tag: tag}
}

// referrersIn looks at all that an index names. Layouts have no other list.
func referrersIn(ctx context.Context, src fetcher, index *layoutIndex, d ocispec.Descriptor) ([]Referrer, error) {
	var all []Referrer
	seen := map[digest.Digest]bool{}
	for _, m := range index.Manifests {
		if len(all) == maxReferrers {
			return nil, errManyReferrers
		}
		if tag := cosignName(m, d); tag != "" {
			all = append(all, referrer(m, "", tag))
			continue
		}
		if seen[m.Digest] || m.Digest == d.Digest || !isManifest(m.MediaType) {
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
	}
	return all, nil
}

// cosignName is the tag of cosign's scheme in a name of an index, which may be
// a tag or a whole reference.
func cosignName(m, d ocispec.Descriptor) string {
	for _, suffix := range cosignSuffixes() {
		if tag := cosignTag(d, suffix); nameOf(m) == tag || strings.HasSuffix(nameOf(m), ":"+tag) {
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
	var content struct {
		ArtifactType string              `json:"artifactType"`
		Config       *ocispec.Descriptor `json:"config"`
		Subject      *ocispec.Descriptor `json:"subject"`
		Annotations  map[string]string   `json:"annotations"`
	}
	if err := json.Unmarshal(raw, &content); err != nil || content.Subject == nil || content.Subject.Digest != d.Digest {
		return Referrer{}, false, nil //nolint:nilerr // no manifest, so no referrer
	}
	m.Annotations = content.Annotations
	if content.ArtifactType == "" && content.Config != nil { // as the specification has it
		content.ArtifactType = content.Config.MediaType
	}
	return referrer(m, content.ArtifactType, ""), true, nil
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
	predicate := r.Annotations["dev.sigstore.bundle.predicateType"]
	if predicate == "" {
		predicate = r.Annotations["in-toto.io/predicate-type"]
	}
	for _, known := range []struct{ part, kind string }{
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
		case predicate != "" || r.Annotations["dev.sigstore.bundle.content"] == "dsse-envelope":
			return KindAttestation
		}
		return KindSignature
	}
	return ""
}
