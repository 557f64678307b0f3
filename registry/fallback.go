package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// parseFallback reads the index behind the tag that lists the referrers of a
// subject where no API does. Some registries answer for that tag with the
// subject itself, and anybody can point it at anything: what is no list counts
// as none.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func parseFallback(n *manifestNode, subject ocispec.Descriptor) (ocispec.Index, bool, error) {
	var x ocispec.Index
	if n == nil || n.desc.MediaType != ocispec.MediaTypeImageIndex || n.desc.Digest == subject.Digest {
		return x, false, nil
	}
	if err := json.Unmarshal(n.raw, &x); err != nil {
		return x, false, corrupt(n.desc, fmt.Errorf("not a list of referrers: %w", err))
	}
	for _, d := range x.Manifests {
		if err := checkDescriptor(d); err != nil {
			return x, false, err
		}
	}
	return x, true, nil
}

// addReferrers is the list with entries added, nil when all were there as they
// ought to be.
func addReferrers(old *manifestNode, subject ocispec.Descriptor, entries []ocispec.Descriptor) (*change, error) {
	x, ok, err := parseFallback(old, subject)
	if err != nil {
		return nil, err
	}
	if !ok {
		x = ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}}
	}
	x.MediaType = ocispec.MediaTypeImageIndex
	changed := false
	for _, add := range entries {
		at := slices.IndexFunc(x.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == add.Digest })
		switch {
		case at < 0:
			x.Manifests = append(x.Manifests, add)
		case x.Manifests[at].ArtifactType != add.ArtifactType || !maps.Equal(x.Manifests[at].Annotations, add.Annotations):
			x.Manifests[at] = add // clients choose by these two
		default:
			continue
		}
		changed = true
	}
	if !changed {
		return nil, nil
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	next := &change{manifest: node(ocispec.MediaTypeImageIndex, raw)}
	return next, next.check()
}

// referrerEntry is a manifest as lists of referrers name it, and what it is
// about; ok is false for one that is about nothing.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
func referrerEntry(n manifestNode) (entry, subject ocispec.Descriptor, ok bool) {
	var m struct {
		ArtifactType string              `json:"artifactType"`
		Config       *ocispec.Descriptor `json:"config"`
		Subject      *ocispec.Descriptor `json:"subject"`
		Annotations  map[string]string   `json:"annotations"`
	}
	if json.Unmarshal(n.raw, &m) != nil || m.Subject == nil || checkDescriptor(*m.Subject) != nil {
		return entry, subject, false
	}
	entry = ocispec.Descriptor{
		MediaType: n.desc.MediaType, Digest: n.desc.Digest, Size: n.desc.Size,
		ArtifactType: m.ArtifactType, Annotations: m.Annotations,
	}
	if m.ArtifactType == "" && m.Config != nil {
		entry.ArtifactType = m.Config.MediaType
	}
	return entry, *m.Subject, true
}
