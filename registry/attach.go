package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/evidence"
)

// AttachOptions tune an [Attach]; the zero value is right for most.
type AttachOptions struct {
	// Attempts bounds how often a tag in a registry is written again because
	// somebody on another machine has overwritten it; 0 means 40.
	Attempts int
}

// Attach lays evidence beside an artifact, in the forms that cosign reads: layers
// of the manifests behind the tags sha256-….sig and sha256-….att, and referrers
// with a bundle. A registry without the referrers API, a layout and the local
// store list those under the tag sha256-….
//
// Any number of processes may attach to one artifact at once, and none of the
// evidence is lost. What is there already is not added again.
func Attach(ctx context.Context, s Subject, o AttachOptions, pieces ...evidence.Piece) error {
	t, err := merging(s.Target)
	if err != nil {
		return err
	}
	if err := checkDescriptor(s.Descriptor); err != nil {
		return err
	}
	at := &attacher{Subject: s, target: t, retry: RetryOptions{Attempts: o.Attempts}}
	for _, p := range pieces {
		if err := at.add(p); err != nil {
			return err
		}
	}
	// Nothing that was just written may be freed before it has a name.
	release, err := holdTarget(ctx, t)
	if err != nil {
		return err
	}
	defer release()
	group, ctx := errgroup.WithContext(contended(ctx))
	for suffix, list := range at.layers {
		group.Go(func() error { return at.attachLayers(ctx, suffix, list) })
	}
	group.Go(func() error { return at.attachReferrers(ctx) })
	return group.Wait()
}

// attacher is one call of Attach.
type attacher struct {
	Subject
	target mergeTarget
	retry  RetryOptions

	layers    map[string][]blob // by the suffix of the tag
	referrers []change
}

// add makes of a piece what is to be written.
func (at *attacher) add(p evidence.Piece) error {
	var suffix, mediaType string
	switch p.Form {
	case evidence.SimpleSigning:
		suffix, mediaType = suffixSignatures, evidence.MediaTypeSimpleSigning
	case evidence.Envelope:
		suffix, mediaType = suffixAttestations, evidence.MediaTypeEnvelope
	case evidence.Bundle:
		mediaType = evidence.MediaTypeBundle
	default:
		return at.fail(fmt.Errorf("evidence of form %q", p.Form))
	}
	if p.MediaType != "" {
		mediaType = p.MediaType
	}
	if len(p.Content) > evidence.MaxContent {
		return &Error{Op: "attach", Ref: at.tag(suffix), Kind: ErrTooLarge, Err: fmt.Errorf("evidence of %d bytes, at most %d are read", len(p.Content), evidence.MaxContent)}
	}
	b := blob{node(mediaType, p.Content).desc, p.Content}
	if p.Form == evidence.Bundle {
		referrer, err := at.referrer(b, p.Annotations)
		at.referrers = append(at.referrers, referrer)
		return err
	}
	b.desc.Annotations = maps.Clone(p.Annotations)
	if b.desc.Annotations == nil {
		b.desc.Annotations = map[string]string{}
	}
	if _, ok := b.desc.Annotations[evidence.AnnotationSignature]; !ok {
		b.desc.Annotations[evidence.AnnotationSignature] = "" // clients look for it, even where an envelope has its own
	}
	if at.layers == nil {
		at.layers = map[string][]blob{}
	}
	at.layers[suffix] = append(at.layers[suffix], b)
	return nil
}

func (at *attacher) fail(err error) error {
	return &Error{Op: "attach", Ref: quoteless(at.tag("")), Err: err}
}

// emptyJSON is the config of a manifest that needs none.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor
func emptyJSON() blob {
	raw := []byte("{}")
	return blob{node(ocispec.MediaTypeEmptyJSON, raw).desc, raw}
}

// referrer is the manifest of a bundle. It has no time, so that the same bundle
// is the same manifest whoever attaches it, and however often.
// https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
func (at *attacher) referrer(b blob, annotations map[string]string) (change, error) {
	subject := at.Descriptor
	raw, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: b.desc.MediaType, Config: emptyJSON().desc, Layers: []ocispec.Descriptor{b.desc},
		Subject:     &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations: annotations,
	})
	if err != nil {
		return change{}, at.fail(err)
	}
	return change{node(ocispec.MediaTypeImageManifest, raw), []blob{emptyJSON(), b}}, nil
}

// attachLayers adds to the manifest behind a tag of cosign's scheme.
func (at *attacher) attachLayers(ctx context.Context, suffix string, list []blob) error {
	layers := make([]ocispec.Descriptor, len(list))
	for i, b := range list {
		layers[i] = b.desc
	}
	m := func(old *manifestNode) (*change, error) { return addSignatures(old, layers) }
	name := at.tag(suffix)
	old, err := at.target.read(ctx, name)
	if err != nil {
		return err
	}
	if next, err := m(old); next == nil || err != nil {
		return err
	}
	// The blobs come before the lock, which is held for as short as can be.
	if err := pushAll(ctx, at.target, list); err != nil {
		return err
	}
	return at.target.update(ctx, name, m, at.retry)
}

// attachReferrers writes the bundles, and then all of them into the list.
func (at *attacher) attachReferrers(ctx context.Context) error {
	var entries []ocispec.Descriptor
	for _, r := range at.referrers {
		if err := writeReferrer(ctx, at.target, r); err != nil {
			return err
		}
		entry, _, _ := referrerEntry(r.manifest)
		entries = append(entries, entry)
	}
	return listReferrersIn(ctx, at.Subject, at.target, entries, at.retry)
}

// writeReferrer writes a manifest with its blobs, but into no list.
func writeReferrer(ctx context.Context, t mergeTarget, r change) error {
	there, err := t.Exists(ctx, r.manifest.desc)
	if err != nil {
		return err
	}
	remote, isRemote := t.(*remoteTarget)
	if there && isRemote { // a registry keeps what has a manifest
		return nil
	}
	for _, b := range r.blobs {
		if there, err := t.Exists(ctx, b.desc); err != nil {
			return err
		} else if there {
			continue
		}
		if err := t.Push(ctx, b.desc, bytes.NewReader(b.raw)); err != nil {
			return err
		}
	}
	if isRemote {
		return remote.putManifest(ctx, r.manifest.desc, r.manifest.raw, r.manifest.desc.Digest.String())
	}
	return t.Push(ctx, r.manifest.desc, bytes.NewReader(r.manifest.raw))
}

// listReferrersIn makes a target list manifests that it has as referrers of s.
func listReferrersIn(ctx context.Context, s Subject, t mergeTarget, entries []ocispec.Descriptor, o RetryOptions) error {
	if len(entries) == 0 {
		return nil
	}
	if remote, ok := t.(*remoteTarget); ok {
		return remote.index(ctx, s.Descriptor, entries, o)
	}
	m := func(old *manifestNode) (*change, error) { return addReferrers(old, s.Descriptor, entries) }
	return t.update(ctx, s.tag(suffixReferrers), m, o)
}
