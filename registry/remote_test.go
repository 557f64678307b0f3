package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func answer(w http.ResponseWriter, status int, body string) bool {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	return true
}

// TestRemoteErrors: what a registry answers to a push, and what a person reads.
func TestRemoteErrors(t *testing.T) {
	tests := []struct {
		status  int
		body    string
		kind    error
		message string
	}{
		{401, "", ErrUnauthorized, "(status 401)"},
		{403, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`, ErrDenied, "DENIED: requested access"},
		{404, `{"errors":[{"code":"NAME_UNKNOWN","message":"project acme not found"}]}`, ErrNotFound, "project acme not found"},
		{413, "<html>nginx</html>", ErrTooLarge, "(status 413)"},
		{429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`, ErrRateLimited, "slow down"},
		{500, "", ErrServer, "(status 500)"},
		{503, "", ErrServer, "(status 503)"},
		{400, `{"errors":[{"code":"MANIFEST_INVALID","message":"unknown media\ntype \u001b[31m` + strings.Repeat("x", 1000) + `"}]}`, ErrRejected, "MANIFEST_INVALID: unknown media type  [31mxxx"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			srv := startServer(t)
			srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
				return (req.Method == http.MethodPost || req.Method == http.MethodPut) && answer(w, tt.status, tt.body)
			})
			src, _ := saved(t, 1, 100, "x")
			_, err := Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a/b", fast(t)), "1", fastCopy())
			var e *Error
			if !errors.Is(err, tt.kind) || !errors.As(err, &e) || e.Status != tt.status {
				t.Fatalf("got %v", err)
			}
			if text := err.Error(); !strings.Contains(text, tt.message) || len(text) > 700 || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("message %q", text)
			}
		})
	}
}

func TestRetriesThenSucceeds(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter){
		"429": func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		"502": func(w http.ResponseWriter) { w.WriteHeader(502) },
		"reset": func(w http.ResponseWriter) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0)
				_ = conn.Close()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			var n atomic.Int32
			srv.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
				if n.Add(1) > 2 {
					return false
				}
				fail(w)
				return true
			})
			var events []Event
			o := fast(t)
			o.Event = func(e Event) { events = append(events, e) }
			_, err := mustOpen(t, srv.host()+"/a", o).Resolve(t.Context(), "1")
			assertNotFound(t, err)
			if len(events) != 2 || events[1].Attempt != 2 || events[1].Err == nil || len(srv.taken()) != 3 {
				t.Errorf("events: %+v", events)
			}
		})
	}
}

