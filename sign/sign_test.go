package sign_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/sign"
	"github.com/wpkdev/wpk/sign/identity"
)

const digestHex = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

func subject() sign.Subject {
	return sign.Subject{Digest: "sha256:" + digestHex, Repository: "registry.example/acme/hello", Annotations: map[string]string{"stage": "release"}}
}

func newKey(t *testing.T, a sigstore.Algorithm) *sigstore.Key {
	t.Helper()
	s, err := sigstore.Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	k, err := sigstore.NewKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSigner(t *testing.T, o sign.Options) *sign.Signer {
	t.Helper()
	s, err := sign.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every kind of key signs both forms with no service at all, verified here by Sigstore's own library and plain crypto.
func TestKeys(t *testing.T) {
	for _, a := range []sigstore.Algorithm{sigstore.P256, sigstore.P384, sigstore.Ed25519, sigstore.RSA2048} {
		t.Run(string(a), func(t *testing.T) {
			key := newKey(t, a)
			s := newSigner(t, sign.Options{Key: key})
			pieces, err := s.Signature(t.Context(), subject())
			if err != nil {
				t.Fatal(err)
			}
			if len(pieces) != 2 || pieces[0].Form != evidence.Bundle || pieces[1].Form != evidence.SimpleSigning {
				t.Fatalf("%d pieces: %+v", len(pieces), pieces)
			}
			statement := verifyBundle(t, key, nil, pieces[0])
			if statement.PredicateType != evidence.PredicateSignature || statement.Subject[0].Name != subject().Repository ||
				statement.Subject[0].Digest["sha256"] != digestHex || statement.Subject[0].Annotations["stage"] != "release" {
				t.Errorf("statement %+v", statement)
			}
			verifySimple(t, key, pieces[1])
			again, err := s.Signature(t.Context(), subject())
			if err != nil || !reflect.DeepEqual(again, pieces) {
				t.Errorf("signed again it is something else: %v", err)
			}
		})
	}
}

type statement struct {
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Name        string            `json:"name"`
		Digest      map[string]string `json:"digest"`
		Annotations map[string]string `json:"annotations"`
	} `json:"subject"`
}

// verifyBundle verifies a bundle by a key, or by roots.
func verifyBundle(t *testing.T, key *sigstore.Key, roots root.TrustedMaterial, p evidence.Piece) statement {
	t.Helper()
	b := new(bundle.Bundle)
	if err := b.UnmarshalJSON(p.Content); err != nil {
		t.Fatalf("%v: %s", err, p.Content)
	}
	o := []sgverify.VerifierOption{sgverify.WithNoObserverTimestamps()}
	policy := []sgverify.PolicyOption{sgverify.WithKey()}
	material := roots
	if roots != nil {
		o = []sgverify.VerifierOption{sgverify.WithTransparencyLog(1), sgverify.WithObserverTimestamps(1), sgverify.WithSignedCertificateTimestamps(1)}
	}
	if key != nil {
		verifier, err := signature.LoadVerifier(key.Public(), max(key.Hash(), 5))
		if err != nil {
			t.Fatal(err)
		}
		own := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
			return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
		})
		material = own
		if roots != nil {
			o = []sgverify.VerifierOption{sgverify.WithTransparencyLog(1), sgverify.WithNoObserverTimestamps()}
			material = root.TrustedMaterialCollection{roots, own}
		}
	} else {
		policy = []sgverify.PolicyOption{sgverify.WithoutIdentitiesUnsafe()}
	}
	v, err := sgverify.NewVerifier(material, o...)
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := hex.DecodeString(digestHex)
	if _, err := v.Verify(b, sgverify.NewPolicy(sgverify.WithArtifactDigest("sha256", digest), policy...)); err != nil {
		t.Fatalf("%v: %s", err, p.Content)
	}
	var s statement
	if err := json.Unmarshal(b.GetDsseEnvelope().GetPayload(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func verifySimple(t *testing.T, key *sigstore.Key, p evidence.Piece) {
	t.Helper()
	sig, err := base64.StdEncoding.DecodeString(p.Annotations[evidence.AnnotationSignature])
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.LoadVerifier(key.Public(), max(key.Hash(), 5))
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifySignature(strings.NewReader(string(sig)), strings.NewReader(string(p.Content))); err != nil {
		t.Error(err)
	}
	want := `{"critical":{"identity":{"docker-reference":"registry.example/acme/hello"},"image":{"docker-manifest-digest":"sha256:` +
		digestHex + `"},"type":"cosign container image signature"},"optional":{"stage":"release"}}`
	if string(p.Content) != want {
		t.Errorf("payload %s", p.Content)
	}
}

// An attestation is signed once, and both forms hold that signature.
func TestAttestation(t *testing.T) {
	key := newKey(t, sigstore.P256)
	raw := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` + digestHex + `"}}],"predicateType":"https://example.test/p","predicate":{"n":1}}`)
	pieces, err := newSigner(t, sign.Options{Key: key}).Attestation(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(pieces) != 2 || pieces[1].Form != evidence.Envelope {
		t.Fatalf("%+v", pieces)
	}
	if s := verifyBundle(t, key, nil, pieces[0]); s.PredicateType != "https://example.test/p" {
		t.Errorf("%+v", s)
	}
	var b struct{ DsseEnvelope json.RawMessage }
	var envelope struct {
		PayloadType, Payload string
		Signatures           []struct{ Sig string }
	}
	if err := errors.Join(json.Unmarshal(pieces[0].Content, &b), json.Unmarshal(pieces[1].Content, &envelope)); err != nil {
		t.Fatal(err)
	}
	if len(envelope.Signatures) != 1 || !strings.Contains(string(b.DsseEnvelope), envelope.Signatures[0].Sig) {
		t.Errorf("two signatures: %s and %s", b.DsseEnvelope, pieces[1].Content)
	}
	if a := pieces[1].Annotations; a[evidence.AnnotationPredicate] != "https://example.test/p" || a[evidence.AnnotationSignature] != "" {
		t.Errorf("annotations %v", a)
	}
}

func TestNotAStatement(t *testing.T) {
	s := newSigner(t, sign.Options{Key: newKey(t, sigstore.P256)})
	for _, raw := range []string{
		``, `[]`, `{}`,
		`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"x"}`,
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x"}],"predicateType":"x"}`,
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}]}`,
		`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1"}`,
	} {
		if pieces, err := s.Attestation(t.Context(), []byte(raw)); !errors.Is(err, sign.ErrStatement) {
			t.Errorf("%s: %v, %v", raw, pieces, err)
		}
	}
	if _, err := s.Signature(t.Context(), sign.Subject{Digest: "sha256:00"}); err == nil {
		t.Error("half a digest was signed")
	}
}

