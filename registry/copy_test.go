package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestPushRequests pins the price of a push: every blob is asked for once and
// sent once, every manifest is sent once.
func TestPushRequests(t *testing.T) {
	srv := startServer(t)
	src, root := saved(t, 1, 1000, "x")
	dst := mustOpen(t, srv.host()+"/a/b", fast(t))
	result, err := Copy(t.Context(), src, "x", dst, "1.0", fastCopy())
	must(t, err)
	requests := srv.taken()
	for prefix, want := range map[string]int{
		"HEAD /v2/a/b/manifests/1.0":                     1,
		"HEAD /v2/a/b/manifests/" + root.Digest.String(): 1,
		"HEAD /v2/a/b/blobs/":                            12,
		"POST /v2/a/b/blobs/uploads/":                    12,
		"PUT /v2/a/b/blobs/uploads/":                     12,
		"PUT /v2/a/b/manifests/sha256:":                  19,
		"PUT /v2/a/b/manifests/1.0":                      1,
		"":                                               58,
	} {
		if got := count(requests, prefix); got != want {
			t.Errorf("%q: %d requests, want %d", prefix, got, want)
		}
	}
	seen := map[string]bool{}
	for _, r := range requests {
		if strings.HasPrefix(r, "HEAD ") && seen[r] {
			t.Errorf("asked twice: %s", r)
		}
		seen[r] = true
	}
	if result.Copied != 32 || result.Descriptor.Digest != root.Digest {
		t.Errorf("%+v", result)
	}
	if last := requests[len(requests)-1]; last != "PUT /v2/a/b/manifests/1.0" {
		t.Errorf("the tag came before %s", last)
	}
}

func TestUnchangedIsOneRequest(t *testing.T) {
	srv := startServer(t)
	src, _ := saved(t, 1, 1000, "x")
	dst := mustOpen(t, srv.host()+"/a/b", fast(t))
	_, err := Copy(t.Context(), src, "x", dst, "1.0", fastCopy())
	must(t, err)
	srv.taken()
	result, err := Copy(t.Context(), src, "x", dst, "1.0", fastCopy())
	if requests := srv.taken(); err != nil || !result.Unchanged || len(requests) != 1 {
		t.Errorf("push: %+v, %v, %v", result, err, requests)
	}
	result, err = Copy(t.Context(), dst, "1.0", src, "x", fastCopy())
	if requests := srv.taken(); err != nil || !result.Unchanged || len(requests) != 1 {
		t.Errorf("pull: %+v, %v, %v", result, err, requests)
	}
	result, err = Copy(t.Context(), src, "x", dst, "2.0", fastCopy())
	if requests := srv.taken(); err != nil || result.Copied != 0 || len(requests) != 3 {
		t.Errorf("another tag: %+v, %v, %v", result, err, requests)
	}
}

func TestMount(t *testing.T) {
	host := wpktest.Distribution(t)
	src, _ := saved(t, 1, 1000, "x")
	one := mustOpen(t, host+"/one", fast(t))
	_, err := Copy(t.Context(), src, "x", one, "1", fastCopy())
	must(t, err)
	two := mustOpen(t, host+"/two", fast(t))
	result, err := Copy(t.Context(), one, "1", two, "1", fastCopy())
	if err != nil || result.Mounted != 12 || result.Copied != 20 {
		t.Fatalf("%+v, %v", result, err)
	}
	assertComplete(t, two, result.Descriptor)
}

// TestMountRefused: a registry that opens an upload instead, and one that
// answers with an error.
func TestMountRefused(t *testing.T) {
	for name, status := range map[string]int{"202": 0, "403": http.StatusForbidden, "405": http.StatusMethodNotAllowed} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			src, _ := saved(t, 1, 1000, "x")
			one := mustOpen(t, srv.host()+"/one", fast(t))
			_, err := Copy(t.Context(), src, "x", one, "1", fastCopy())
			must(t, err)
			srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
				switch {
				case status != 0 && req.URL.Query().Has("mount"):
					w.WriteHeader(status)
				case req.Method == http.MethodHead && strings.HasPrefix(req.URL.Path, "/v2/two/blobs/"):
					w.WriteHeader(http.StatusNotFound) // this registry shares blobs between repositories
				default:
					return false
				}
				return true
			})
			two := mustOpen(t, srv.host()+"/two", fast(t))
			result, err := Copy(t.Context(), one, "1", two, "1", fastCopy())
			if err != nil || result.Mounted != 0 || result.Copied != 32 {
				t.Errorf("%+v, %v", result, err)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	srv := startServer(t)
	src, _ := saved(t, 1, 1<<20, "x")
	kinds := map[EventKind]int{}
	inside := false // the race detector tells if two calls overlap
	o := fastCopy()
	o.Event = func(e Event) {
		if inside {
			t.Error("two events at once")
		}
		inside = true
		kinds[e.Kind]++
		if e.Bytes > e.Descriptor.Size {
			t.Errorf("%d of %d bytes", e.Bytes, e.Descriptor.Size)
		}
		inside = false
	}
	_, err := Copy(t.Context(), src, "x", mustOpen(t, srv.host()+"/a", fast(t)), "1", o)
	must(t, err)
	if kinds[EventStart] != 32 || kinds[EventDone] != 32 || kinds[EventProgress] < 4 {
		t.Errorf("%v", kinds)
	}
}

