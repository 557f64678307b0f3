package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// server is a live registry that counts requests; tests put handlers in front.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	// before sees every request first; true means that it has answered.
	before func(w http.ResponseWriter, req *http.Request) bool
}

func newServer(t testing.TB, start func(http.Handler) *httptest.Server) *server {
	t.Helper()
	s := &server{}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, req.Method+" "+req.URL.RequestURI())
		before := s.before
		s.mu.Unlock()
		if before == nil || !before(w, req) {
			inner.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func startServer(t testing.TB) *server { return newServer(t, httptest.NewServer) }

func (s *server) host() string {
	u, _ := url.Parse(s.URL)
	return u.Host
}

// taken returns the requests since the last call.
func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

func (s *server) intercept(before func(w http.ResponseWriter, req *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

func count(requests []string, prefix string) int {
	n := 0
	for _, r := range requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

// fast are options for tests: retries without real waits, and a folder without
// credentials unless a test brings one.
func fast(t testing.TB) Options {
	return Options{DockerConfig: t.TempDir(), Retry: RetryOptions{MinWait: time.Millisecond, MaxWait: 2 * time.Second}}
}

func fastCopy() CopyOptions {
	return CopyOptions{Retry: RetryOptions{MinWait: time.Millisecond, MaxWait: 2 * time.Second}}
}

func mustOpen(t testing.TB, reference string, o Options) Target {
	t.Helper()
	ref, err := ParseRef(reference)
	if err != nil {
		t.Fatal(err)
	}
	target, err := Open(t.Context(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.Close() })
	return target
}

func mustStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func content(seed uint64, size int) []byte {
	b := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	_, _ = random.Read(b)
	return b
}

func describe(b []byte, mediaType string) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
}

// image returns a one-layer image; the variant makes its config unique.
func image(t testing.TB, layer v1.Layer, os, variant string) v1.Image {
	t.Helper()
	img, err := mutate.ConfigFile(mutate.MediaType(empty.Image, types.OCIManifestSchema1), &v1.ConfigFile{OS: os, Architecture: variant})
	must(t, err)
	img, err = mutate.AppendLayers(mutate.ConfigMediaType(img, types.OCIConfigJSON), layer)
	must(t, err)
	return img
}

// universal returns an index of the shape that pack writes: 20 manifests (the
// index among them) over 12 blobs, of which two are layers of the given size.
func universal(t testing.TB, seed uint64, size int) v1.ImageIndex {
	t.Helper()
	gzip := static.NewLayer(content(seed, size), types.OCILayer)
	zstd := static.NewLayer(content(seed+1, size), types.OCILayerZStd)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	add := func(img v1.Image, platform v1.Platform) {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	for i := range 9 {
		arch := fmt.Sprintf("arch%d", i)
		add(image(t, gzip, "linux", arch), v1.Platform{OS: "linux", Architecture: arch})
		twin := mutate.Annotations(image(t, zstd, "wasi", "wasm"), map[string]string{"arch": arch}).(v1.Image)
		add(twin, v1.Platform{OS: "linux", Architecture: arch})
	}
	add(image(t, zstd, "wasi", "wasm"), v1.Platform{OS: "wasi", Architecture: "wasm"})
	return index
}

// saved writes a universal index to a new store under a name.
func saved(t testing.TB, seed uint64, size int, name string) (*Store, ocispec.Descriptor) {
	t.Helper()
	s := mustStore(t, filepath.Join(t.TempDir(), "store"))
	d, err := Save(t.Context(), s, universal(t, seed, size), name)
	must(t, err)
	return s, d
}

// assertComplete reads everything behind root, and so checks every byte.
func assertComplete(t testing.TB, src Source, root ocispec.Descriptor) {
	t.Helper()
	g, err := walk(t.Context(), src, root, nil)
	must(t, err)
	for d := range g.all() {
		rc, err := src.Fetch(t.Context(), d)
		must(t, err)
		_, err = io.Copy(io.Discard, rc)
		must(t, err)
		_ = rc.Close()
	}
}

// files lists everything below a folder but lock files.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	must(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) != ".lock" {
			names = append(names, filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator))))
		}
		return err
	}))
	slices.Sort(names)
	return names
}

func assertNoTemp(t testing.TB, dir string) {
	t.Helper()
	for _, name := range files(t, dir) {
		if strings.Contains(name, ".wpk-tmp-") {
			t.Errorf("left behind: %s", name)
		}
	}
}

func pushBytes(ctx context.Context, t Target, b []byte, mediaType string) (ocispec.Descriptor, error) {
	d := describe(b, mediaType)
	return d, t.Push(ctx, d, bytes.NewReader(b))
}

// churnIndex is a small index without a testing.TB, for other processes. Its
// layers are shared between artifacts of different numbers.
func churnIndex(i int) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for n := range 3 {
		img, err := mutate.AppendLayers(empty.Image, static.NewLayer(content(uint64(n), 50_000), types.OCILayer), static.NewLayer(content(uint64(100+i), 1000), types.OCILayer))
		if err != nil {
			panic(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img})
	}
	return index
}

func mustLayer(size int) v1.Layer { return static.NewLayer(content(9, size), types.OCILayer) }
