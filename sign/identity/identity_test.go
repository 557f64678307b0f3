package identity_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/sign/identity"
)

// jwt is a token with a signature that nobody checks here.
func jwt(claims string) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"none"}`)) + "." + e.EncodeToString([]byte(claims)) + "." + e.EncodeToString([]byte("secret"))
}

const someone = `{"iss":"https://issuer.test","sub":"repo:acme/app"}`

func TestParse(t *testing.T) {
	for claims, want := range map[string]string{
		someone: "repo:acme/app",
		`{"iss":"i","sub":"1","email":"a@b.test","email_verified":true}`:   "a@b.test",
		`{"iss":"i","sub":"1","email":"a@b.test","email_verified":"True"}`: "a@b.test",
	} {
		token, err := identity.Parse(" " + jwt(claims) + "\n")
		if err != nil || token.Subject() != want || token.Reveal() != jwt(claims) {
			t.Errorf("%s: %v, %v", claims, token, err)
		}
		if text := fmt.Sprintf("%v %+v %#v %s %q", token, token, token, token, token); strings.Contains(text, token.Reveal()) {
			t.Errorf("a message shows the token: %s", text)
		}
	}
	for raw, want := range map[string]error{
		"":                  identity.ErrToken,
		"a.b":               identity.ErrToken,
		jwt(someone) + ".x": identity.ErrToken,
		jwt(someone) + "=":  identity.ErrToken,
		strings.Replace(jwt(someone), ".", ".\n", 1): identity.ErrToken,
		jwt(`[]`):                             identity.ErrToken,
		jwt(`{"iss":"i"}`):                    identity.ErrToken,
		jwt(`{"sub":"s"}`):                    identity.ErrToken,
		jwt(`{"iss":"i","email":"a@b.test"}`): identity.ErrUnverified,
		jwt(`{"iss":"i","sub":"` + strings.Repeat("x", 80_000) + `"}`): identity.ErrToken,
	} {
		_, err := identity.Parse(raw)
		if !errors.Is(err, want) {
			t.Errorf("%.60s: %v", raw, err)
		} else if len(raw) > 10 && strings.Contains(err.Error(), raw[:10]) {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}

func TestExpired(t *testing.T) {
	token, err := identity.Parse(jwt(`{"iss":"i","sub":"s","exp":1000}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Check(time.Unix(999, 0)); err != nil {
		t.Error(err)
	}
	if err := token.Check(time.Unix(1001, 0)); !errors.Is(err, identity.ErrExpired) {
		t.Error(err)
	}
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// Each service of a job or machine is asked as it wants to be, by a real request.
func TestAmbient(t *testing.T) {
	var asked *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		body, _ = io.ReadAll(r.Body)
		switch {
		case strings.HasPrefix(r.URL.Path, "/github"):
			fmt.Fprintf(w, `{"value":%q}`, jwt(someone))
		case strings.HasPrefix(r.URL.Path, "/v3/jobs/"):
			fmt.Fprintf(w, `{"token":%q}`, jwt(someone))
		default:
			fmt.Fprint(w, jwt(someone)+"\n")
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	for name, c := range map[string]struct {
		ambient identity.Ambient
		check   func() bool
	}{
		"variable": {identity.Ambient{Getenv: env("SIGSTORE_ID_TOKEN", jwt(someone), "GITLAB_CI", "true")}, func() bool { return asked == nil }},
		"GitHub": {
			identity.Ambient{Getenv: env("ACTIONS_ID_TOKEN_REQUEST_URL", server.URL+"/github?api=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t0")},
			func() bool {
				return asked.Header.Get("Authorization") == "Bearer t0" && asked.URL.RawQuery == "api=2&audience=sigstore"
			},
		},
		"Buildkite": {
			identity.Ambient{Getenv: env("BUILDKITE_AGENT_ACCESS_TOKEN", "t1", "BUILDKITE_JOB_ID", "j/1", "BUILDKITE_AGENT_ENDPOINT", server.URL+"/v3")},
			func() bool {
				return asked.Method == http.MethodPost && asked.URL.EscapedPath() == "/v3/jobs/j%2F1/oidc/tokens" &&
					asked.Header.Get("Authorization") == "Token t1" && string(body) == `{"audience":"sigstore"}`
			},
		},
		"Google": {
			identity.Ambient{Getenv: env(), Google: func() bool { return true }, MetadataHost: host},
			func() bool {
				return asked.Header.Get("Metadata-Flavor") == "Google" && asked.URL.Query().Get("audience") == "sigstore"
			},
		},
	} {
		asked = nil
		token, err := c.ambient.Token(t.Context())
		if err != nil || token.Subject() != "repo:acme/app" || !c.check() {
			t.Errorf("%s: %v, %v, asked %+v", name, token, err, asked)
		}
	}
}

// A machine without an identity has none, and a job that could have one says what to set.
func TestNoAmbient(t *testing.T) {
	if _, err := (identity.Ambient{Getenv: env()}).Token(t.Context()); !errors.Is(err, identity.ErrNone) {
		t.Error(err)
	}
	for variable, service := range map[string]string{"GITLAB_CI": "GitLab", "GITHUB_ACTIONS": "GitHub Actions"} {
		var e *identity.NotGrantedError
		if _, err := (identity.Ambient{Getenv: env(variable, "true")}).Token(t.Context()); !errors.As(err, &e) || e.Service != service || e.Setting == "" {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

// What is sent to a service goes to no other place, and what it answers is in no error.
func TestBadAmbient(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another place was asked with %q", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	answers := map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"refused":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret words", http.StatusForbidden) },
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "secret words") },
		"no token": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":"secret words"}`) },
		"flood": func(w http.ResponseWriter, _ *http.Request) {
			for range 3000 {
				if _, err := w.Write(make([]byte, 10_000)); err != nil {
					return
				}
			}
		},
	}
	for name, answer := range answers {
		server := httptest.NewServer(answer)
		_, err := identity.Ambient{Getenv: env("ACTIONS_ID_TOKEN_REQUEST_URL", server.URL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t0")}.Token(t.Context())
		var e *identity.ProviderError
		if !errors.As(err, &e) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "t0") {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
	var e *identity.ProviderError
	if _, err := (identity.Ambient{Getenv: env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://198.51.100.1/t")}).Token(t.Context()); !errors.As(err, &e) || e.Status != 0 {
		t.Errorf("a secret in the clear: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(jwt(someone))
	f.Add(jwt(`{"iss":"i","email":"a@b.test","email_verified":"true","exp":1e300}`))
	f.Fuzz(func(t *testing.T, raw string) {
		token, err := identity.Parse(raw)
		if err != nil {
			return
		}
		if token.Subject() == "" || token.Issuer() == "" || strings.ContainsAny(token.Reveal(), "\r\n ") {
			t.Errorf("%q is a token of %q, says %q", raw, token.Subject(), token.Issuer())
		}
		_ = token.Check(time.Unix(0, 0))
	})
}

// device is an issuer with a real key; see issuer_test.go.
func TestInteractive(t *testing.T) {
	issuer := newIssuer(t)
	var said []string
	i := identity.Interactive{Issuer: issuer.URL, Say: func(s string) { said = append(said, s) }}

	t.Run("browser", func(t *testing.T) {
		i := i
		i.Open = func(address string) error {
			// Another page of the same browser knocks first, and is not let in.
			go func() {
				if err := issuer.browse(address); err != nil {
					t.Error(err)
				}
			}()
			return nil
		}
		token, err := i.Browser(t.Context())
		if err != nil || token.Subject() != "person@example.test" {
			t.Errorf("%v, %v", token, err)
		}
		if issuer.challenge == "" || issuer.nonce == "" {
			t.Error("the login had no challenge or no nonce")
		}
	})
	t.Run("refused", func(t *testing.T) {
		i := i
		issuer.refuse = true
		defer func() { issuer.refuse = false }()
		i.Open = func(address string) error { go func() { _ = issuer.browse(address) }(); return nil }
		if _, err := i.Browser(t.Context()); !errors.Is(err, identity.ErrLogin) {
			t.Error(err)
		}
	})
	t.Run("other nonce", func(t *testing.T) {
		i := i
		issuer.otherNonce = true
		defer func() { issuer.otherNonce = false }()
		i.Open = func(address string) error { go func() { _ = issuer.browse(address) }(); return nil }
		if _, err := i.Browser(t.Context()); err == nil || !strings.Contains(err.Error(), "not the answer to this login") {
			t.Error(err)
		}
	})
	t.Run("device", func(t *testing.T) {
		token, err := i.Device(t.Context())
		if err != nil || token.Subject() != "person@example.test" {
			t.Errorf("%v, %v", token, err)
		}
		if last := said[len(said)-1]; !strings.Contains(last, "WXYZ-1234") {
			t.Errorf("the person was told %q", last)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := i.Browser(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("in the clear", func(t *testing.T) {
		var e *identity.ProviderError
		if _, err := (identity.Interactive{Issuer: "http://198.51.100.1", Say: i.Say}).Browser(t.Context()); !errors.As(err, &e) {
			t.Error(err)
		}
	})
}
