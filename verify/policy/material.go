package policy

import (
	"context"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// material is what an authority believes: certificates of one root, logs of another, timestamps of a third.
type material struct {
	root.BaseTrustedMaterial
	ca, log, timestamp root.TrustedMaterial
}

// FulcioCertificateAuthorities are those of certificates.
func (m *material) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return m.ca.FulcioCertificateAuthorities()
}

// CTLogs are those that have seen the certificates.
func (m *material) CTLogs() map[string]*root.TransparencyLog { return m.ca.CTLogs() }

// RekorLogs are those of signatures.
func (m *material) RekorLogs() map[string]*root.TransparencyLog { return m.log.RekorLogs() }

// TimestampingAuthorities are those of signed timestamps.
func (m *material) TimestampingAuthorities() []root.TimestampingAuthority {
	return m.timestamp.TimestampingAuthorities()
}

// material loads what the authority needs, and nothing else: the default roots may have to be fetched.
func (a *signers) material(ctx context.Context, t Trust) (root.TrustedMaterial, error) {
	nothing := &root.BaseTrustedMaterial{}
	m := &material{ca: nothing, log: nothing, timestamp: nothing}
	certificates := len(a.identities) > 0
	loaded := map[string]root.TrustedMaterial{}
	for _, one := range []struct {
		needed bool
		ref    rootRef
		set    *root.TrustedMaterial
	}{
		{certificates, a.ca, &m.ca},
		{certificates || a.needLog, a.log, &m.log},
		{certificates || a.needTime, a.timestamp, &m.timestamp},
	} {
		if !one.needed {
			continue
		}
		if loaded[one.ref.name] == nil {
			r, err := one.ref.load(ctx, t)
			if err != nil {
				return nil, err
			}
			loaded[one.ref.name] = r
		}
		*one.set = loaded[one.ref.name]
	}
	return m, nil
}

func (r rootRef) load(ctx context.Context, t Trust) (root.TrustedMaterial, error) {
	if r.source == nil {
		return t.Default(ctx)
	}
	m, err := r.source.load(t)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kindTrustRoot, r.name, err)
	}
	return m, nil
}
