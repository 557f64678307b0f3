package verify_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/verify"
)

const (
	alice      = "alice@acme.example"
	issuer     = "https://login.acme.example"
	repository = "registry.acme.example/wasm/hello"
	provenance = "https://slsa.dev/provenance/v1"
)

// artifact is a digest that nothing is behind of: the verifier never sees more of an artifact.
func artifact(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// payload is what a .sig is of.
func payload(digest, repository string) []byte {
	return []byte(`{"critical":{"identity":{"docker-reference":"` + repository + `"},"image":{"docker-manifest-digest":"` +
		digest + `"},"type":"cosign container image signature"},"optional":{"team":"blue","build":7}}`)
}

// statement is an in-toto statement about one artifact.
func statement(predicateType, digest, repository string) []byte {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	raw, err := json.Marshal(map[string]any{
		"_type":         "https://in-toto.io/Statement/v1",
		"predicateType": predicateType,
		"subject":       []any{map[string]any{"name": repository, "digest": map[string]string{algorithm: encoded}}},
		"predicate":     map[string]any{"run": 1},
	})
	if err != nil {
		panic(err)
	}
	return raw
}

func newSigstore(t testing.TB) *ca.VirtualSigstore {
	t.Helper()
	s, err := ca.NewVirtualSigstore()
	check(t, err)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// parts is what a certificate and its witnesses have made of something, before it takes one form or another.
type parts struct {
	cert     *x509.Certificate
	sig      []byte
	entries  []*protorekor.TransparencyLogEntry
	stamps   [][]byte
	envelope *dsse.Envelope
	payload  []byte
}

func split(t testing.TB, s *ca.VirtualSigstore, e *ca.TestEntity, payload []byte) *parts {
	t.Helper()
	content, err := e.VerificationContent()
	check(t, err)
	sig, err := e.SignatureContent()
	check(t, err)
	p := &parts{cert: content.Certificate(), sig: sig.Signature(), payload: payload}
	if env := sig.EnvelopeContent(); env != nil {
		p.envelope = env.RawEnvelope()
	}
	p.stamps, err = e.Timestamps()
	check(t, err)
	entries, err := e.TlogEntries()
	check(t, err)
	for _, one := range entries {
		p.entries = append(p.entries, promised(t, s, one.TransparencyLogEntry()))
	}
	return p
}

// promised completes an entry with what the test's log keeps to itself: the kind, and its promise.
func promised(t testing.TB, s *ca.VirtualSigstore, e *protorekor.TransparencyLogEntry) *protorekor.TransparencyLogEntry {
	t.Helper()
	var kind struct{ Kind, APIVersion string }
	check(t, json.Unmarshal(e.GetCanonicalizedBody(), &kind))
	e.KindVersion = &protorekor.KindVersion{Kind: kind.Kind, Version: kind.APIVersion}
	set, err := s.RekorSignPayload(tlog.RekorPayload{
		Body:           base64.StdEncoding.EncodeToString(e.GetCanonicalizedBody()),
		IntegratedTime: e.GetIntegratedTime(), LogIndex: e.GetLogIndex(), LogID: hex.EncodeToString(e.GetLogId().GetKeyId()),
	})
	check(t, err)
	e.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: set}
	return e
}

// keyless signs a statement by a certificate for alice, with an entry in the log and a timestamp.
func keyless(t testing.TB, s *ca.VirtualSigstore, statement []byte) *parts {
	t.Helper()
	e, err := s.AttestAtTime(alice, issuer, statement, time.Now().Add(time.Minute), true)
	check(t, err)
	return split(t, s, e, nil)
}

// keylessPayload signs a simple signing payload likewise.
func keylessPayload(t testing.TB, s *ca.VirtualSigstore, payload []byte) *parts {
	t.Helper()
	e, err := s.Sign(alice, issuer, payload)
	check(t, err)
	return split(t, s, e, payload)
}

// bundle makes the parts a Sigstore bundle of version 0.3.
func (p *parts) bundle(t testing.TB) evidence.Piece {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(p.envelope.Payload)
	check(t, err)
	material := &protobundle.VerificationMaterial{TlogEntries: p.entries, TimestampVerificationData: &protobundle.TimestampVerificationData{}}
	if p.cert != nil {
		material.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: p.cert.Raw}}
	} else {
		material.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{}}
	}
	for _, s := range p.stamps {
		d := material.GetTimestampVerificationData()
		d.Rfc3161Timestamps = append(d.GetRfc3161Timestamps(), &protocommon.RFC3161SignedTimestamp{SignedTimestamp: s})
	}
	content, err := protojson.Marshal(&protobundle.Bundle{
		MediaType:            evidence.MediaTypeBundle,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: raw, PayloadType: p.envelope.PayloadType, Signatures: []*protodsse.Signature{{Sig: p.sig}},
		}},
	})
	check(t, err)
	return evidence.Piece{Form: evidence.Bundle, MediaType: evidence.MediaTypeBundle, Content: content}
}

