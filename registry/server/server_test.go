package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/registry"
)

// run serves a folder and returns the address and a function that stops it.
func run(t *testing.T, dir string) (addr string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- Serve(ctx, Options{Addr: "127.0.0.1:0", Dir: dir, Ready: func(a net.Addr) { ready <- a }})
	}()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	select {
	case a := <-ready:
		return a.String(), stop
	case err := <-done:
		t.Fatal(err)
		return "", nil
	}
}

func repository(t *testing.T, addr, path string) registry.Target {
	t.Helper()
	ref, err := registry.ParseRef(addr + "/" + path)
	must(t, err)
	target, err := registry.Open(t.Context(), ref, registry.Options{DockerConfig: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { _ = target.Close() })
	return target
}

func image(t *testing.T, content string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer([]byte(content), types.OCILayer))
	must(t, err)
	return img
}

func save(t *testing.T, addr, path string, a registry.Artifact, tag string) ocispec.Descriptor {
	t.Helper()
	d, err := registry.Save(t.Context(), repository(t, addr, path), a, tag)
	must(t, err)
	return d
}

// assertPulls copies an artifact out, which checks every byte of it.
func assertPulls(t *testing.T, addr, path, reference string, want ocispec.Descriptor) {
	t.Helper()
	store, err := registry.OpenStore(filepath.Join(t.TempDir(), "store"))
	must(t, err)
	got, err := registry.Copy(t.Context(), repository(t, addr, path), reference, store, "x", registry.CopyOptions{})
	if err != nil || got.Descriptor.Digest != want.Digest {
		t.Errorf("%s %s: %v, %v", path, reference, got, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	addr, stop := run(t, dir)
	inner := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: image(t, "one")}, mutate.IndexAddendum{Add: image(t, "two")})
	nested := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: inner})
	index := save(t, addr, "a/b", nested, "1")
	save(t, addr, "a/b", image(t, "three"), "gone")
	single := save(t, addr, "a/b", image(t, "four"), "1") // the index is known by its digest alone now
	other := save(t, addr, "c", inner, "2")
	if status, _ := send(t, http.MethodDelete, "http://"+addr+"/v2/a/b/manifests/gone", "", ""); status != http.StatusAccepted {
		t.Fatalf("delete: %d", status)
	}
	stop()

	addr, _ = run(t, dir)
	assertPulls(t, addr, "a/b", index.Digest.String(), index)
	assertPulls(t, addr, "a/b", "1", single)
	assertPulls(t, addr, "c", "2", other)
	if _, err := repository(t, addr, "a/b").Resolve(t.Context(), "gone"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a deleted tag came back: %v", err)
	}
}

// send makes a request by hand, for what no client would do.
func send(t *testing.T, method, url, contentType, body string) (status int, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header
}

const (
	emptySum     = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
)

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	addr, _ := run(t, dir)
	base := "http://" + addr + "/v2/"
	_, start := send(t, http.MethodPost, base+"a/blobs/uploads/", "", "")
	upload := "http://" + addr + start.Get("Location")
	for name, tt := range map[string]struct {
		method, url, contentType, body string
		want                           int
	}{
		"blob with a wrong digest":     {http.MethodPut, upload + "?digest=" + emptySum, "", "not empty", 400},
		"manifest with a wrong digest": {http.MethodPut, base + "a/manifests/" + emptySum, manifestType, "{}", 400},
		"bad tag":                      {http.MethodPut, base + "a/manifests/-x", manifestType, "{}", 400},
		"bad repository":               {http.MethodPut, base + "A/../b/manifests/x", manifestType, "{}", 400},
		"huge manifest":                {http.MethodPut, base + "a/manifests/x", manifestType, strings.Repeat(" ", maxManifest+1), 413},
		"index of nothing":             {http.MethodPut, base + "a/manifests/x", "application/vnd.oci.image.index.v1+json", `{"schemaVersion":2,"manifests":[{"mediaType":"` + manifestType + `","digest":"` + emptySum + `","size":0}]}`, 404},
		"unknown blob":                 {http.MethodGet, base + "a/blobs/" + emptySum, "", "", 404},
		"delete an unknown manifest":   {http.MethodDelete, base + "a/manifests/x", "", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _ := send(t, tt.method, tt.url, tt.contentType, tt.body); status != tt.want {
				t.Errorf("status %d, want %d", status, tt.want)
			}
		})
	}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("something was kept: %s", path)
		}
		return err
	}))
}

func TestMount(t *testing.T) {
	addr, _ := run(t, t.TempDir())
	save(t, addr, "one", image(t, "content"), "1")
	sum, err := static.NewLayer([]byte("content"), types.OCILayer).Digest()
	must(t, err)
	url := fmt.Sprintf("http://%s/v2/two/blobs/uploads/?from=one&mount=", addr)
	if status, header := send(t, http.MethodPost, url+sum.String(), "", ""); status != http.StatusCreated || header.Get("Location") != "/v2/two/blobs/"+sum.String() {
		t.Errorf("%d, %v", status, header)
	}
	if status, _ := send(t, http.MethodPost, url+emptySum, "", ""); status != http.StatusAccepted {
		t.Errorf("unknown blob: %d", status)
	}
}

func TestAddress(t *testing.T) {
	for addr, want := range map[string]error{
		"127.0.0.1:0": nil, "localhost:0": nil, "[::1]:0": nil,
		"0.0.0.0:0": ErrNotLoopback, ":5000": ErrNotLoopback, "example.com:80": ErrNotLoopback, "localhost.example.com:80": ErrNotLoopback, "[::]:0": ErrNotLoopback,
	} {
		if err := checkAddr(addr, false); !errors.Is(err, want) {
			t.Errorf("%s: %v", addr, err)
		}
		if err := checkAddr(addr, true); err != nil {
			t.Errorf("%s allowed: %v", addr, err)
		}
	}
	if checkAddr("5000", true) == nil {
		t.Error("an address without host passed")
	}
}

func TestAddressInUse(t *testing.T) {
	addr, _ := run(t, t.TempDir())
	err := Serve(t.Context(), Options{Addr: addr, Dir: t.TempDir()})
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), addr) {
		t.Errorf("got %v", err)
	}
}

func TestBrokenFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if err := Serve(t.Context(), Options{Addr: "127.0.0.1:0", Dir: filepath.Join(file, "x")}); err == nil {
		t.Error("a folder below a file worked")
	}
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "manifests"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "manifests", "x.json"), []byte("{"), 0o600))
	if err := Serve(t.Context(), Options{Addr: "127.0.0.1:0", Dir: dir}); err == nil || !strings.Contains(err.Error(), "x.json") {
		t.Errorf("a broken record: %v", err)
	}
}

// TestShutdownIsGraceful: an upload in progress may finish.
func TestShutdownIsGraceful(t *testing.T) {
	addr, stop := run(t, t.TempDir())
	body := bytes.Repeat([]byte("x"), 100)
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "PATCH /v2/a/blobs/uploads/1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(body))
	must(t, err)
	_, err = conn.Write(body[:50])
	must(t, err)
	time.Sleep(50 * time.Millisecond) // the server has begun to read
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	time.Sleep(50 * time.Millisecond)
	_, err = conn.Write(body[50:])
	must(t, err)
	reply := make([]byte, 12)
	_, err = conn.Read(reply)
	must(t, err)
	if string(reply) != "HTTP/1.1 202" {
		t.Errorf("%q", reply)
	}
	<-stopped
}
