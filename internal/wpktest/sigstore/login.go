package sigstore

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
)

// Person is who logs in with a browser at [Stack.IssuerURL]: whoever asks is that one.
const Person = "person@example.test"

// login is where a client sends the browser. The code that it takes back holds what the exchange needs, so nothing is
// kept. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
func (i *issuer) login(w http.ResponseWriter, r *http.Request) {
	ask := r.URL.Query()
	back, err := url.Parse(ask.Get("redirect_uri"))
	if err != nil || back.Hostname() != "localhost" && back.Hostname() != "127.0.0.1" ||
		ask.Get("response_type") != "code" || ask.Get("code_challenge_method") != "S256" {
		http.Error(w, "a request for a code, with a challenge, from this machine", http.StatusBadRequest)
		return
	}
	kept := url.Values{"challenge": {ask.Get("code_challenge")}, "nonce": {ask.Get("nonce")}, "client": {ask.Get("client_id")}}
	code := base64.RawURLEncoding.EncodeToString([]byte(kept.Encode()))
	back.RawQuery = url.Values{"code": {code}, "state": {ask.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// exchange gives a token for a code to who has the secret of the challenge.
// https://datatracker.ietf.org/doc/html/rfc7636#section-4.6
func (i *issuer) exchange(w http.ResponseWriter, r *http.Request) {
	code, err := base64.RawURLEncoding.DecodeString(r.PostFormValue("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kept, err := url.ParseQuery(string(code))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != kept.Get("challenge") {
		http.Error(w, `{"error": "invalid_grant"}`, http.StatusBadRequest)
		return
	}
	claims := person(Person)
	claims["nonce"] = kept.Get("nonce")
	token, err := i.sign(i.url, kept.Get("client"), claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": 300, "id_token": token})
}
