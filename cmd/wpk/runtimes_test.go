package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/pack"
)

// packHost is a registry with one runtime pack.
type packHost struct {
	ref    string       // with its digest
	blobs  atomic.Int32 // how many blobs were fetched
	stopAt atomic.Int32 // the number of the blob at which stop is called
	stop   atomic.Value // a context.CancelFunc
}

func newPackHost(t *testing.T, version string) *packHost {
	t.Helper()
	h := &packHost{}
	inner := registry.New(quiet)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			if h.blobs.Add(1) == h.stopAt.Load() {
				h.stop.Load().(context.CancelFunc)()
			}
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	img, err := pack.Runtime(wpktest.RuntimePack(t, version))
	if err != nil {
		t.Fatal(err)
	}
	places, err := buildPlaces([]string{strings.TrimPrefix(s.URL, "http://") + "/runtime/tiny:1"})
	if err != nil {
		t.Fatal(err)
	}
	places[0].store = false
	sum, err := testApp(t).save(t.Context(), places[0], img)
	if err != nil {
		t.Fatal(err)
	}
	h.ref = withoutTag(places[0].ref.String()) + "@" + sum
	return h
}

func withoutTag(ref string) string { return ref[:strings.LastIndex(ref, ":")] }

// testApp has folders of its own, and what it says is lost.
func testApp(t *testing.T, env ...string) *app {
	dir := t.TempDir()
	env = append(env, "WPK_DATA_DIR="+filepath.Join(dir, "data"), "WPK_CACHE_DIR="+filepath.Join(dir, "cache"), "DOCKER_CONFIG="+dir)
	return &app{ui: &ui.Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Width: 80}, env: env}
}

func (a *app) said() string { return a.ui.Err.(*bytes.Buffer).String() }

func runtimeOf(t *testing.T, a *app, chosen string) (*runtimepack.Pack, error) {
	t.Helper()
	r, err := a.newRuntimes(chosen)
	if err != nil {
		t.Fatal(err)
	}
	return r.Runtime(t.Context(), "tiny")
}

// The release's own pack comes by itself, once.
func TestRuntimePinned(t *testing.T) {
	h := newPackHost(t, "1.0")
	a := testApp(t, "WPK_RUNTIME_TINY="+h.ref)
	for range 2 {
		p, err := runtimeOf(t, a, "")
		if err != nil {
			t.Fatal(err)
		}
		if p.Version != "1.0" || !strings.HasSuffix(h.ref, p.Digest) || p.Verify(t.Context()) != nil {
			t.Errorf("got %+v", p)
		}
		if h.blobs.Load() != 6 { // the config, to see what it is, then all five
			t.Errorf("%d blobs were fetched", h.blobs.Load())
		}
	}
	if strings.Count(a.said(), "runtime: fetching ") != 1 {
		t.Errorf("said %q", a.said())
	}
}

// A choice stands before the release's own pack, and the one for this build
// before both.
func TestRuntimeOrder(t *testing.T) {
	pinned, installed, chosen := newPackHost(t, "1.0"), newPackHost(t, "2.0"), newPackHost(t, "3.0")
	a := testApp(t, "WPK_RUNTIME_TINY="+pinned.ref)
	if code := execute(t.Context(), a, []string{"toolchain", "install", installed.ref}); code != 0 {
		t.Fatalf("install: %d\n%s", code, a.said())
	}
	version := func(ref string) string {
		t.Helper()
		p, err := runtimeOf(t, a, ref)
		if err != nil {
			t.Fatal(err)
		}
		return p.Version
	}
	if got := version(""); got != "2.0" {
		t.Errorf("the installed one is %s", got)
	}
	if got := version(chosen.ref); got != "3.0" {
		t.Errorf("the chosen one is %s", got)
	}
	if code := execute(t.Context(), a, []string{"toolchain", "install", "tiny"}); code != 0 {
		t.Fatalf("install: %d\n%s", code, a.said())
	}
	if got := version(""); got != "1.0" {
		t.Errorf("the release's own one is %s", got)
	}
	// Without the network and without the cache, the store is enough.
	a.env = append([]string{"WPK_CACHE_DIR=" + t.TempDir()}, a.env...)
	if got := version(installed.ref); got != "2.0" {
		t.Errorf("from the store it is %s", got)
	}
	if installed.blobs.Load() != 6 {
		t.Errorf("%d blobs were fetched", installed.blobs.Load())
	}
}

func TestRuntimeMissing(t *testing.T) {
	a := testApp(t)
	_, err := runtimeOf(t, a, "")
	var missing *build.MissingError
	if !errors.As(err, &missing) || missing.Kind != build.KindRuntime || missing.Name != "tiny" {
		t.Errorf("nothing is installed: %v", err)
	}
	r, _ := a.newRuntimes(newPackHost(t, "1.0").ref)
	var language *wrongLanguageError
	if _, err := r.Runtime(t.Context(), "python"); !errors.As(err, &language) {
		t.Errorf("a pack for another language: %v", err)
	}
	path, _ := a.runtimeStatePath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "{", `{"used":[{"digest":"x"}]}`, `{"chosen":[]}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		var state *stateError
		if _, err := runtimeOf(t, a, ""); !errors.As(err, &state) {
			t.Errorf("state %q: %v", bad, err)
		}
	}
}

// An install that is interrupted leaves no pack, and one that was killed is
// cleared up by the next.
func TestInstallInterrupted(t *testing.T) {
	h := newPackHost(t, "1.0")
	a := testApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	h.stop.Store(cancel)
	h.stopAt.Store(4)
	if code := execute(ctx, a, []string{"toolchain", "install", h.ref}); code != exitInterrupted {
		t.Fatalf("exit code %d\n%s", code, a.said())
	}
	cache, _ := a.cacheDir()
	data, _ := a.dataDir()
	for _, dir := range []string{cache, data} {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if durable.IsTemp(path) || strings.HasSuffix(path, "runtimes.json") || strings.HasSuffix(path, "index.json") {
				t.Errorf("left behind: %s", path)
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	}
	killed := filepath.Join(cache, "runtimes", strings.Replace(durable.TempPattern, "*", "killed", 1))
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	if code := execute(t.Context(), a, []string{"toolchain", "install", h.ref}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, a.said())
	}
	if _, err := os.Stat(killed); !os.IsNotExist(err) {
		t.Errorf("%s is still there", killed)
	}
}

// Many processes that want the same pack at once all get it.
func TestRuntimeAtOnce(t *testing.T) {
	h := newPackHost(t, "1.0")
	a := testApp(t, "WPK_RUNTIME_TINY="+h.ref)
	if code := execute(t.Context(), a, []string{"toolchain", "install", "tiny"}); code != 0 {
		t.Fatal(a.said())
	}
	cache, _ := a.cacheDir()
	if err := os.RemoveAll(filepath.Join(cache, "runtimes")); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	const users = 8
	for range users {
		go func() {
			b := &app{ui: &ui.Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Width: 80}, env: a.env}
			p, err := runtimesOf(b).Runtime(t.Context(), "tiny")
			if err == nil {
				err = p.Verify(t.Context())
			}
			errs <- err
		}()
	}
	for range users {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func runtimesOf(a *app) *runtimes { return &runtimes{app: a} }
