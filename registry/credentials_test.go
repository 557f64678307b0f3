package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerConfig writes credentials for hosts as docker login does.
func dockerConfig(t *testing.T, hosts ...string) string {
	t.Helper()
	dir := t.TempDir()
	var entries []string
	for _, h := range hosts {
		entries = append(entries, fmt.Sprintf(`%q:{"auth":%q}`, h, base64.StdEncoding.EncodeToString([]byte("user:secret"))))
	}
	must(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"auths":{`+strings.Join(entries, ",")+`}}`), 0o600))
	return dir
}

func hasBasic(req *http.Request) bool {
	user, password, _ := req.BasicAuth()
	return user == "user" && password == "secret"
}

func TestBasicAuth(t *testing.T) {
	srv := startServer(t)
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		if hasBasic(req) {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		return answer(w, 401, "")
	})
	src, _ := saved(t, 1, 1000, "x")
	o := fast(t)
	_, err := Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a", o), "1", fastCopy())
	var e *Error
	if !errors.Is(err, ErrUnauthorized) || !errors.As(err, &e) || e.Status != 401 {
		t.Errorf("without credentials: %v", err)
	}
	o.DockerConfig = dockerConfig(t, srv.host())
	_, err = Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a", o), "1", fastCopy())
	must(t, err)
	must(t, os.WriteFile(filepath.Join(o.DockerConfig, "config.json"), []byte("{"), 0o600))
	_, err = mustOpen(t, srv.host()+"/a", o).Resolve(t.Context(), "1")
	if !errors.Is(err, ErrUnauthorized) || !strings.Contains(err.Error(), "credentials for") {
		t.Errorf("broken configuration: %v", err)
	}
}

// TestTokenAuth: the token server is a path of the registry, as in Harbor or
// GitLab. Tokens are asked for once per scope, not once per request.
func TestTokenAuth(t *testing.T) {
	srv := startServer(t)
	var tokens atomic.Int32
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		switch {
		case req.URL.Path == "/token":
			if !hasBasic(req) {
				return answer(w, 401, "")
			}
			tokens.Add(1)
			return answer(w, 200, `{"token":"t0k3n"}`)
		case req.Header.Get("Authorization") == "Bearer t0k3n":
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="x",scope="repository:a:pull,push"`, srv.URL))
		return answer(w, 401, "")
	})
	o := fast(t)
	o.DockerConfig = dockerConfig(t, srv.host())
	src, _ := saved(t, 1, 1000, "x")
	_, err := Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a", o), "1", fastCopy())
	must(t, err)
	if n := tokens.Load(); n > 3 {
		t.Errorf("%d tokens for one push", n)
	}
	o.DockerConfig = t.TempDir()
	_, err = mustOpen(t, srv.host()+"/a", o).Resolve(t.Context(), "1")
	if !errors.Is(err, ErrUnauthorized) {
		t.Errorf("without credentials: %v", err)
	}
}

// thief is a server that wants to see credentials.
func thief(t *testing.T) (*httptest.Server, *atomic.Bool) {
	t.Helper()
	stolen := new(atomic.Bool)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if carriesSecret(req) {
			stolen.Store(true)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="gimme"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(srv.Close)
	return srv, stolen
}

// TestCredentialsStayHome: redirects of reads and uploads, an upload location on
// another host, and hostile token servers get no credentials.
func TestCredentialsStayHome(t *testing.T) {
	other, stolen := thief(t)
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1) // another name for the same thief
	for name, hostile := range map[string]func(w http.ResponseWriter, req *http.Request) bool{
		"redirect": func(w http.ResponseWriter, req *http.Request) bool {
			http.Redirect(w, req, other.URL+req.URL.Path, http.StatusTemporaryRedirect)
			return true
		},
		"redirect to another name": func(w http.ResponseWriter, req *http.Request) bool {
			http.Redirect(w, req, elsewhere+req.URL.Path, http.StatusTemporaryRedirect)
			return true
		},
		"upload location": func(w http.ResponseWriter, req *http.Request) bool {
			w.Header().Set("Location", other.URL+"/upload")
			return req.Method == http.MethodPost && answer(w, 202, "")
		},
		"token server": func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere+`/token",service="x"`)
			return answer(w, 401, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
				if !hasBasic(req) && name != "token server" {
					w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
					return answer(w, 401, "")
				}
				return hostile(w, req)
			})
			o := fast(t)
			o.DockerConfig = dockerConfig(t, srv.host())
			target := mustOpen(t, srv.host()+"/a", o)
			if _, err := target.Fetch(t.Context(), ocispec.Descriptor{MediaType: layerType, Digest: someDigest, Size: 3}); err == nil {
				t.Error("fetch worked")
			}
			if _, err := pushBytes(t.Context(), target, []byte("abc"), layerType); err == nil {
				t.Error("push worked")
			}
			if stolen.Load() {
				t.Error("the other host saw credentials")
			}
		})
	}
}

