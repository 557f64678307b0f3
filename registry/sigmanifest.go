package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// maxSignatures is how many layers cosign reads of a manifest of signatures; it
// refuses one with more.
const maxSignatures = 1000

// parseSignatures reads the manifest behind a tag of cosign's scheme: an image
// whose every layer is a signature or an attestation.
func parseSignatures(n manifestNode) (ocispec.Manifest, error) {
	var m ocispec.Manifest
	if isIndex(n.desc.MediaType) {
		return m, corrupt(n.desc, fmt.Errorf("an index, where signatures are expected"))
	}
	if err := json.Unmarshal(n.raw, &m); err != nil {
		return m, corrupt(n.desc, fmt.Errorf("not a manifest: %w", err))
	}
	for _, d := range m.Layers {
		if err := checkDescriptor(d); err != nil {
			return m, err
		}
	}
	return m, nil
}

// addSignatures is the manifest with layers added, and the config that belongs to
// it; ok is false when all were there. The config is that of an image, as cosign
// writes it, since registries and old tools take no other.
func addSignatures(old *manifestNode, layers []ocispec.Descriptor) (next *change, err error) {
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageConfig},
	}
	if old != nil {
		if m, err = parseSignatures(*old); err != nil {
			return nil, err
		}
		if m.MediaType == "" {
			m.MediaType = old.desc.MediaType
		}
	}
	changed := old == nil
	for _, add := range layers {
		changed = mergeSignature(&m, add) || changed
	}
	if !changed {
		return nil, nil
	}
	if len(m.Layers) > maxSignatures {
		return nil, &Error{Op: "attach", Ref: "signatures", Kind: ErrTooLarge, Err: fmt.Errorf("more than %d in one manifest, which no client reads", maxSignatures)}
	}
	config, err := signatureConfig(m.Layers)
	if err != nil {
		return nil, err
	}
	m.Config.Digest, m.Config.Size, m.Config.Data = digest.FromBytes(config), int64(len(config)), nil
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	next = &change{manifest: node(m.MediaType, raw), blobs: []blob{{m.Config, config}}}
	return next, next.check()
}

// mergeSignature adds one layer and reports whether anything changed. The same
// signature stays one layer: annotations that it lacks, such as the entry of a log
// to which it was sent later, are added, and none is replaced, so that two
// writers cannot undo each other's work for ever.
func mergeSignature(m *ocispec.Manifest, add ocispec.Descriptor) bool {
	at := slices.IndexFunc(m.Layers, func(d ocispec.Descriptor) bool { return sameSignature(d, add) })
	if at < 0 {
		m.Layers = append(m.Layers, add)
		return true
	}
	merged := map[string]string{}
	maps.Copy(merged, add.Annotations)
	maps.Copy(merged, m.Layers[at].Annotations)
	if len(merged) == len(m.Layers[at].Annotations) {
		return false
	}
	m.Layers[at].Annotations = merged
	return true
}

// sameSignature compares what was signed and the signature. An envelope holds
// both.
func sameSignature(a, b ocispec.Descriptor) bool {
	return a.Digest == b.Digest && a.Annotations[evidence.AnnotationSignature] == b.Annotations[evidence.AnnotationSignature]
}

// signatureConfig is the config of an image with these layers and nothing else.
func signatureConfig(layers []ocispec.Descriptor) ([]byte, error) {
	never := v1.Time{Time: time.Time{}}
	config := v1.ConfigFile{Created: never, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	for _, d := range layers {
		// None is compressed, so that its digest is that of its content.
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, v1.Hash{Algorithm: d.Digest.Algorithm().String(), Hex: d.Digest.Encoded()})
		config.History = append(config.History, v1.History{Created: never})
	}
	return json.Marshal(config)
}
