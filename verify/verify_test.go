package verify_test

import (
	"context"
	"crypto"
	"errors"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/verify"
)

// TestKeyless accepts every form by a certificate, and tells who, when and for what repository.
func TestKeyless(t *testing.T) {
	s := newSigstore(t)
	digest := artifact("hello")
	for _, test := range []struct {
		name   string
		piece  evidence.Piece
		verify func(verify.Request) ([]verify.Verified, error)
		typ    string
	}{
		{"sig", keylessPayload(t, s, payload(digest, repository)).simpleSigning(t), signatures, ""},
		{"bundle", keyless(t, s, statement(evidence.PredicateSignature, digest, repository)).bundle(t), signatures, ""},
		{"att", keyless(t, s, statement(provenance, digest, repository)).att(t), attestations, provenance},
		{"bundle", keyless(t, s, statement(provenance, digest, repository)).bundle(t), attestations, provenance},
	} {
		t.Run(test.name+test.typ, func(t *testing.T) {
			r := request(aliceOnly(s), test.piece)
			r.Repository, r.PredicateType = repository, test.typ
			got, err := test.verify(r)
			check(t, err)
			v := got[0]
			if len(got) != 1 || v.Digest != digest || v.Form != test.name || v.PredicateType != test.typ ||
				v.Authority != "alice" || v.Repository != repository || (len(v.Statement) > 0) != (test.typ != "") {
				t.Errorf("got %+v", got)
			}
			if v.Signer.Subject != alice || v.Signer.Issuer != issuer || v.Signer.KeyID != "" {
				t.Errorf("signer %+v", v.Signer)
			}
			if age := time.Since(v.Time); age < -10*time.Minute || age > time.Minute || v.TimeSource == "" || v.LogIndex == nil {
				t.Errorf("time %v of %q, log index %v", v.Time, v.TimeSource, v.LogIndex)
			}
		})
	}
}

// TestKey accepts every form by every kind of key, without any root.
func TestKey(t *testing.T) {
	digest := artifact("hello")
	for kind, key := range keys(t) {
		id, err := verify.KeyID(key.Public())
		check(t, err)
		authority := verify.Authority{Keys: []crypto.PublicKey{keys(t)["P-256"].Public(), key.Public()}}
		for form, piece := range map[string]evidence.Piece{
			"sig":    payloadByKey(t, kind, key, payload(digest, repository)).simpleSigning(t),
			"bundle": byKey(t, kind, key, statement(evidence.PredicateSignature, digest, "")).bundle(t),
		} {
			got, err := signatures(request(authority, piece))
			if err != nil {
				t.Errorf("%s, %s: %v", kind, form, err)
				continue
			}
			if v := got[0]; v.Signer.KeyID != id || !v.Time.IsZero() || v.TimeSource != "" || v.LogIndex != nil || v.Form != form {
				t.Errorf("%s, %s: got %+v", kind, form, v)
			}
		}
		att := byKey(t, kind, key, statement(provenance, digest, repository))
		for _, piece := range []evidence.Piece{att.att(t), att.bundle(t)} {
			if got, err := attestations(request(authority, piece)); err != nil || got[0].PredicateType != provenance {
				t.Errorf("%s, %s: got %+v, %v", kind, piece.Form, got, err)
			}
		}
	}
}

// TestAnnotations are those that are text: others are no annotations.
func TestAnnotations(t *testing.T) {
	key := keys(t)["P-256"]
	piece := payloadByKey(t, "P-256", key, payload(artifact("hello"), repository)).simpleSigning(t)
	got, err := signatures(request(verify.Authority{Keys: []crypto.PublicKey{key.Public()}}, piece))
	check(t, err)
	if a := got[0].Annotations; len(a) != 1 || a["team"] != "blue" {
		t.Errorf("got %v", a)
	}
}

// TestEither accepts when one piece is good, whatever lies beside it.
func TestEither(t *testing.T) {
	s := newSigstore(t)
	digest := artifact("hello")
	key := keys(t)["P-256"]
	good := keyless(t, s, statement(evidence.PredicateSignature, digest, repository)).bundle(t)
	got, err := signatures(request(aliceOnly(s),
		evidence.Piece{Form: evidence.Bundle, Content: []byte("junk")},
		payloadByKey(t, "P-256", key, payload(digest, repository)).simpleSigning(t),
		good,
		evidence.Piece{Form: "other"},
	))
	if err != nil || len(got) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	// And by either of two ways.
	a := aliceOnly(s)
	a.Keys, a.Log = []crypto.PublicKey{key.Public()}, false
	got, err = signatures(request(a, payloadByKey(t, "P-256", key, payload(digest, repository)).simpleSigning(t), good))
	if err != nil || len(got) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestRequests that could never be met say so, whatever the evidence.
func TestRequests(t *testing.T) {
	s := newSigstore(t)
	key := []crypto.PublicKey{keys(t)["P-256"].Public()}
	for name, r := range map[string]verify.Request{
		"nobody":         request(verify.Authority{}),
		"no roots":       request(verify.Authority{Identities: []verify.Identity{{Subject: alice, Issuer: issuer}}}),
		"a log, no root": request(verify.Authority{Keys: key, Log: true}),
		"no issuer":      request(verify.Authority{Roots: s, Identities: []verify.Identity{{Subject: alice}}}),
		"no subject":     request(verify.Authority{Roots: s, Identities: []verify.Identity{{Issuer: issuer}}}),
		"both":           request(verify.Authority{Roots: s, Identities: []verify.Identity{{Subject: alice, SubjectPattern: "a", Issuer: issuer}}}),
		"bad pattern":    request(verify.Authority{Roots: s, Identities: []verify.Identity{{SubjectPattern: "a)|(b", Issuer: issuer}}}),
		"no key":         request(verify.Authority{Keys: []crypto.PublicKey{"key"}}),
		"sha512":         {Digest: "sha512:" + artifact("hello")[7:], Authority: verify.Authority{Keys: key}},
		"upper case":     {Digest: "sha256:ABCDEF" + artifact("hello")[13:], Authority: verify.Authority{Keys: key}},
	} {
		if _, err := signatures(r); !errors.Is(err, verify.ErrRequest) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := request(verify.Authority{Keys: []crypto.PublicKey{keys(t)["P-256"].Public()}}, evidence.Piece{Form: evidence.Bundle})
	if _, err := verify.Signatures(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
