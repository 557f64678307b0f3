//go:build kms

package sigstore

import (
	"context"
	"crypto"
	"io"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws"        // awskms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/azure"      // azurekms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"        // gcpkms://
	_ "github.com/sigstore/sigstore/pkg/signature/kms/hashivault" // hashivault://
)

// OpenKeyService opens a key in a key management service. The service's own variables and files say where it is and
// who asks.
func OpenKeyService(ctx context.Context, uri string) (*Key, error) {
	service := keyService(uri)
	if service == "" {
		return nil, &KeyServiceError{URI: uri}
	}
	fail := func(err error) (*Key, error) { return nil, &KeyServiceError{URI: uri, Service: service, Err: err} }
	sv, err := kms.Get(ctx, uri, crypto.SHA256)
	if err != nil {
		return fail(err)
	}
	public, err := sv.PublicKey()
	if err != nil {
		return fail(err)
	}
	hash, err := HashFor(public)
	if err != nil {
		return fail(err)
	}
	if hash != crypto.SHA256 && hash != 0 { // the hash is part of the client's state
		if sv, err = kms.Get(ctx, uri, hash); err != nil {
			return fail(err)
		}
	}
	signer, _, err := sv.CryptoSigner(ctx, func(error) {})
	if err != nil {
		return fail(err)
	}
	return &Key{remoteSigner{signer, uri, service}, public, hash}, nil
}

// remoteSigner names the service in its errors.
type remoteSigner struct {
	crypto.Signer
	uri, service string
}

// Sign implements [crypto.Signer].
func (s remoteSigner) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	signature, err := s.Signer.Sign(random, digest, o)
	if err != nil {
		return nil, &KeyServiceError{URI: s.uri, Service: s.service, Err: err}
	}
	return signature, nil
}