func TestCopyByDigest(t *testing.T) {
	srv := startServer(t)
	src, root := saved(t, 1, 10, "x")
	dst := mustOpen(t, srv.host()+"/a", fast(t))
	_, err := Copy(t.Context(), src, "x", dst, someDigest, fastCopy())
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("a wrong digest: %v", err)
	}
	_, err = Copy(t.Context(), src, "x", dst, root.Digest.String(), fastCopy())
	must(t, err)
	if n := count(srv.taken(), "PUT /v2/a/manifests/"); n != 20 {
		t.Errorf("%d manifests sent", n)
	}
}

// TestCancelInTheMiddle stops a pull while blobs are on their way.
// Whoever sees a new name may ask for what was to be there before it.
func TestBeforeTag(t *testing.T) {
	s := startServer(t)
	store, root := saved(t, 1, 1<<10, "x:1")
	target := mustOpen(t, s.host()+"/a/b:1", fast(t))
	refused := errors.New("not yet")
	for _, want := range []error{refused, nil} {
		o, called := fastCopy(), 0
		o.BeforeTag = func(ctx context.Context, d ocispec.Descriptor) error {
			called++
			if _, err := target.Resolve(ctx, "1"); d.Digest != root.Digest || !errors.Is(err, ErrNotFound) {
				t.Errorf("called for %s, and of the tag: %v", d.Digest, err)
			}
			return want
		}
		_, err := Copy(t.Context(), store, "x:1", target, "1", o)
		if !errors.Is(err, want) || called != 1 {
			t.Errorf("%v after %d calls, want %v after one", err, called, want)
		}
	}
	assertComplete(t, target, root)
	// Content that is there under no name gets it in the same order.
	o := fastCopy()
	o.BeforeTag = func(ctx context.Context, _ ocispec.Descriptor) error {
		if _, err := target.Resolve(ctx, "2"); !errors.Is(err, ErrNotFound) {
			t.Errorf("of the second tag: %v", err)
		}
		return refused
	}
	if _, err := Copy(t.Context(), store, "x:1", target, "2", o); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}

func TestCancelInTheMiddle(t *testing.T) {
	srv := startServer(t)
	src, _ := saved(t, 1, 4<<20, "x")
	remote := mustOpen(t, srv.host()+"/a", fast(t))
	_, err := Copy(t.Context(), src, "x", remote, "1", fastCopy())
	must(t, err)
	for _, kind := range []string{"oci:", "oci-archive:"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := fastCopy()
			o.Event = func(e Event) {
				if e.Kind == EventProgress {
					cancel()
				}
			}
			dst := mustOpen(t, kind+filepath.Join(dir, "out"), Options{})
			_, err := Copy(ctx, remote, "1", dst, "1", o)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			must(t, dst.Close())
			assertNoTemp(t, dir)
			if _, err := dst.Resolve(t.Context(), "1"); !errors.Is(err, ErrNotFound) {
				t.Errorf("a name was given: %v", err)
			}
			if kind == "oci-archive:" {
				if left := files(t, dir); len(left) != 0 {
					t.Errorf("left: %v", left)
				}
			}
		})
	}
}

// TestPushRetriesBlobs: an upload whose body is gone cannot be repeated by the
// HTTP client; the copy fetches the blob again.
func TestPushRetriesBlobs(t *testing.T) {
	srv := startServer(t)
	var failures atomic.Int32
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/uploads/") && failures.Add(1) <= 3 {
			_, _ = io.Copy(io.Discard, req.Body)
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	src, _ := saved(t, 1, 100_000, "x")
	retries := 0
	o := fastCopy()
	o.Event = func(e Event) {
		if e.Kind == EventRetry {
			retries++
		}
	}
	dst := mustOpen(t, srv.host()+"/a", fast(t))
	result, err := Copy(t.Context(), src, "x", dst, "1", o)
	must(t, err)
	if retries != 3 || result.Copied != 32 {
		t.Errorf("%d retries, %+v", retries, result)
	}
	assertComplete(t, dst, result.Descriptor)
}

func TestSaveImage(t *testing.T) {
	s := mustStore(t, filepath.Join(t.TempDir(), "s"))
	d, err := Save(t.Context(), s, image(t, mustLayer(100), "wasi", "wasm"), "x:1")
	must(t, err)
	assertComplete(t, s, d)
	entries, err := s.List(t.Context())
	if err != nil || len(entries) != 1 || entries[0].Name != "x:1" || entries[0].Descriptor.Digest != d.Digest {
		t.Errorf("%v, %v", entries, err)
	}
}

// BenchmarkPush pushes 20 manifests over 12 blobs, two of 2 MiB, to a registry
// on this machine.
func BenchmarkPush(b *testing.B) {
	srv := startServer(b)
	src, _ := saved(b, 1, 2<<20, "x")
	for _, n := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("parallel=%d", n), func(b *testing.B) {
			for i := range b.N {
				srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
					missing := req.Method == http.MethodHead // as in an empty registry
					if missing {
						w.WriteHeader(http.StatusNotFound)
					}
					return missing
				})
				dst := mustOpen(b, fmt.Sprintf("%s/n%d/r%d", srv.host(), n, i), fast(b))
				_, err := Copy(b.Context(), src, "x", dst, "1", CopyOptions{Concurrency: n})
				must(b, err)
			}
			b.SetBytes(4 << 20)
		})
	}
}

// BenchmarkSave writes the same artifact to a new store.
func BenchmarkSave(b *testing.B) {
	index := universal(b, 1, 2<<20)
	for b.Loop() {
		_, err := Save(b.Context(), mustStore(b, filepath.Join(b.TempDir(), "store")), index, "x")
		must(b, err)
	}
	b.SetBytes(4 << 20)
}
