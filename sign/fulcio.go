package sign

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	sgsign "github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/sign/identity"
)

const (
	// maxChain bounds the certificates that Fulcio gives.
	maxChain = 8
	// spare is how long a certificate must still be good to be used once more.
	spare = 2 * time.Minute
)

// certificate is what Fulcio says of a key that lives as long as this process.
type certificate struct {
	key   *sigstore.Key
	leaf  []byte
	chain [][]byte // intermediates and root
	until time.Time
}

// GetCertificate implements [sgsign.CertificateProvider]: one certificate serves all forms.
func (c *certificate) GetCertificate(context.Context, sgsign.Keypair, *sgsign.CertificateProviderOptions) ([]byte, error) {
	return c.leaf, nil
}

// certificate is the current one, or a new one.
func (s *Signer) certificate(ctx context.Context) (*certificate, error) {
	if s.cert != nil && s.o.Now().Before(s.cert.until.Add(-spare)) {
		return s.cert, nil
	}
	token, err := s.o.Token(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := sigstore.Generate(sigstore.P256)
	if err != nil {
		return nil, err
	}
	key, err := sigstore.NewKey(signer)
	if err != nil {
		return nil, err
	}
	request, err := certificateRequest(key, token)
	if err != nil {
		return nil, err
	}
	answer, err := s.askFulcio(ctx, request, token)
	if err != nil {
		return nil, err
	}
	cert, err := readCertificates(answer, key)
	if err != nil {
		return nil, &ServiceError{Service: fulcioService, URL: s.o.Services.Fulcio, Err: err}
	}
	s.cert = cert
	return cert, nil
}

const fulcioService = "Fulcio"

// certificateRequest asks for a certificate for a key, and proves that the asker has it by signing the token's subject.
// https://github.com/sigstore/fulcio/blob/v1.8.8/fulcio.proto
func certificateRequest(key *sigstore.Key, token identity.Token) ([]byte, error) {
	proof, _, err := key.Sign([]byte(token.Subject()), rand.Reader)
	if err != nil {
		return nil, err
	}
	public, err := sigstore.MarshalPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	type publicKey struct {
		Algorithm string `json:"algorithm"`
		Content   string `json:"content"`
	}
	type keyRequest struct {
		PublicKey publicKey `json:"publicKey"`
		Proof     []byte    `json:"proofOfPossession"`
	}
	return json.Marshal(struct {
		Request keyRequest `json:"publicKeyRequest"`
	}{keyRequest{publicKey{"ECDSA", string(public)}, proof}})
}

// askFulcio is the only place that a token is sent to, and no redirect takes it elsewhere.
func (s *Signer) askFulcio(ctx context.Context, request []byte, token identity.Token) ([]byte, error) {
	address, err := url.JoinPath(s.o.Services.Fulcio, "api/v2/signingCert")
	if err != nil {
		return nil, &ServiceError{Service: fulcioService, URL: s.o.Services.Fulcio, Err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(request))
	if err != nil {
		return nil, &ServiceError{Service: fulcioService, URL: s.o.Services.Fulcio, Err: err}
	}
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	r.Header.Set("Content-Type", "application/json")
	t := s.transport(ctx, fulcioService, s.o.Services.Fulcio)
	t.secret = token.Reveal()
	resp, err := t.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body) // bounded by the transport
}

// readCertificates reads Fulcio's answer, with the signed certificate timestamp inside the certificate or beside it.
func readCertificates(answer []byte, key *sigstore.Key) (*certificate, error) {
	type withChain struct {
		Chain struct {
			Certificates []string `json:"certificates"`
		} `json:"chain"`
	}
	var a struct {
		Embedded withChain `json:"signedCertificateEmbeddedSct"`
		Detached withChain `json:"signedCertificateDetachedSct"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, err
	}
	all := a.Embedded.Chain.Certificates
	if len(all) == 0 {
		all = a.Detached.Chain.Certificates
	}
	if len(all) == 0 || len(all) > maxChain {
		return nil, fmt.Errorf("a chain of %d certificates", len(all))
	}
	var ders [][]byte
	for _, text := range all {
		block, _ := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("a certificate that is not one in PEM")
		}
		ders = append(ders, block.Bytes)
	}
	leaf, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, err
	}
	if own, ok := key.Public().(interface{ Equal(crypto any) bool }); ok && !own.Equal(leaf.PublicKey) {
		return nil, errors.New("a certificate for another key")
	}
	return &certificate{key: key, leaf: ders[0], chain: ders[1:], until: leaf.NotAfter}, nil
}
