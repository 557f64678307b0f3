package sign_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/sigstore"
	stack "github.com/wpkdev/wpk/internal/wpktest/sigstore"
	"github.com/wpkdev/wpk/sign"
	"github.com/wpkdev/wpk/sign/identity"
)

// Keyless and by key, with the real services: what is made is verified with the stack's roots before it is returned,
// and once more here.
func TestStack(t *testing.T) {
	s := stack.Start(t)
	roots, err := sigstore.LoadTrustedRoot(s.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` + digestHex + `"}}],"predicateType":"https://example.test/p","predicate":{"n":1}}`)
	for name, file := range map[string]string{"v1": s.SigningConfigV1, "v2": s.SigningConfigV2} {
		config, err := sigstore.LoadSigningConfig(file)
		if err != nil {
			t.Fatal(err)
		}
		services, err := sign.ChooseServices(config, 0, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		tokens := 0
		for who, o := range map[string]sign.Options{
			"identity": {Token: func(context.Context) (identity.Token, error) {
				tokens++
				return identity.Parse(s.Token("dev@example.test"))
			}},
			"P-256":   {Key: newKey(t, sigstore.P256)},
			"P-384":   {Key: newKey(t, sigstore.P384)},
			"RSA":     {Key: newKey(t, sigstore.RSA2048)},
			"Ed25519": {Key: newKey(t, sigstore.Ed25519)},
		} {
			t.Run(name+"/"+who, func(t *testing.T) {
				o.Services, o.Roots = services, roots
				signer, err := sign.New(o)
				if who == "Ed25519" && name == "v2" || who == "P-384" && name == "v1" {
					if !errors.Is(err, sign.ErrLogKey) {
						t.Error(err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				signature, err := signer.Signature(t.Context(), subject())
				if err != nil {
					t.Fatal(err)
				}
				attestation, err := signer.Attestation(t.Context(), raw)
				if err != nil {
					t.Fatal(err)
				}
				verifyBundle(t, o.Key, roots, signature[0])
				verifyBundle(t, o.Key, roots, attestation[0])
				formats, _ := signer.Formats()
				if len(formats) != len(signature) || (len(formats) == 2) == (name == "v2" || who == "Ed25519") {
					t.Fatalf("formats %v, %d pieces", formats, len(signature))
				}
				if len(formats) == 2 {
					checkLegacy(t, signature[1], attestation[1], o.Key == nil)
				}
			})
		}
		if tokens != 1 {
			t.Errorf("%s: %d tokens were asked for, and one is enough", name, tokens)
		}
	}
}

// checkLegacy looks for all that older clients want in the annotations.
func checkLegacy(t *testing.T, signature, attestation evidence.Piece, certified bool) {
	t.Helper()
	for _, p := range []evidence.Piece{signature, attestation} {
		for _, name := range []string{evidence.AnnotationCertificate, evidence.AnnotationChain} {
			if (p.Annotations[name] != "") != certified {
				t.Errorf("%s: %s is %q", p.Form, name, p.Annotations[name])
			}
		}
		if p.Annotations[evidence.AnnotationTimestamp] == "" {
			t.Errorf("%s has no timestamp", p.Form)
		}
		var entry struct {
			SignedEntryTimestamp []byte
			Payload              struct {
				Body     string
				LogIndex *int64
				LogID    string
			}
		}
		if err := json.Unmarshal([]byte(p.Annotations[evidence.AnnotationLogEntry]), &entry); err != nil {
			t.Fatal(err)
		}
		body, err := base64.StdEncoding.DecodeString(entry.Payload.Body)
		if err != nil || len(entry.SignedEntryTimestamp) == 0 || entry.Payload.LogIndex == nil || len(entry.Payload.LogID) != 64 {
			t.Errorf("%s: entry %+v, %v", p.Form, entry, err)
		}
		if p.Form != evidence.Envelope {
			continue
		}
		var content struct {
			Spec struct {
				EnvelopeHash struct{ Value string }
			}
		}
		if err := json.Unmarshal(body, &content); err != nil || content.Spec.EnvelopeHash.Value != envelopeHash(p) {
			t.Errorf("the log has another envelope: %s, %v", body, err)
		}
	}
}