func TestOptions(t *testing.T) {
	ed, p256 := newKey(t, sigstore.Ed25519), newKey(t, sigstore.P256)
	token := func(context.Context) (identity.Token, error) { return identity.Token{}, nil }
	v1, v2 := []sign.Log{{URL: "http://127.0.0.1:1"}}, []sign.Log{{URL: "http://127.0.0.1:1", Version: 2}}
	for name, c := range map[string]struct {
		o    sign.Options
		want error
		left []sign.Format // nil: both
	}{
		"nobody":            {sign.Options{}, sign.ErrNoSigner, nil},
		"no fulcio":         {sign.Options{Token: token}, sign.ErrNoFulcio, nil},
		"no time":           {sign.Options{Token: token, Services: sign.Services{Fulcio: "x"}}, sign.ErrNoTime, nil},
		"v2 without time":   {sign.Options{Token: token, Services: sign.Services{Fulcio: "x", Logs: v2}}, sign.ErrNoTime, nil},
		"v2 with time":      {sign.Options{Token: token, Services: sign.Services{Fulcio: "x", Logs: v2, Timestamps: []string{"y"}}}, nil, []sign.Format{sign.Bundle}},
		"v1":                {sign.Options{Token: token, Services: sign.Services{Fulcio: "x", Logs: v1}}, nil, nil},
		"legacy of v2":      {sign.Options{Key: p256, Services: sign.Services{Logs: v2}, Formats: []sign.Format{sign.Legacy}}, sign.ErrNoBundle, nil},
		"ed25519 v2":        {sign.Options{Key: ed, Services: sign.Services{Logs: v2}}, sign.ErrLogKey, nil},
		"p384 v1":           {sign.Options{Key: newKey(t, sigstore.P384), Services: sign.Services{Logs: v1}}, sign.ErrLogKey, nil},
		"ed25519 v1":        {sign.Options{Key: ed, Services: sign.Services{Logs: v1}}, nil, []sign.Format{sign.Bundle}},
		"ed25519 v1 legacy": {sign.Options{Key: ed, Services: sign.Services{Logs: v1}, Formats: []sign.Format{sign.Legacy}}, sign.ErrNoBundle, nil},
		"legacy alone":      {sign.Options{Key: ed, Formats: []sign.Format{sign.Legacy}}, nil, []sign.Format{sign.Legacy}},
	} {
		s, err := sign.New(c.o)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			continue
		}
		if c.left == nil {
			c.left = []sign.Format{sign.Bundle, sign.Legacy}
		}
		if formats, _ := s.Formats(); !reflect.DeepEqual(formats, c.left) {
			t.Errorf("%s: formats %v", name, formats)
		}
	}
}

