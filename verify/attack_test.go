package verify_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/proto"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/verify"
)

// attack is evidence that must not get in, with the error that it gets.
type attack struct {
	request verify.Request
	kind    error
	text    string
}

func (a attack) run(t *testing.T, name string, f func(verify.Request) ([]verify.Verified, error)) {
	t.Helper()
	got, err := f(a.request)
	var e *verify.Error
	switch {
	case len(got) > 0:
		t.Errorf("%s: got in: %+v", name, got)
	case !errors.Is(err, a.kind) || !errors.As(err, &e):
		t.Errorf("%s: got %v, want %v", name, err, a.kind)
	case !strings.Contains(err.Error(), a.text) || strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: got %q, want it to tell %q on one line", name, err, a.text)
	}
}

// TestAttestationIsNoSignature: what cosign 2.6.5 and 3.1.3 take for a signature is none here (attack 1).
func TestAttestationIsNoSignature(t *testing.T) {
	s := newSigstore(t)
	p := keyless(t, s, statement(provenance, artifact("hello"), repository)).bundle(t)
	p.Annotations = map[string]string{evidence.AnnotationBundlePredicate: evidence.PredicateSignature}
	attack{request(aliceOnly(s), p), verify.ErrNoSignature, "no signature"}.run(t, "attestation", signatures)

	sign := keyless(t, s, statement(evidence.PredicateSignature, artifact("hello"), repository))
	r := request(aliceOnly(s), sign.bundle(t), sign.att(t))
	attack{r, verify.ErrNoAttestation, "no attestation"}.run(t, "signature", attestations)
	attack{request(aliceOnly(s), sign.att(t)), verify.ErrNoSignature, ""}.run(t, "signature in an .att", signatures)

	r = request(aliceOnly(s), p)
	r.PredicateType, r.Skipped = "https://spdx.dev/Document", 500
	attack{r, verify.ErrNoAttestation, `of type "https://spdx.dev/Document"`}.run(t, "other type", attestations)
	attack{r, verify.ErrNoAttestation, "500 more skipped"}.run(t, "other type", attestations)
}

