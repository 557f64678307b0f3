package sigstore

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	audience     = "sigstore"
	workflowPath = "/workflows"
	requestToken = "a-token-of-the-runner" // what GitHub gives a job to ask for identity tokens with
)

// issuer gives identity tokens to whoever asks: it stands for two of them, one of people and one of workflows.
// https://openid.net/specs/openid-connect-core-1_0.html
type issuer struct {
	url string
	key *ecdsa.PrivateKey
	srv *http.Server
}

func startIssuer() (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &issuer{url: "http://" + l.Addr().String(), key: key}
	mux := http.NewServeMux()
	for _, path := range []string{"", workflowPath} {
		mux.HandleFunc("GET "+path+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { i.discover(w, i.url+path) })
		mux.HandleFunc("GET "+path+"/keys", func(w http.ResponseWriter, _ *http.Request) { i.keys(w) })
	}
	mux.HandleFunc("GET "+workflowPath+"/token", i.actions)
	mux.HandleFunc("GET /auth", i.login)
	mux.HandleFunc("POST /exchange", i.exchange)
	i.srv = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = i.srv.Serve(l) }() // until close
	return i, nil
}

func (i *issuer) close() { _ = i.srv.Close() }

func (i *issuer) discover(w http.ResponseWriter, url string) {
	answer(w, map[string]any{
		"issuer": url, "jwks_uri": url + "/keys", "authorization_endpoint": url + "/auth", "token_endpoint": url + "/exchange",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

func (i *issuer) keys(w http.ResponseWriter) {
	point, err := i.key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	b64 := base64.RawURLEncoding.EncodeToString
	answer(w, map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1", "x": b64(point[1:33]), "y": b64(point[33:]),
	}}})
}

// actions answers a job of GitHub's Actions that asks for its token; see [Stack.ActionsEnv].
func (i *issuer) actions(w http.ResponseWriter, r *http.Request) {
	// cosign writes "bearer": https://datatracker.ietf.org/doc/html/rfc9110#section-11.1
	if !strings.EqualFold(r.Header.Get("Authorization"), "bearer "+requestToken) {
		http.Error(w, "not a job's request", http.StatusUnauthorized)
		return
	}
	ask := r.URL.Query()
	job := Workflow{Repository: ask.Get("repository"), Path: ask.Get("path"), Ref: ask.Get("ref"), Commit: ask.Get("commit"), Event: ask.Get("event")}
	token, err := i.sign(i.url+workflowPath, ask.Get("audience"), job.claims())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]string{"value": token})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who asked is gone
}

// sign makes a token of five minutes. https://datatracker.ietf.org/doc/html/rfc7519
func (i *issuer) sign(url, audience string, claims map[string]any) (string, error) {
	if audience == "" {
		return "", errors.New("a token is for an audience")
	}
	now := time.Now()
	claims = maps.Clone(claims)
	claims["iss"], claims["aud"] = url, audience
	claims["iat"], claims["nbf"], claims["exp"] = now.Unix(), now.Add(-5*time.Second).Unix(), now.Add(5*time.Minute).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"ES256","typ":"JWT","kid":"1"}`)) + "." + b64(payload)
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64) // r and s of 32 bytes each: RFC 7518, section 3.4
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return fmt.Sprintf("%s.%s", text, b64(signature)), nil
}
