package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify"
	"github.com/wpkdev/wpk/verify/policy"
)

// artifact is what is verified: one digest in one place, and what it goes by.
type artifact struct {
	registry.Subject
	name            string // for messages
	repository, tag string // empty in a layout
}

// artifactOf is a descriptor that was resolved in a place.
func artifactOf(p place, target registry.Target, d ocispec.Descriptor) artifact {
	s := artifact{Subject: registry.Subject{Target: target, Descriptor: d}, name: p.ref.String()}
	if p.ref.Transport == registry.Remote {
		s.repository, s.tag = p.ref.Host+"/"+p.ref.Repository, p.ref.Tag
	}
	if p.store {
		s.Name = p.ref.StorePrefix()
	}
	return s
}

// verification is what is known of an artifact once it has been verified.
type verification struct {
	Reference string        `json:"reference"`
	Digest    digest.Digest `json:"digest"`
	// Through is the index whose signature vouches for this child of it.
	Through      digest.Digest      `json:"through,omitempty"`
	Signatures   []verify.Verified  `json:"signatures"`
	Attestations []verify.Verified  `json:"attestations"`
	Policy       *policy.Report     `json:"policy,omitempty"`
	Skipped      []registry.Skipped `json:"skipped,omitempty"`
	Children     []verification     `json:"children,omitempty"`
}

// check verifies the digest of an artifact by what lies beside it.
func (t *trust) check(ctx context.Context, s artifact) (*verification, error) {
	e, err := registry.ReadEvidence(ctx, s.Subject, registry.EvidenceOptions{})
	if err != nil {
		return nil, err
	}
	v := &verification{
		Reference: s.name, Digest: s.Descriptor.Digest, Skipped: e.Skipped,
		Signatures: []verify.Verified{}, Attestations: []verify.Verified{},
	}
	if t.policy != nil {
		return v, t.decide(ctx, s, e, v)
	}
	r := verify.Request{
		Digest: s.Descriptor.Digest.String(), Evidence: e.Pieces, Skipped: e.Count(),
		Authority: t.authority, Repository: t.repository, Now: t.now,
	}
	if !t.unsigned {
		if v.Signatures, err = verify.Signatures(ctx, r); err != nil {
			return nil, err
		}
	}
	for _, r.PredicateType = range t.types {
		found, err := verify.Attestations(ctx, r)
		if err != nil {
			return nil, err
		}
		v.Attestations = append(v.Attestations, found...)
	}
	if len(t.types) > 0 {
		return v, nil
	}
	// Nobody demands one, so that those of others are none of our business.
	found, err := verify.Attestations(ctx, r)
	var failed *verify.Error
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	v.Attestations = append(v.Attestations, found...)
	return v, nil
}

// decide asks the policies.
func (t *trust) decide(ctx context.Context, s artifact, e registry.Evidence, v *verification) error {
	report, err := t.byPolicy(ctx, s, e)
	if err != nil {
		return err
	}
	for _, one := range report.Verified {
		if one.PredicateType == "" {
			v.Signatures = append(v.Signatures, one)
		} else {
			v.Attestations = append(v.Attestations, one)
		}
	}
	report.Verified = nil
	v.Policy = &report
	for _, p := range report.Policies {
		if p.Outcome == policy.Warn {
			t.app.warnText(fmt.Sprintf("%s: policy %q would keep it out", s.name, p.Name))
		}
	}
	return nil
}

// pin verifies what a name stands for now, and returns the digest by which
// whoever comes next must ask: the name may be moved at any time.
func (t *trust) pin(ctx context.Context, p place, target registry.Target, name string) (string, error) {
	d, err := target.Resolve(ctx, name)
	if err != nil {
		return "", err
	}
	v, err := t.check(ctx, artifactOf(p, target, d))
	if err != nil {
		return "", err
	}
	t.say(v)
	return d.Digest.String(), nil
}

// checkArrived verifies a copy where it has arrived, as whoever uses it there
// will: by what lies beside it there. Policies know it by the name that it came
// from, for they were not written for every mirror and folder.
func (t *trust) checkArrived(ctx context.Context, from, p place, digest digest.Digest, f transferFlags) error {
	target, name, err := t.app.target(ctx, p, f)
	if err != nil {
		return err
	}
	defer target.Close()
	d, err := target.Resolve(ctx, name)
	if err != nil {
		return err
	}
	if d.Digest != digest {
		return &movedError{p.ref, digest, d.Digest}
	}
	arrived, original := artifactOf(p, target, d), artifactOf(from, target, d)
	arrived.repository, arrived.tag = original.repository, original.tag
	v, err := t.check(ctx, arrived)
	if err != nil {
		return fmt.Errorf("copied, but not good where it is now: %w", err)
	}
	t.say(v)
	return nil
}

// movedError is a name that no longer stands for what was just given it.
type movedError struct {
	ref       registry.Ref
	was, isIt digest.Digest
}

func (e *movedError) Error() string {
	return fmt.Sprintf("%s was copied as %s and is %s now: somebody has moved it", e.ref, e.was, e.isIt)
}

// registrySource is a registry that may be asked for evidence.
type registrySource struct {
	ref   registry.Ref
	flags transferFlags
}

// checkStored verifies an artifact that is here. What lies beside it here is
// enough when it is good; else the registry is asked, when there is one, for what
// it has beside the same digest.
func (t *trust) checkStored(ctx context.Context, stored artifact, elsewhere *registrySource) error {
	v, err := t.check(ctx, stored)
	if err != nil && isVerification(err) && elsewhere != nil {
		var target registry.Target
		if target, err = registry.Open(ctx, elsewhere.ref, t.app.registryOptions(elsewhere.flags)); err != nil {
			return err
		}
		defer target.Close()
		v, err = t.check(ctx, artifactOf(place{ref: elsewhere.ref}, target, stored.Descriptor))
	}
	if err != nil {
		return err
	}
	t.say(v)
	return nil
}

// say tells in one line that, by whom and when.
func (t *trust) say(v *verification) {
	by := "a policy that asks for no signature"
	if all := slices.Concat(v.Signatures, v.Attestations); len(all) > 0 {
		by = signerText(all[0].Signer)
		if t := all[0].Time; !t.IsZero() {
			by += ", " + t.Format("2006-01-02 15:04:05Z")
		}
	}
	t.app.ui.Say("verified %s: %s", v.Digest, ui.Printable(by))
}

func signerText(s verify.Signer) string {
	if s.KeyID != "" {
		return "key " + s.KeyID
	}
	return fmt.Sprintf("%s (%s)", s.Subject, s.Issuer)
}

// maxDocument bounds a manifest, an index or a config that is read whole.
const maxDocument = 4 << 20

// readDocument reads a manifest or a config.
func readDocument(ctx context.Context, src registry.Source, d ocispec.Descriptor) ([]byte, error) {
	if d.Size > maxDocument {
		return nil, &registry.SizeError{Descriptor: d, Limit: maxDocument}
	}
	r, err := src.Fetch(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// unreadableName says of what it is that cannot be read.
func unreadableName(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot read %s: %w", name, err)
}