// TestFence: what oras lets pass, a public token server without TLS, stops here.
func TestFence(t *testing.T) {
	var sent int
	f := &fence{host: "registry.example:5000", base: roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})}
	for _, tt := range []struct {
		url    string
		secret bool
		passes bool
	}{
		{"http://registry.example:5000/token", true, true},
		{"https://auth.example/token", true, true},
		{"http://auth.example/token", false, true},
		{"http://auth.example/token", true, false},
		{"http://registry.example:6000/token", true, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
		must(t, err)
		if tt.secret {
			req.SetBasicAuth("user", "secret")
		}
		before := sent
		resp, err := f.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if passed := sent > before; passed != tt.passes || errors.Is(err, errLeak) == tt.passes {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestCheckRedirect(t *testing.T) {
	request := func(url string) *http.Request {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		must(t, err)
		return req
	}
	secure, plain := request("https://a/"), request("http://b/")
	if checkRedirect(plain, []*http.Request{secure}) == nil {
		t.Error("a step down to http passed")
	}
	if checkRedirect(plain, []*http.Request{plain}) != nil || checkRedirect(secure, []*http.Request{plain}) != nil {
		t.Error("refused without need")
	}
	if checkRedirect(secure, make([]*http.Request, maxRedirects)) == nil {
		t.Error("no bound")
	}
}

// TestEvidenceKeepsCredentialsHome: what is asked for evidence, listed, read or
// written, with and without TLS, gives nothing to other hosts either. Another
// port is another host.
func TestEvidenceKeepsCredentialsHome(t *testing.T) {
	for _, secure := range []bool{false, true} {
		start := httptest.NewServer
		if secure {
			start = httptest.NewTLSServer
		}
		stolen := new(atomic.Int32)
		thief := start(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if carriesSecret(req) {
				stolen.Add(1)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="gimme"`)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		t.Cleanup(thief.Close)
		elsewhere := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)
		redirect := func(to string) func(w http.ResponseWriter, req *http.Request) bool {
			return func(w http.ResponseWriter, req *http.Request) bool {
				http.Redirect(w, req, to+req.URL.RequestURI(), http.StatusTemporaryRedirect)
				return true
			}
		}
		for name, hostile := range map[string]func(w http.ResponseWriter, req *http.Request) bool{
			"redirect":                 redirect(thief.URL),
			"redirect to another name": redirect(elsewhere),
			"token server": func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere+`/token",service="x",scope="repository:a:pull"`)
				return answer(w, 401, "")
			},
			"token server after a redirect": func(w http.ResponseWriter, req *http.Request) bool {
				if req.URL.Path == "/token" {
					http.Redirect(w, req, elsewhere+"/token", http.StatusTemporaryRedirect)
					return true
				}
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+strings.SplitAfter(elsewhere, "://")[0]+req.Host+`/token",service="x"`)
				return answer(w, 401, "")
			},
			"next page": func(w http.ResponseWriter, req *http.Request) bool {
				return strings.Contains(req.URL.Path, "/referrers/") && answerPage(w, `<`+thief.URL+`/v2/a/referrers/x>; rel="next"`)
			},
		} {
			t.Run(fmt.Sprintf("%s, TLS %v", name, secure), func(t *testing.T) {
				srv := newServer(t, start)
				srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
					if !hasBasic(req) && !strings.HasPrefix(name, "token server") {
						w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
						return answer(w, 401, "")
					}
					return hostile(w, req)
				})
				o := fast(t)
				o.DockerConfig, o.Insecure = dockerConfig(t, srv.host()), true
				s := Subject{Target: mustOpen(t, srv.host()+"/a", o), Descriptor: describe([]byte("x"), ocispec.MediaTypeImageManifest)}
				if got, err := ReadEvidence(t.Context(), s, EvidenceOptions{}); err == nil {
					t.Errorf("read %+v", got)
				}
				if _, err := Referrers(t.Context(), s.Target, s.Descriptor); err == nil {
					t.Error("listed")
				}
				if err := Attach(t.Context(), s, AttachOptions{}, signature(1), bundlePiece(1)); err == nil && name != "next page" {
					t.Error("attached")
				}
				if n := stolen.Load(); n > 0 {
					t.Errorf("the other host saw credentials %d times", n)
				}
				if len(srv.taken()) == 0 {
					t.Error("nobody asked")
				}
			})
		}
	}
}
