package verify_test

import (
	"crypto"
	"errors"
	"testing"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/verify"
)

// seeds adds a good piece of every form, by a certificate and by a key.
func seeds(f *testing.F, add func(evidence.Piece)) verify.Authority {
	s := newSigstore(f)
	key := keys(f)["P-256"]
	digest := artifact("hello")
	add(keylessPayload(f, s, payload(digest, repository)).simpleSigning(f))
	add(payloadByKey(f, "P-256", key, payload(digest, repository)).simpleSigning(f))
	for _, typ := range []string{evidence.PredicateSignature, provenance} {
		for _, p := range []*parts{keyless(f, s, statement(typ, digest, repository)), byKey(f, "P-256", key, statement(typ, digest, ""))} {
			add(p.bundle(f))
			add(p.att(f))
		}
	}
	a := aliceOnly(s)
	a.Log, a.Keys = false, []crypto.PublicKey{key.Public()}
	return a
}

func piece(form evidence.Form, content []byte, signature, certificate, entry, stamp string) evidence.Piece {
	return evidence.Piece{Form: form, Content: content, Annotations: map[string]string{
		evidence.AnnotationSignature: signature, evidence.AnnotationCertificate: certificate,
		evidence.AnnotationLogEntry: entry, evidence.AnnotationTimestamp: stamp,
	}}
}

// fuzzForm reads what looks like one form of evidence.
func fuzzForm(f *testing.F, form evidence.Form) {
	seeds(f, func(p evidence.Piece) {
		if a := p.Annotations; p.Form == form {
			f.Add(p.Content, a[evidence.AnnotationSignature], a[evidence.AnnotationCertificate], a[evidence.AnnotationLogEntry], a[evidence.AnnotationTimestamp])
		}
	})
	f.Fuzz(func(_ *testing.T, content []byte, signature, certificate, entry, stamp string) {
		_ = verify.ReadUnguarded(piece(form, content, signature, certificate, entry, stamp))
	})
}

func FuzzSimpleSigning(f *testing.F) { fuzzForm(f, evidence.SimpleSigning) }
func FuzzEnvelope(f *testing.F)      { fuzzForm(f, evidence.Envelope) }

func FuzzBundle(f *testing.F) {
	seeds(f, func(p evidence.Piece) {
		if p.Form == evidence.Bundle {
			f.Add(p.Content)
		}
	})
	f.Fuzz(func(_ *testing.T, content []byte) {
		_ = verify.ReadUnguarded(evidence.Piece{Form: evidence.Bundle, Content: content})
	})
}

// FuzzSignatures verifies what is from anywhere: it is an error of ours, or signed by who may.
func FuzzSignatures(f *testing.F) {
	authority := seeds(f, func(p evidence.Piece) {
		a := p.Annotations
		f.Add(string(p.Form), p.Content, a[evidence.AnnotationSignature], a[evidence.AnnotationCertificate], a[evidence.AnnotationLogEntry], a[evidence.AnnotationTimestamp])
	})
	key, err := verify.KeyID(authority.Keys[0])
	check(f, err)
	f.Fuzz(func(t *testing.T, form string, content []byte, signature, certificate, entry, stamp string) {
		r := request(authority, piece(evidence.Form(form), content, signature, certificate, entry, stamp))
		for _, verifier := range []func(verify.Request) ([]verify.Verified, error){signatures, attestations} {
			got, err := verifier(r)
			var e *verify.Error
			if (err == nil) != (len(got) > 0) || err != nil && !errors.As(err, &e) {
				t.Fatalf("got %+v, %v", got, err)
			}
			for _, v := range got {
				if v.Digest != artifact("hello") || v.Signer.KeyID != key && v.Signer.Subject != alice {
					t.Fatalf("got in: %+v", v)
				}
			}
		}
	})
}
