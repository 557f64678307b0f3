package sigstore_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

// Who logs in gets a token that Fulcio takes, and who only saw the code does not.
func TestLogin(t *testing.T) {
	s := sigstore.Start(t)
	const secret = "a secret of forty-three characters or more ..."
	sum := sha256.Sum256([]byte(secret))
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(s.IssuerURL + "/auth?" + url.Values{
		"client_id": {"sigstore"}, "response_type": {"code"}, "redirect_uri": {"http://localhost:1/callback"}, "state": {"mine"}, "nonce": {"once"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil || back.Host != "localhost:1" || back.Query().Get("state") != "mine" {
		t.Fatalf("the browser is sent to %v (%v)", back, err)
	}
	for verifier, status := range map[string]int{"of another": http.StatusBadRequest, secret: http.StatusOK} {
		res, err := http.PostForm(s.IssuerURL+"/exchange", url.Values{
			"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "code_verifier": {verifier},
		})
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Token string `json:"id_token"`
		}
		if status == http.StatusOK {
			err = json.NewDecoder(res.Body).Decode(&answer)
		}
		_ = res.Body.Close()
		if err != nil || res.StatusCode != status {
			t.Fatalf("%q: %s, %v", verifier, res.Status, err)
		}
		if status == http.StatusOK {
			verifyMessage(t, s, signMessage(t, s, s.SigningConfigV1, answer.Token), s.IssuerURL, sigstore.Person)
		}
	}
}
