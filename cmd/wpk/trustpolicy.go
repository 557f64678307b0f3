package main

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/wpkdev/wpk/inspect"
	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify"
	"github.com/wpkdev/wpk/verify/policy"
	"github.com/wpkdev/wpk/wasm"
)

// readPolicy takes the policies of a file. They say who may sign, so no flag may.
func (t *trust) readPolicy(f trustFlags) error {
	if len(f.keys) > 0 || f.signer != (verify.Identity{}) || f.witness != (witnessFlags{}) || f.repository != "" {
		return &trustError{"a policy says who may have signed and what else must be: leave the other flags out"}
	}
	if f.policyAs != "" {
		as, err := registry.ParseRef(f.policyAs)
		if err != nil {
			return err
		}
		if as.Transport != registry.Remote {
			return &valueError{"--policy-as", f.policyAs, "policies are for names in registries: want host/repository[:tag]"}
		}
		t.policyAs = &as
	}
	raw, err := readSmall(f.policy, policy.MaxFile)
	if err != nil {
		return err
	}
	if t.policy, err = policy.Parse(raw, f.policy); err != nil {
		return err
	}
	for _, w := range t.policy.Warnings {
		t.app.warnText(fmt.Sprintf("%s:%d: %s", f.policy, w.Line, w.Text))
	}
	return nil
}

// byPolicy holds an artifact against the policies.
func (t *trust) byPolicy(ctx context.Context, s artifact, e registry.Evidence) (policy.Report, error) {
	if t.policyAs != nil {
		s.repository, s.tag = t.policyAs.Host+"/"+t.policyAs.Repository, t.policyAs.Tag
	}
	return policy.Evaluate(ctx, policy.Request{
		Policy: t.policy, Reference: s.name, Repository: s.repository, Tag: s.tag, Digest: s.Descriptor.Digest.String(), Now: t.now,
		Verifier: policyEvidence{s.Descriptor.Digest, e, t}, Trust: policyTrust{t}, Facts: &policyFacts{artifact: s},
		AllowUnmatched: t.allowUnmatched,
	})
}

// policyEvidence answers the policies' questions about what lies beside an artifact.
type policyEvidence struct {
	digest   digest.Digest
	evidence registry.Evidence
	trust    *trust
}

func (p policyEvidence) request(a verify.Authority, predicateType string) verify.Request {
	return verify.Request{
		Digest: p.digest.String(), Evidence: p.evidence.Pieces, Skipped: p.evidence.Count(),
		Authority: a, PredicateType: predicateType, Now: p.trust.now,
	}
}

// Signatures implements [policy.Verifier].
func (p policyEvidence) Signatures(ctx context.Context, a verify.Authority) ([]verify.Verified, error) {
	return verify.Signatures(ctx, p.request(a, ""))
}

// Attestations implements [policy.Verifier].
func (p policyEvidence) Attestations(ctx context.Context, a verify.Authority, predicateType string) ([]verify.Verified, error) {
	return verify.Attestations(ctx, p.request(a, predicateType))
}

// policyTrust finds the roots and keys that a policy names.
type policyTrust struct{ trust *trust }

// Default implements [policy.Trust].
func (p policyTrust) Default(ctx context.Context) (root.TrustedMaterial, error) {
	return p.trust.roots(ctx)
}

// File implements [policy.Trust].
func (p policyTrust) File(path string) (root.TrustedMaterial, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.trust.policy.File), path)
	}
	return sigstore.LoadTrustedRoot(path)
}

// Key implements [policy.Trust].
func (p policyTrust) Key(ctx context.Context, uri string) (crypto.PublicKey, error) {
	return publicKey(ctx, uri)
}

// policyFacts reads the artifact that a policy asks about, once, by its digest.
type policyFacts struct {
	artifact
	content *pack.Content
}

func (p *policyFacts) read(ctx context.Context) (*pack.Content, error) {
	if p.content != nil {
		return p.content, nil
	}
	content, err := pack.Read(ctx, p.Target, p.Descriptor)
	p.content = content
	return content, unreadableName(p.name, err)
}

// Imports implements [policy.Facts].
func (p *policyFacts) Imports(ctx context.Context) ([]policy.Import, error) {
	content, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	info, err := wasm.Decode(content.Module)
	if err != nil {
		return nil, unreadableName(p.name, err)
	}
	var all []policy.Import
	for _, c := range inspect.Capabilities(info) {
		for _, name := range c.Imports {
			all = append(all, policy.Import{Name: name, Capability: c.Name})
		}
	}
	return all, nil
}

// Annotations implements [policy.Facts].
func (p *policyFacts) Annotations(ctx context.Context) (map[string]string, error) {
	m, err := p.manifest(ctx, p.Descriptor)
	return m.Annotations, err
}

// manifest is what the facts need of an index or a manifest.
type manifest struct {
	Manifests   []ocispec.Descriptor `json:"manifests"`
	Config      *ocispec.Descriptor  `json:"config"`
	Annotations map[string]string    `json:"annotations"`
}

func (p *policyFacts) manifest(ctx context.Context, d ocispec.Descriptor) (manifest, error) {
	var m manifest
	raw, err := readDocument(ctx, p.Target, d)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	return m, unreadableName(p.name, err)
}

// maxConfigs bounds the images of an index that are looked at.
const maxConfigs = 64

var errManyImages = errors.New("more images than can be looked at")

// Configs implements [policy.Facts].
func (p *policyFacts) Configs(ctx context.Context) (map[string]json.RawMessage, error) {
	m, err := p.manifest(ctx, p.Descriptor)
	if err != nil {
		return nil, err
	}
	children := m.Manifests
	if m.Config != nil {
		children = []ocispec.Descriptor{p.Descriptor}
	}
	if len(children) > maxConfigs {
		return nil, unreadableName(p.name, errManyImages)
	}
	all := map[string]json.RawMessage{}
	for _, d := range children {
		child, err := p.manifest(ctx, d)
		if err != nil {
			return nil, err
		}
		if child.Config == nil {
			continue
		}
		raw, err := readDocument(ctx, p.Target, *child.Config)
		if err != nil {
			return nil, unreadableName(p.name, err)
		}
		var own ocispec.Platform
		if err := json.Unmarshal(raw, &own); err != nil {
			return nil, unreadableName(p.name, err)
		}
		all[platformOf(d.Platform, own)] = raw
	}
	return all, nil
}

// platformOf is what the index says of an image, else what its config does.
func platformOf(listed *ocispec.Platform, own ocispec.Platform) string {
	if listed != nil {
		own = *listed
	}
	name := own.OS + "/" + own.Architecture
	if own.Variant != "" {
		name += "/" + own.Variant
	}
	return name
}
