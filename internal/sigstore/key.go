package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 for P-384
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// The sizes of RSA keys that are used, in bits. Larger ones take seconds for each signature, and minutes to load.
const (
	minRSA = 2048
	maxRSA = 16384
)

// KeyError is a key that cannot be used.
type KeyError struct {
	Reason string
	Err    error // may be nil
}

// Error implements error.
func (e *KeyError) Error() string {
	if e.Err != nil {
		return e.Reason + ": " + e.Err.Error()
	}
	return e.Reason
}

// Unwrap returns the cause.
func (e *KeyError) Unwrap() error { return e.Err }

// Key is a private key that signs, in this process or in a key service.
type Key struct {
	signer crypto.Signer
	public crypto.PublicKey
	hash   crypto.Hash
}

// NewKey checks that a signer's key is of a kind that Sigstore knows.
func NewKey(signer crypto.Signer) (*Key, error) {
	public := signer.Public()
	hash, err := HashFor(public)
	if err != nil {
		return nil, err
	}
	return &Key{signer, public, hash}, nil
}

// HashFor is the hash that a key of this kind signs, 0 for Ed25519, which takes the message itself. A key of a kind or
// size that is not used is a [*KeyError].
// https://github.com/sigstore/architecture-docs/blob/main/algorithm-registry.md
func HashFor(public crypto.PublicKey) (crypto.Hash, error) {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return crypto.SHA256, nil
		case elliptic.P384():
			return crypto.SHA384, nil
		}
		return 0, &KeyError{Reason: "an ECDSA key on " + k.Curve.Params().Name + ", want P-256 or P-384"}
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
			return 0, &KeyError{Reason: fmt.Sprintf("an RSA key of %d bits, want %d to %d", bits, minRSA, maxRSA)}
		}
		return crypto.SHA256, nil
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return 0, &KeyError{Reason: "an Ed25519 key of a wrong length"}
		}
		return 0, nil
	}
	return 0, &KeyError{Reason: fmt.Sprintf("a key of kind %T, want ECDSA, Ed25519 or RSA", public)}
}

// Public is the public half.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Hash is what [HashFor] says of the key.
func (k *Key) Hash() crypto.Hash { return k.hash }

// Sign signs data, and returns the digest that was signed: of Ed25519 the data itself. Without random an ECDSA key in
// this process signs as RFC 6979 says, so that the same data always gives the same signature, as RSA and Ed25519 do.
func (k *Key) Sign(data []byte, random io.Reader) (signature, digest []byte, err error) {
	digest = data
	if k.hash != 0 {
		h := k.hash.New()
		h.Write(data)
		digest = h.Sum(nil)
	}
	signature, err = k.signer.Sign(random, digest, k.hash)
	return signature, digest, err
}

// KeyID names a public key: "sha256:" and the digest of its PKIX form.
func KeyID(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", &KeyError{"the public key cannot be written", err}
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Algorithm names a kind of key to generate.
type Algorithm string

// The kinds of keys that are generated.
const (
	P256    Algorithm = "ecdsa-p256"
	P384    Algorithm = "ecdsa-p384"
	Ed25519 Algorithm = "ed25519"
	RSA2048 Algorithm = "rsa-2048"
	RSA3072 Algorithm = "rsa-3072"
	RSA4096 Algorithm = "rsa-4096"
)

// Algorithms are those that [Generate] knows, the default first.
func Algorithms() []Algorithm { return []Algorithm{P256, P384, Ed25519, RSA2048, RSA3072, RSA4096} }

// Generate makes a new private key.
func Generate(a Algorithm) (crypto.Signer, error) {
	switch a {
	case P256, "":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RSA2048, RSA3072, RSA4096:
		return rsa.GenerateKey(rand.Reader, 2048+1024*slices.Index([]Algorithm{RSA2048, RSA3072, RSA4096}, a))
	}
	return nil, &KeyError{Reason: fmt.Sprintf("no key algorithm is called %q", a)}
}
