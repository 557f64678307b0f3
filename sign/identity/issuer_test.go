package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// issuer is a small issuer of identity tokens that checks what a client must do right.
type issuer struct {
	*httptest.Server
	key                *ecdsa.PrivateKey
	challenge, nonce   string
	polls              int
	refuse, otherNonce bool
}

func newIssuer(t *testing.T) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	m := http.NewServeMux()
	m.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token",
			"device_authorization_endpoint": i.URL + "/device", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	m.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		e := base64.RawURLEncoding
		reply(w, map[string]any{"keys": []any{map[string]any{
			"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
			"x": e.EncodeToString(key.X.FillBytes(make([]byte, 32))), "y": e.EncodeToString(key.Y.FillBytes(make([]byte, 32))),
		}}})
	})
	m.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		i.challenge, i.nonce = q.Get("code_challenge"), q.Get("nonce")
		back := url.Values{"state": {q.Get("state")}, "code": {"c0"}}
		if i.refuse {
			back = url.Values{"state": {q.Get("state")}, "error": {"access_denied"}}
		}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	m.HandleFunc("/device", func(w http.ResponseWriter, r *http.Request) {
		i.challenge, i.nonce = r.PostFormValue("code_challenge"), ""
		reply(w, map[string]any{"device_code": "d0", "user_code": "WXYZ-1234", "verification_uri": i.URL + "/enter", "expires_in": 60, "interval": 1})
	})
	m.HandleFunc("/token", i.token)
	i.Server = httptest.NewServer(m)
	t.Cleanup(i.Close)
	return i
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// token gives a token to who knows the secret of the challenge, to a device at the second time it asks.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != i.challenge {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	if r.PostFormValue("device_code") != "" {
		if i.polls++; i.polls == 1 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"authorization_pending"}`)
			return
		}
	}
	nonce := i.nonce
	if i.otherNonce {
		nonce = "another"
	}
	reply(w, map[string]any{"access_token": "a0", "token_type": "Bearer", "id_token": i.sign(map[string]any{
		"iss": i.URL, "aud": "sigstore", "sub": "1", "email": "person@example.test", "email_verified": true, "nonce": nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	})})
}

func (i *issuer) sign(claims map[string]any) string {
	e := base64.RawURLEncoding
	payload, _ := json.Marshal(claims)
	text := e.EncodeToString([]byte(`{"alg":"ES256","kid":"1"}`)) + "." + e.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, sum[:])
	if err != nil {
		return ""
	}
	return text + "." + e.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// browse is what a browser does with the address of a login, after another page has tried its luck with the port.
func (i *issuer) browse(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	stranger, err := http.Get(u.Query().Get("redirect_uri") + "?state=guessed&code=stolen")
	if err != nil {
		return err
	}
	stranger.Body.Close()
	if stranger.StatusCode != http.StatusBadRequest {
		return errors.New("a login with a wrong state was let in")
	}
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