func TestRetryGivesUp(t *testing.T) {
	srv := startServer(t)
	srv.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "3600")
		return answer(w, 429, "")
	})
	start := time.Now()
	_, err := mustOpen(t, srv.host()+"/a", fast(t)).Resolve(t.Context(), "1")
	if !errors.Is(err, ErrRateLimited) || len(srv.taken()) != 1 || time.Since(start) > time.Second {
		t.Errorf("an hour's wait: %v", err)
	}
	srv.intercept(func(w http.ResponseWriter, _ *http.Request) bool { return answer(w, 500, "") })
	if _, err = mustOpen(t, srv.host()+"/a", fast(t)).Resolve(t.Context(), "1"); !errors.Is(err, ErrServer) || len(srv.taken()) != 1 {
		t.Errorf("500 is not repeated: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"3": 3 * time.Second, "Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
		"": -1, "-1": -1, "soon": -1, "99999999999999999999": -1,
	} {
		got, ok := retryAfter(&http.Response{Header: http.Header{"Retry-After": {value}}}, func() time.Time { return now })
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	refused := listener.Addr().String()
	_ = listener.Close()
	secure := newServer(t, httptest.NewTLSServer)
	for name, host := range map[string]string{"refused": refused, "dns": "registry.invalid", "unknown certificate": secure.host()} {
		t.Run(name, func(t *testing.T) {
			_, err := mustOpen(t, host+"/a", fast(t)).Resolve(t.Context(), "1")
			if !errors.Is(err, ErrUnreachable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestLoopbackTLS: a registry on this machine is found to speak TLS, and one that
// really answers 400 is left alone.
func TestLoopbackTLS(t *testing.T) {
	srv := newServer(t, httptest.NewTLSServer)
	o := fast(t)
	o.Insecure = true
	src, _ := saved(t, 1, 100_000, "x")
	dst := mustOpen(t, srv.host()+"/a", o)
	result, err := Copy(t.Context(), src, "x", dst, "1", fastCopy())
	must(t, err)
	assertComplete(t, dst, result.Descriptor)

	plain := startServer(t)
	plain.intercept(func(w http.ResponseWriter, _ *http.Request) bool { return answer(w, 400, "") })
	_, err = mustOpen(t, plain.host()+"/a", fast(t)).Resolve(t.Context(), "1")
	if !errors.Is(err, ErrRejected) {
		t.Errorf("got %v", err)
	}
}

// TestBadBodies: a blob that is cut short, has other bytes, another length, or
// does not end.
func TestBadBodies(t *testing.T) {
	good := content(3, 50_000)
	d := describe(good, layerType)
	for name, tt := range map[string]struct {
		send func(w http.ResponseWriter)
		kind error
	}{
		"truncated": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "50000")
			_, _ = w.Write(good[:10_000])
			panic(http.ErrAbortHandler)
		}, ErrUnreachable},
		"other bytes": {func(w http.ResponseWriter) { _, _ = w.Write(content(4, 50_000)) }, ErrCorrupt},
		"shorter":     {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "10"); _, _ = w.Write(good[:10]) }, ErrCorrupt},
		"endless": {func(w http.ResponseWriter) {
			for range 100 {
				_, _ = w.Write(good)
			}
		}, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
				isBlob := req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/")
				if isBlob {
					tt.send(w)
				}
				return isBlob
			})
			target := mustOpen(t, srv.host()+"/a", fast(t))
			rc, err := target.Fetch(t.Context(), d)
			var n int64
			if err == nil {
				n, err = io.Copy(io.Discard, rc)
				_ = rc.Close()
			}
			if !errors.Is(err, tt.kind) || n >= d.Size {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// TestNoDoubleRetry: a registry that is down is asked as often as Attempts says,
// not the square of it, also during a copy.
func TestNoDoubleRetry(t *testing.T) {
	srv := startServer(t)
	src, _ := saved(t, 1, 1000, "x")
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		return req.Method == http.MethodPost && answer(w, 503, "")
	})
	o, c := fast(t), fastCopy()
	o.Retry.Attempts, c.Concurrency = 3, 1
	_, err := Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a", o), "1", c)
	if n := count(srv.taken(), "POST "); !errors.Is(err, ErrServer) || n != 3 {
		t.Errorf("%d attempts, %v", n, err)
	}
}

// TestPullRetriesBlobs: a blob whose body breaks off is fetched again.
func TestPullRetriesBlobs(t *testing.T) {
	srv := startServer(t)
	src, _ := saved(t, 1, 100_000, "x")
	remote := mustOpen(t, srv.host()+"/a", fast(t))
	_, err := Copy(t.Context(), src, "x", remote, "1", fastCopy())
	must(t, err)
	var n atomic.Int32
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		layer := content(1, 100_000)
		if !strings.HasSuffix(req.URL.Path, describe(layer, "").Digest.String()) || n.Add(1) > 2 {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(layer[:50_000])
		panic(http.ErrAbortHandler)
	})
	dst := mustStore(t, filepath.Join(t.TempDir(), "dst"))
	result, err := Copy(t.Context(), remote, "1", dst, "1", fastCopy())
	must(t, err)
	assertComplete(t, dst, result.Descriptor)
	if n.Load() != 3 {
		t.Errorf("the layer was asked for %d times", n.Load())
	}
}

func TestUserAgent(t *testing.T) {
	srv := startServer(t)
	var agent atomic.Value
	srv.intercept(func(_ http.ResponseWriter, req *http.Request) bool {
		agent.Store(req.UserAgent())
		return false
	})
	o := fast(t)
	o.UserAgent = "wpk/1.2"
	_, _ = mustOpen(t, srv.host()+"/a", o).Resolve(t.Context(), "1")
	if agent.Load() != "wpk/1.2" {
		t.Errorf("%v", agent.Load())
	}
}
