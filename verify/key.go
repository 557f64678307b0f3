package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
)

// KeyID is "sha256:" and the digest of a public key (PKIX, DER). It is what the hint of a Sigstore bundle is, too,
// in base64 and without the prefix.
func KeyID(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRequest, err)
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// publicKey verifies by one key, whatever the variant of its algorithm.
type publicKey struct {
	id       string
	key      crypto.PublicKey
	variants []signature.Verifier
}

// newPublicKey knows what cosign signs with. Ed25519 is pure, or the prehashed variant that logs can verify; P-384
// goes with SHA-384, or with SHA-256 from older clients.
func newPublicKey(key crypto.PublicKey) (*publicKey, error) {
	id, err := KeyID(key)
	if err != nil {
		return nil, err
	}
	p := &publicKey{id: id, key: key}
	add := func(v signature.Verifier, err error) error {
		p.variants = append(p.variants, v)
		return err
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		pure, err1 := signature.LoadED25519Verifier(k)
		prehashed, err2 := signature.LoadED25519phVerifier(k)
		err = errors.Join(add(pure, err1), add(prehashed, err2))
	case *ecdsa.PublicKey:
		for _, h := range hashesOf(k.Curve) {
			v, loadErr := signature.LoadECDSAVerifier(k, h)
			err = errors.Join(err, add(v, loadErr))
		}
	case *rsa.PublicKey:
		v, loadErr := signature.LoadRSAPKCS1v15Verifier(k, crypto.SHA256)
		err = add(v, loadErr)
	default:
		err = fmt.Errorf("no signatures are made by a key of type %T", key)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrRequest, id, err)
	}
	return p, nil
}

func hashesOf(c elliptic.Curve) []crypto.Hash {
	switch c {
	case elliptic.P384():
		return []crypto.Hash{crypto.SHA384, crypto.SHA256}
	case elliptic.P521():
		return []crypto.Hash{crypto.SHA512, crypto.SHA256}
	}
	return []crypto.Hash{crypto.SHA256}
}

// hints tells whether a bundle names this key.
func (p *publicKey) hints(hint string) bool {
	raw, err := base64.StdEncoding.DecodeString(hint)
	return err == nil && "sha256:"+hex.EncodeToString(raw) == p.id
}

// PublicKey implements [signature.Verifier].
func (p *publicKey) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return p.key, nil
}

// VerifySignature implements [signature.Verifier]: one variant must fit.
func (p *publicKey) VerifySignature(sig, message io.Reader, opts ...signature.VerifyOption) error {
	signed, err := io.ReadAll(sig)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(message)
	if err != nil {
		return err
	}
	for _, v := range p.variants {
		if err = v.VerifySignature(bytes.NewReader(signed), bytes.NewReader(text), opts...); err == nil {
			return nil
		}
	}
	return err
}

// ValidAtTime implements [root.TimeConstrainedVerifier]: a bare key has no end.
func (p *publicKey) ValidAtTime(time.Time) bool { return true }

// keyRoots is trusted material with one key, whichever a bundle hints at: the hint is not signed.
type keyRoots struct {
	root.TrustedMaterial
	key *publicKey
}

func (r keyRoots) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) { return r.key, nil }