// TestReplay: a signature counts for its digest and, when that is asked, for its repository (attack 4).
func TestReplay(t *testing.T) {
	key := keys(t)["P-256"]
	authority := verify.Authority{Keys: []crypto.PublicKey{key.Public()}}
	digest, other := artifact("hello"), artifact("other")
	sig := func(digest, repository string) verify.Request {
		return request(authority, payloadByKey(t, "P-256", key, payload(digest, repository)).simpleSigning(t))
	}
	bundle := func(digest, repository string) verify.Request {
		return request(authority, byKey(t, "P-256", key, statement(evidence.PredicateSignature, digest, repository)).bundle(t))
	}
	for name, a := range map[string]attack{
		"sig of another":     {sig(other, repository), verify.ErrInvalid, other},
		"bundle of another":  {bundle(other, repository), verify.ErrInvalid, other},
		"half of the digest": {bundle(digest[:40], repository), verify.ErrInvalid, "another artifact"},
		"digest and more":    {bundle(digest+"00", repository), verify.ErrInvalid, "another artifact"},
		"other algorithm":    {bundle("sha512:"+digest[7:], repository), verify.ErrInvalid, "another artifact"},
		"upper case":         {bundle("sha256:"+strings.ToUpper(digest[7:]), repository), verify.ErrInvalid, "another artifact"},
		"sig, sha512":        {sig("sha512:"+digest[7:], repository), verify.ErrInvalid, "no SHA-256 digest"},
	} {
		a.run(t, name, signatures)
	}
	for name, r := range map[string]verify.Request{"sig": sig(digest, repository), "bundle": bundle(digest, repository)} {
		r.Repository = "registry.acme.example/wasm/hello2"
		attack{r, verify.ErrPolicy, `for repository "` + repository + `", not for`}.run(t, name, signatures)
		r.Repository = repository + ":1.0"
		if _, err := signatures(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]verify.Request{"sig": sig(digest, ""), "bundle": bundle(digest, "")} {
		r.Repository = repository
		attack{r, verify.ErrPolicy, "names no repository"}.run(t, name, signatures)
	}
	hub := sig(digest, "index.docker.io/acme/hello:1.0")
	hub.Repository = "docker.io/acme/hello"
	if _, err := signatures(hub); err != nil {
		t.Error(err)
	}
}

// TestWrongSigner: by another key, by other names, and by names that only contain the right one (attack 5).
func TestWrongSigner(t *testing.T) {
	s := newSigstore(t)
	digest := artifact("hello")
	sign := statement(evidence.PredicateSignature, digest, repository)
	mine, theirs := keys(t)["P-256"], keys(t)["P-256"]
	byTheirs := byKey(t, "P-256", theirs, sign).bundle(t)
	authority := verify.Authority{Keys: []crypto.PublicKey{mine.Public()}}
	id, err := verify.KeyID(mine.Public())
	check(t, err)
	raw, err := hex.DecodeString(strings.TrimPrefix(id, "sha256:"))
	check(t, err)
	hinted := byTheirs
	hinted.Content = bytes.Replace(hinted.Content, []byte(`"publicKey":{}`),
		[]byte(`"publicKey":{"hint":"`+base64.StdEncoding.EncodeToString(raw)+`"}`), 1)
	if bytes.Equal(hinted.Content, byTheirs.Content) {
		t.Fatal("the bundle has no hint")
	}
	byAlice := keyless(t, s, sign).bundle(t)
	as := func(ids ...verify.Identity) verify.Request {
		a := aliceOnly(s)
		a.Identities = ids
		return request(a, byAlice)
	}
	for name, a := range map[string]attack{
		"another key":         {request(authority, byTheirs), verify.ErrIdentity, "not made with key " + id},
		"in the name of mine": {request(authority, hinted), verify.ErrInvalid, "signature"},
		"sig by another key":  {request(authority, payloadByKey(t, "P-256", theirs, payload(digest, "")).simpleSigning(t)), verify.ErrIdentity, "not made with key"},
		"certificate for key": {request(authority, byAlice), verify.ErrIdentity, "only key"},
		"key for certificate": {request(aliceOnly(s), byTheirs), verify.ErrIdentity, "only certificates of " + alice},
		"other subject":       {as(verify.Identity{Subject: "bob@acme.example", Issuer: issuer}), verify.ErrIdentity, alice},
		"other issuer":        {as(verify.Identity{Subject: alice, Issuer: issuer + "/"}), verify.ErrIdentity, issuer},
		"case":                {as(verify.Identity{Subject: "Alice@acme.example", Issuer: issuer}), verify.ErrIdentity, alice},
		"crossed":             {as(verify.Identity{Subject: alice, Issuer: "x"}, verify.Identity{Subject: "x", Issuer: issuer}), verify.ErrIdentity, alice},
		"inside":              {as(verify.Identity{SubjectPattern: "acme", Issuer: issuer}), verify.ErrIdentity, alice},
		"beginning":           {as(verify.Identity{SubjectPattern: "alice@acme", Issuer: issuer}), verify.ErrIdentity, alice},
		"alternatives":        {as(verify.Identity{SubjectPattern: "alice|bob", Issuer: issuer}), verify.ErrIdentity, alice},
		"lines":               {as(verify.Identity{SubjectPattern: "(?m)alice$", Issuer: issuer}), verify.ErrIdentity, alice},
		"issuer, inside":      {as(verify.Identity{Subject: alice, IssuerPattern: "acme"}), verify.ErrIdentity, issuer},
	} {
		a.run(t, name, signatures)
	}
	if _, err := signatures(as(verify.Identity{SubjectPattern: `.*@acme\.example`, IssuerPattern: `https://login\..*`})); err != nil {
		t.Error(err)
	}
}

// TestEvilTwin: a name that has the right one in it is another name (attack 5).
func TestEvilTwin(t *testing.T) {
	s := newSigstore(t)
	const twin = "https://evil.example/acme/wasm2"
	e, err := s.AttestAtTime(twin, issuer, statement(evidence.PredicateSignature, artifact("hello"), ""), time.Now().Add(time.Minute), true)
	check(t, err)
	for _, pattern := range []string{"acme/wasm", "https://.*/acme/wasm", "acme/.*"} {
		a := aliceOnly(s)
		a.Identities = []verify.Identity{{SubjectPattern: pattern, Issuer: issuer}}
		attack{request(a, split(t, s, e, nil).bundle(t)), verify.ErrIdentity, twin}.run(t, pattern, signatures)
	}
}

// TestWitnesses: time, log and certificate authority are demanded as they should be (attack 9).
func TestWitnesses(t *testing.T) {
	s, others := newSigstore(t), newSigstore(t)
	sign := statement(evidence.PredicateSignature, artifact("hello"), repository)
	change := func(f func(*parts)) evidence.Piece {
		p := keyless(t, s, sign)
		f(p)
		return p.bundle(t)
	}
	entry := func(f func(*protorekor.TransparencyLogEntry)) evidence.Piece {
		return change(func(p *parts) { f(p.entries[0]) })
	}
	stamped := aliceOnly(s)
	stamped.Timestamp = true
	sct := aliceOnly(s)
	sct.InsecureIgnoreSCT = false
	noLog := aliceOnly(s)
	noLog.Log = false
	bare := func(p *parts) { p.entries, p.stamps = nil, nil }
	for name, a := range map[string]attack{
		"no entry":            {request(aliceOnly(s), change(func(p *parts) { p.entries = nil })), verify.ErrInvalid, "log"},
		"no timestamp":        {request(stamped, change(func(p *parts) { p.stamps = nil })), verify.ErrInvalid, "timestamp"},
		"no witness":          {request(aliceOnly(s), change(bare)), verify.ErrInvalid, "log"},
		"no time at all":      {request(noLog, change(bare)), verify.ErrInvalid, "timestamp"},
		"no certificate log":  {request(sct, change(func(*parts) {})), verify.ErrInvalid, "certificate timestamp"},
		"another Sigstore":    {request(aliceOnly(others), change(func(*parts) {})), verify.ErrInvalid, "log"},
		"future":              {verify.Request{Digest: artifact("hello"), Authority: aliceOnly(s), Evidence: []evidence.Piece{change(func(*parts) {})}, Now: time.Now().Add(-48 * time.Hour)}, verify.ErrInvalid, "future"},
		"expired certificate": {request(aliceOnly(s), late(t, s, sign)), verify.ErrInvalid, "validity"},
		"another's entry": {request(aliceOnly(s), change(func(p *parts) {
			p.entries = keyless(t, s, statement(evidence.PredicateSignature, artifact("x"), "")).entries
		})), verify.ErrInvalid, "does not match"},
		"another's timestamp": {request(stamped, change(func(p *parts) {
			p.stamps = keyless(t, s, sign).stamps
		})), verify.ErrInvalid, "timestamp"},
		"clock of the log moved": {request(aliceOnly(s), entry(func(e *protorekor.TransparencyLogEntry) { e.IntegratedTime += 10 })), verify.ErrInvalid, "log"},
		"entry without promise, no timestamp": {request(aliceOnly(s), change(func(p *parts) {
			p.entries[0].InclusionPromise, p.stamps = nil, nil
		})), verify.ErrInvalid, "timestamp"},
		"inclusion proof, root": {request(aliceOnly(s), entry(func(e *protorekor.TransparencyLogEntry) { e.GetInclusionProof().RootHash[3] ^= 1 })), verify.ErrInvalid, ""},
		"inclusion proof, path": {request(aliceOnly(s), entry(func(e *protorekor.TransparencyLogEntry) {
			e.GetInclusionProof().Hashes = [][]byte{make([]byte, 32)}
		})), verify.ErrInvalid, ""},
		"inclusion proof, checkpoint": {request(aliceOnly(s), entry(func(e *protorekor.TransparencyLogEntry) {
			c := e.GetInclusionProof().GetCheckpoint()
			c.Envelope = strings.Replace(c.GetEnvelope(), "— rekor.localhost ", "— rekor.localhost AAAA", 1)
		})), verify.ErrInvalid, ""},
		"same entry twice": {request(aliceOnly(s), change(func(p *parts) {
			p.entries = append(p.entries, proto.Clone(p.entries[0]).(*protorekor.TransparencyLogEntry))
		})), verify.ErrInvalid, "duplicate"},
		"another log": {request(aliceOnly(s), entry(func(e *protorekor.TransparencyLogEntry) {
			e.LogId = &protocommon.LogId{KeyId: make([]byte, 32)}
		})), verify.ErrInvalid, "log"},
		"statement changed": {request(aliceOnly(s), change(func(p *parts) {
			p.envelope.Payload = base64.StdEncoding.EncodeToString(append(sign, ' '))
		})), verify.ErrInvalid, ""},
	} {
		a.run(t, name, signatures)
	}
	if _, err := signatures(request(stamped, change(func(*parts) {}))); err != nil {
		t.Error(err)
	}
	if got, err := signatures(request(noLog, change(func(p *parts) { p.entries = nil }))); err != nil || got[0].TimeSource != verify.TimeOfAuthority {
		t.Errorf("got %+v, %v", got, err)
	}
	// A log that nobody demanded may lack, but then there is no time either.
	if got, err := signatures(request(noLog, change(func(p *parts) { p.entries[0].IntegratedTime += 10 }))); err != nil || got[0].LogIndex != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// late is a signature that its log has an hour after the certificate has ended, which no timestamp contradicts.
func late(t *testing.T, s *ca.VirtualSigstore, statement []byte) evidence.Piece {
	t.Helper()
	e, err := s.AttestAtTime(alice, issuer, statement, time.Now().Add(50*time.Minute), true)
	check(t, err)
	p := split(t, s, e, nil)
	p.stamps = nil
	return p.bundle(t)
}

// TestBestFailure: the error is that of the piece that got furthest, and counts all.
func TestBestFailure(t *testing.T) {
	key := keys(t)["P-256"]
	authority := verify.Authority{Name: "release", Keys: []crypto.PublicKey{key.Public()}}
	invalid := payloadByKey(t, "P-256", key, payload(artifact("other"), "")).simpleSigning(t)
	identity := payloadByKey(t, "P-256", keys(t)["P-256"], payload(artifact("hello"), "")).simpleSigning(t)
	junk := evidence.Piece{Form: evidence.SimpleSigning, Content: []byte("{")}
	r := request(authority, invalid, identity, junk)
	r.Skipped = 3
	_, err := signatures(r)
	var e *verify.Error
	if !errors.As(err, &e) || !errors.Is(err, verify.ErrIdentity) || e.Pieces != 3 || e.Skipped != 3 || e.Authority != "release" {
		t.Fatalf("got %#v", err)
	}
	for _, part := range []string{artifact("hello"), `"release"`, "none of 3 signatures", "not made with key sha256:", "3 more skipped"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not tell %q", err, part)
		}
	}
}

// TestJunk is refused, whatever is wrong with it.
func TestJunk(t *testing.T) {
	s := newSigstore(t)
	sig := keylessPayload(t, s, payload(artifact("hello"), "")).simpleSigning(t)
	att := keyless(t, s, statement(provenance, artifact("hello"), "")).att(t)
	annotated := func(p evidence.Piece, name, value string) evidence.Piece {
		m := map[string]string{}
		for k, v := range p.Annotations {
			m[k] = v
		}
		m[name] = value
		p.Annotations = m
		return p
	}
	content := func(p evidence.Piece, text string) evidence.Piece {
		p.Content = []byte(text)
		return p
	}
	var envelope map[string]any
	check(t, json.Unmarshal(att.Content, &envelope))
	envelope["signatures"] = []any{}
	unsigned, err := json.Marshal(envelope)
	check(t, err)
	for name, p := range map[string]evidence.Piece{
		"sig, no signature":       annotated(sig, evidence.AnnotationSignature, ""),
		"sig, no base64":          annotated(sig, evidence.AnnotationSignature, "%%%"),
		"sig, certificate":        annotated(sig, evidence.AnnotationCertificate, "x"),
		"sig, empty certificate":  annotated(sig, evidence.AnnotationCertificate, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
		"sig, log entry":          annotated(sig, evidence.AnnotationLogEntry, `{"SignedEntryTimestamp":"AAAA","Payload":{"body":"e30="}}`),
		"sig, timestamp":          annotated(sig, evidence.AnnotationTimestamp, "[]"),
		"sig, long":               annotated(sig, evidence.AnnotationLogEntry, strings.Repeat(" ", 2<<20)),
		"sig, payload":            content(sig, "{}"),
		"sig, large":              content(sig, strings.Repeat(" ", evidence.MaxContent+1)),
		"att, unsigned":           content(att, string(unsigned)),
		"att, no envelope":        content(att, "[]"),
		"att, other type":         content(att, `{"payloadType":"text/plain","payload":"","signatures":[{"sig":""}]}`),
		"bundle, message":         content(evidence.Piece{Form: evidence.Bundle}, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"messageSignature":{}}`),
		"bundle, empty envelope":  content(evidence.Piece{Form: evidence.Bundle}, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"dsseEnvelope":{}}`),
		"bundle, unknown version": content(evidence.Piece{Form: evidence.Bundle}, `{"mediaType":"application/vnd.dev.sigstore.bundle.v9.3+json"}`),
	} {
		f := signatures
		if p.Form == evidence.Envelope {
			f = attestations
		}
		attack{request(aliceOnly(s), p), verify.ErrInvalid, ""}.run(t, name, f)
	}
	if _, err := verify.Signatures(context.Background(), request(aliceOnly(s))); !errors.Is(err, verify.ErrNoSignature) {
		t.Errorf("got %v", err)
	}
}
