package sign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/wpkdev/wpk/internal/sigstore"
)

// sign makes one signature and asks the services to vouch for it.
func (s *Signer) sign(ctx context.Context, content sgsign.Content) (signed, error) {
	if err := ctx.Err(); err != nil {
		return signed{}, err
	}
	made := signed{}
	key := s.o.Key
	o := sgsign.BundleOptions{Context: ctx}
	if key == nil {
		cert, err := s.certificate(ctx)
		if err != nil {
			return signed{}, err
		}
		key, made.cert = cert.key, cert
		o.CertificateProvider = cert
	}
	for _, url := range s.o.Services.Timestamps {
		o.TimestampAuthorities = append(o.TimestampAuthorities, s.authority(ctx, url))
	}
	for _, l := range s.o.Services.Logs {
		o.TransparencyLogs = append(o.TransparencyLogs, s.log(l))
	}
	if s.o.Roots != nil {
		var err error
		if o.TrustedRoot, err = withKey(s.o.Roots, s.o.Key); err != nil {
			return signed{}, err
		}
	}
	bundle, err := sgsign.Bundle(content, keypair{key, s.random()}, o)
	var service *ServiceError
	switch {
	case errors.As(err, &service):
		return signed{}, service // the rest of the chain says the same once more
	case ctx.Err() != nil:
		return signed{}, ctx.Err()
	case err != nil:
		return signed{}, fmt.Errorf("cannot sign: %w", err)
	}
	made.bundle = bundle
	return made, nil
}

// withKey adds a key to the roots that a fresh signature is verified with.
func withKey(roots root.TrustedMaterial, key *sigstore.Key) (root.TrustedMaterial, error) {
	if key == nil {
		return roots, nil
	}
	verifier, err := signature.LoadVerifier(key.Public(), hashOf(key))
	if err != nil {
		return nil, fmt.Errorf("cannot verify with the key: %w", err)
	}
	own := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
	})
	return root.TrustedMaterialCollection{roots, own}, nil
}

func hashOf(key *sigstore.Key) crypto.Hash {
	if h := key.Hash(); h != 0 {
		return h
	}
	return crypto.SHA256 // not used for Ed25519, yet it must be one
}

// keypair is a key as sigstore-go wants it.
type keypair struct {
	key    *sigstore.Key
	random io.Reader
}

// GetHashAlgorithm implements [sgsign.Keypair].
func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	switch k.key.Hash() {
	case crypto.SHA384:
		return protocommon.HashAlgorithm_SHA2_384
	case crypto.SHA256:
		return protocommon.HashAlgorithm_SHA2_256
	}
	return protocommon.HashAlgorithm_HASH_ALGORITHM_UNSPECIFIED
}

// GetSigningAlgorithm implements [sgsign.Keypair]. A size of RSA without a name is unspecified.
func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	switch public := k.key.Public().(type) {
	case *ecdsa.PublicKey:
		if k.key.Hash() == crypto.SHA384 {
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384
		}
		return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
	case ed25519.PublicKey:
		return protocommon.PublicKeyDetails_PKIX_ED25519
	case *rsa.PublicKey:
		switch public.N.BitLen() {
		case 2048:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256
		case 3072:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256
		case 4096:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256
		}
	}
	return protocommon.PublicKeyDetails_PUBLIC_KEY_DETAILS_UNSPECIFIED
}

// GetHint implements [sgsign.Keypair]: the digest of the public key, as other clients have it.
func (k keypair) GetHint() []byte {
	id, err := sigstore.KeyID(k.key.Public())
	if err != nil {
		return nil
	}
	sum, err := hex.DecodeString(strings.TrimPrefix(id, "sha256:"))
	if err != nil {
		return nil
	}
	return []byte(base64.StdEncoding.EncodeToString(sum))
}

// GetKeyAlgorithm implements [sgsign.Keypair].
func (k keypair) GetKeyAlgorithm() string {
	switch k.key.Public().(type) {
	case *rsa.PublicKey:
		return "RSA"
	case ed25519.PublicKey:
		return "ED25519"
	}
	return "ECDSA"
}

// GetPublicKey implements [sgsign.Keypair].
func (k keypair) GetPublicKey() crypto.PublicKey { return k.key.Public() }

// GetPublicKeyPem implements [sgsign.Keypair].
func (k keypair) GetPublicKeyPem() (string, error) {
	raw, err := sigstore.MarshalPublicKey(k.key.Public())
	return string(raw), err
}

// SignData implements [sgsign.Keypair].
func (k keypair) SignData(_ context.Context, data []byte) (sig, digest []byte, err error) {
	return k.key.Sign(data, k.random)
}