// fakeToken is a token as an issuer makes it, with a signature that nobody checks here.
func fakeToken(t *testing.T, claims string) identity.Token {
	t.Helper()
	e := base64.RawURLEncoding
	token, err := identity.Parse(e.EncodeToString([]byte(`{"alg":"none"}`)) + "." + e.EncodeToString([]byte(claims)) + "." + e.EncodeToString([]byte("a secret signature")))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// What a service answers is bounded, quoted on one line without the token, and never leads elsewhere.
func TestBadServices(t *testing.T) {
	token := fakeToken(t, `{"iss":"https://issuer.test","sub":"x"}`)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody else was asked: %s with %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	answers := map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/api/v2/signingCert", http.StatusTemporaryRedirect)
		},
		"reflects": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "bad\n token "+r.Header.Get("Authorization")+strings.Repeat(" and so on", 1000), http.StatusBadRequest)
		},
		"flood": func(w http.ResponseWriter, _ *http.Request) {
			for range 3000 {
				if _, err := w.Write(make([]byte, 10_000)); err != nil {
					return
				}
			}
		},
		"empty":        func(http.ResponseWriter, *http.Request) {},
		"not one":      func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) },
		"no PEM":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chainOf("x")) },
		"not parsable": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, chainOf(pemOf([]byte("x")))) },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			byKey := newKey(t, sigstore.P256)
			for service, o := range map[string]sign.Options{
				"Fulcio": {
					Token:    func(context.Context) (identity.Token, error) { return token, nil },
					Services: sign.Services{Fulcio: server.URL, Logs: []sign.Log{{URL: elsewhere.URL}}},
				},
				"Rekor":                   {Key: byKey, Services: sign.Services{Logs: []sign.Log{{URL: server.URL}}}},
				"the timestamp authority": {Key: byKey, Services: sign.Services{Timestamps: []string{server.URL}}},
			} {
				_, err := newSigner(t, o).Signature(t.Context(), subject())
				var failed *sign.ServiceError
				if service == "the timestamp authority" && err != nil && !errors.As(err, &failed) {
					continue // its answer is read by the library
				}
				if !errors.As(err, &failed) || failed.Service != service {
					t.Errorf("%s: %v", service, err)
					continue
				}
				text := err.Error()
				if strings.Contains(text, token.Reveal()) || strings.ContainsAny(text, "\n\r") || len(text) > 600 {
					t.Errorf("%s: %s", service, text)
				}
			}
		})
	}
}

func pemOf(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func chainOf(certificates ...string) string {
	raw, _ := json.Marshal(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": certificates}}})
	return string(raw)
}

// A signer that is told to stop does, in the middle of a request.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	s := newSigner(t, sign.Options{Key: newKey(t, sigstore.P256), Services: sign.Services{Timestamps: []string{server.URL}}})
	if _, err := s.Signature(ctx, subject()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The log's entry of a .att layer is about exactly its bytes.
func envelopeHash(p evidence.Piece) string {
	sum := sha256.Sum256(p.Content)
	return hex.EncodeToString(sum[:])
}

// A log that has an entry already names it, and that entry is taken.
func TestLoggedBefore(t *testing.T) {
	var entry []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && entry != nil:
			w.Header().Set("Location", "/api/v1/log/entries/0123abcd")
			w.WriteHeader(http.StatusConflict)
		case r.Method == http.MethodPost:
			proposed, _ := io.ReadAll(r.Body)
			entry = entryOf(proposed)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(entry)
		case r.URL.Path == "/api/v1/log/entries/0123abcd":
			_, _ = w.Write(entry)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	s := newSigner(t, sign.Options{Key: newKey(t, sigstore.P256), Services: sign.Services{Logs: []sign.Log{{URL: server.URL}}}, Formats: []sign.Format{sign.Legacy}})
	first, err := s.Signature(t.Context(), subject())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Signature(t.Context(), subject())
	if err != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("%v\n%+v\n%+v", err, first, again)
	}
}

// entryOf is a log's answer to a proposed entry, with nothing true in it but the body.
func entryOf(proposed []byte) []byte {
	raw, _ := json.Marshal(map[string]any{"0123abcd": map[string]any{
		"body": base64.StdEncoding.EncodeToString(proposed), "integratedTime": 1700000000, "logIndex": 7, "logID": strings.Repeat("ab", 32),
		"verification": map[string]any{
			"signedEntryTimestamp": base64.StdEncoding.EncodeToString([]byte("promise")),
			"inclusionProof":       map[string]any{"logIndex": 7, "treeSize": 8, "rootHash": strings.Repeat("00", 32), "hashes": []string{}, "checkpoint": "x"},
		},
	}})
	return raw
}

// Entries without what is looked at later are errors.
func TestHalfEntries(t *testing.T) {
	for _, drop := range []string{"body", "integratedTime", "logIndex", "logID", "verification", "inclusionProof", "signedEntryTimestamp", "rootHash", "checkpoint", "treeSize"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			proposed, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(strings.Replace(string(entryOf(proposed)), `"`+drop+`"`, `"dropped"`, 1)))
		}))
		s := newSigner(t, sign.Options{Key: newKey(t, sigstore.P256), Services: sign.Services{Logs: []sign.Log{{URL: server.URL}}}})
		_, err := s.Signature(t.Context(), subject())
		var failed *sign.ServiceError
		if !errors.As(err, &failed) {
			t.Errorf("without %s: %v", drop, err)
		}
		server.Close()
	}
}