// annotations are those that cosign gives to the layers of a .sig and an .att.
func (p *parts) annotations(t testing.TB) map[string]string {
	t.Helper()
	m := map[string]string{}
	if p.cert != nil {
		m[evidence.AnnotationCertificate] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
	}
	for _, e := range p.entries {
		entry, err := json.Marshal(map[string]any{
			"SignedEntryTimestamp": e.GetInclusionPromise().GetSignedEntryTimestamp(),
			"Payload": map[string]any{
				"body":           e.GetCanonicalizedBody(),
				"integratedTime": e.GetIntegratedTime(), "logIndex": e.GetLogIndex(), "logID": hex.EncodeToString(e.GetLogId().GetKeyId()),
			},
		})
		check(t, err)
		m[evidence.AnnotationLogEntry] = string(entry)
	}
	for _, s := range p.stamps {
		stamp, err := json.Marshal(map[string]any{"SignedRFC3161Timestamp": s})
		check(t, err)
		m[evidence.AnnotationTimestamp] = string(stamp)
	}
	return m
}

func (p *parts) simpleSigning(t testing.TB) evidence.Piece {
	t.Helper()
	m := p.annotations(t)
	m[evidence.AnnotationSignature] = base64.StdEncoding.EncodeToString(p.sig)
	return evidence.Piece{Form: evidence.SimpleSigning, MediaType: evidence.MediaTypeSimpleSigning, Content: p.payload, Annotations: m}
}

func (p *parts) att(t testing.TB) evidence.Piece {
	t.Helper()
	content, err := json.Marshal(p.envelope)
	check(t, err)
	return evidence.Piece{Form: evidence.Envelope, MediaType: evidence.MediaTypeEnvelope, Content: content, Annotations: p.annotations(t)}
}

// keys are one of each kind that cosign signs with.
func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	return map[string]crypto.Signer{"P-256": p256, "P-384": p384, "Ed25519": ed, "Ed25519ph": ed, "RSA": r}
}

// signBytes signs as cosign does with a key of this kind.
func signBytes(t testing.TB, kind string, key crypto.Signer, message []byte) []byte {
	t.Helper()
	hash := map[string]crypto.Hash{"P-384": crypto.SHA384, "Ed25519": 0, "Ed25519ph": crypto.SHA512}
	h, ok := hash[kind]
	if !ok {
		h = crypto.SHA256
	}
	if h != 0 {
		sum := h.New()
		sum.Write(message)
		message = sum.Sum(nil)
	}
	sig, err := key.Sign(rand.Reader, message, h)
	check(t, err)
	return sig
}

// byKey signs a statement by a key, with no log and no time.
func byKey(t testing.TB, kind string, key crypto.Signer, statement []byte) *parts {
	t.Helper()
	const typ = "application/vnd.in-toto+json"
	sig := signBytes(t, kind, key, dsse.PAE(typ, statement))
	return &parts{sig: sig, envelope: &dsse.Envelope{
		PayloadType: typ, Payload: base64.StdEncoding.EncodeToString(statement),
		Signatures: []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}},
	}}
}

func payloadByKey(t testing.TB, kind string, key crypto.Signer, payload []byte) *parts {
	t.Helper()
	return &parts{sig: signBytes(t, kind, key, payload), payload: payload}
}

// aliceOnly trusts what alice has signed, as a Sigstore without a certificate log vouches.
func aliceOnly(s *ca.VirtualSigstore) verify.Authority {
	return verify.Authority{
		Name: "alice", Roots: s, Log: true, InsecureIgnoreSCT: true,
		Identities: []verify.Identity{{Subject: alice, Issuer: issuer}},
	}
}

func request(a verify.Authority, pieces ...evidence.Piece) verify.Request {
	return verify.Request{Digest: artifact("hello"), Authority: a, Evidence: pieces, Now: time.Now()}
}

func signatures(r verify.Request) ([]verify.Verified, error) {
	return verify.Signatures(context.Background(), r)
}

func attestations(r verify.Request) ([]verify.Verified, error) {
	return verify.Attestations(context.Background(), r)
}
