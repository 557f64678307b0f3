package pack

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/wpkdev/wpk/wasm"
)

// full uses every option.
func full() Options {
	return Options{
		Name: "hello",
		Config: Config{
			Cmd: []string{"serve"}, Env: []string{"A=1", "B=x=y"}, WorkingDir: "/srv",
			Labels: map[string]string{"l": "1", "k": "2"},
		},
		Annotations: map[string]string{"org.opencontainers.image.version": "1.0", "a": "b"},
		Files: []File{
			{Path: "/srv/z.txt", Mode: 0o600, Data: []byte("z")},
			{Path: "/srv/a/run", Mode: 0o700, Data: []byte("a")},
			{Path: "/" + strings.Repeat("long", 60) + "/ü", Data: []byte("pax")},
		},
		Created: time.Unix(1_700_000_000, 5),
	}
}

// bigModule is compressible and large enough for every path of the encoders;
// its bytes come from a fixed generator.
func bigModule(size int) []byte {
	b := []byte(tiny + "\x00")
	content := make([]byte, size)
	x := uint32(1)
	for i := range content {
		x = x*1664525 + 1013904223
		content[i] = byte(x>>24) & byte(x>>16) & 0x5f
	}
	content[0] = 0 // the custom section has no name
	n := uint(size)
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(append(b, byte(n)), content...)
}

// TestGolden fixes the bytes. It must pass on every architecture and with
// every version of Go; a change here changes the digest of all artifacts.
func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		name         string
		module       []byte
		o            Options
		index, image string
	}{
		{
			"zero options", []byte(tiny),
			Options{},
			"115c6b2f7a0cb6f32543d52dda2edce18e265604822ef03a7f4c4774b4ae52ae",
			"aaf8a6cd1f2cfa4ed113ce6ca6177a903f1df8d62941b87a31786aadaab88d20",
		},
		{
			"all options", []byte(tiny), full(),
			"8d1faa175c2f2e4fe376b32f9cf9f023e6db6e4bb945f8eb3767597b6a90ad12",
			"3bd6ac65923a4d6b37784ab71ab3735d27b2f65a80e17458c915ef417dd35029",
		},
		{
			"large module", bigModule(1 << 20),
			Options{},
			"b5b317a90f73c8207857c662565a14f8b8db9e6affc276ab79586a6995ad9f15",
			"c5fb6cd51b74f511d08e8667ee3a57e39307a94d156f94bbf9c6fe22790e4de8",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			idx, err := Universal(tt.module, tt.o)
			check(t, err)
			if d, err := idx.Digest(); err != nil || d.Hex != tt.index {
				t.Errorf("universal: %v %v", d, err)
			}
			img, err := Image(tt.module, tt.o)
			check(t, err)
			if d, err := img.Digest(); err != nil || d.Hex != tt.image {
				t.Errorf("image: %v %v", d, err)
			}
		})
	}
}

func TestUniversal(t *testing.T) {
	idx, err := Universal([]byte(tiny), full())
	check(t, err)
	manifest, err := idx.IndexManifest()
	check(t, err)
	if len(manifest.Manifests) != 19 {
		t.Fatalf("%d children", len(manifest.Manifests))
	}
	blobs, digests := map[v1.Hash]bool{}, map[v1.Hash]bool{}
	var order []string
	for _, d := range manifest.Manifests {
		if digests[d.Digest] {
			t.Errorf("child %s is there twice", d.Digest)
		}
		digests[d.Digest] = true
		img, err := idx.Image(d.Digest)
		check(t, err)
		if d.Annotations == nil {
			check(t, validate.Image(img))
		} else { // validate unpacks with gzip only
			check(t, validate.Image(img, validate.Fast))
			checkDiffID(t, img)
		}
		m, err := img.Manifest()
		check(t, err)
		blobs[m.Config.Digest], blobs[m.Layers[0].Digest] = true, true
		if m.Annotations[annotationVariant] != "compat" || m.Annotations["a"] != "b" {
			t.Errorf("annotations %v", m.Annotations)
		}
		config, err := img.ConfigFile()
		check(t, err)
		order = append(order, fmt.Sprintf("%s %s %s %s", d.Platform, d.Annotations[annotationZstd], config.Platform(), m.Layers[0].MediaType))
	}
	if len(blobs) != 12 {
		t.Errorf("%d blobs, want 9 configs of linux, one of wasi and two layers", len(blobs))
	}
	const layer = "application/vnd.oci.image.layer.v1.tar+"
	for i, want := range map[int]string{
		0:  "linux/amd64  linux/amd64 " + layer + "gzip",
		1:  "linux/arm64/v8  linux/arm64/v8 " + layer + "gzip",
		9:  "linux/amd64 true wasi/wasm " + layer + "zstd",
		17: "linux/mips64le true wasi/wasm " + layer + "zstd",
		18: "wasi/wasm  wasi/wasm " + layer + "gzip",
	} {
		if order[i] != want {
			t.Errorf("child %d: got %q, want %q", i, order[i], want)
		}
	}
	// validate.Index wants the listed platform to be the config's, which the
	// zstd twins are made to break.
	check(t, validate.Index(mutate.RemoveManifests(idx, func(d v1.Descriptor) bool { return d.Annotations != nil })))
	if _, err := idx.Image(v1.Hash{}); err == nil {
		t.Error("an unknown child was found")
	}
}

func checkDiffID(t *testing.T, img v1.Image) {
	t.Helper()
	layers, err := img.Layers()
	check(t, err)
	want, err := layers[0].DiffID()
	check(t, err)
	r, err := layers[0].Compressed()
	check(t, err)
	blob, err := io.ReadAll(r)
	check(t, err)
	z, err := decompress(blob)
	check(t, err)
	defer z.Close()
	if got, _, err := v1.SHA256(z); err != nil || got != want {
		t.Errorf("DiffID %s, unpacked %s %v", want, got, err)
	}
}

func TestImage(t *testing.T) {
	img, err := Image([]byte(tiny), full())
	check(t, err)
	check(t, validate.Image(img))
	c, err := img.ConfigFile()
	check(t, err)
	if c.Platform().String() != "wasi/wasm" || c.Config.Entrypoint[0] != "/hello.wasm" || c.Config.WorkingDir != "/srv" {
		t.Errorf("%+v", c)
	}
	if len(c.History) != 1 || c.Created.Unix() != 1_700_000_000 || c.Created.Nanosecond() != 0 {
		t.Errorf("created %v, history %v", c.Created, c.History)
	}
}

func TestTar(t *testing.T) {
	layers, err := new(Options).layers([]byte(tiny), gzipCompressor())
	check(t, err)
	want := []string{"app.wasm 755"}
	compareTar(t, layers[0], time.Unix(0, 0), want)

	o := full()
	layers, err = o.layers([]byte(tiny), zstdCompressor())
	check(t, err)
	long := strings.Repeat("long", 60)
	compareTar(t, layers[0], time.Unix(1_700_000_000, 0), []string{
		"hello.wasm 755", long + "/ 755", long + "/ü 644", "srv/ 755", "srv/a/ 755", "srv/a/run 755", "srv/z.txt 644",
	})
}

func compareTar(t *testing.T, l *layer, modified time.Time, want []string) {
	t.Helper()
	z, err := decompress(l.blob)
	check(t, err)
	defer z.Close()
	var got []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		got = append(got, fmt.Sprintf("%s %o", h.Name, h.Mode))
		if !h.ModTime.Equal(modified) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%+v", h)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFilesInAnyOrder(t *testing.T) {
	o := full()
	a, err := Image([]byte(tiny), o)
	check(t, err)
	o.Files = []File{o.Files[2], o.Files[0], o.Files[1]}
	b, err := Image([]byte(tiny), o)
	check(t, err)
	da, _ := a.Digest()
	if db, _ := b.Digest(); da != db {
		t.Error("the order of Files changes the digest")
	}
}

func TestOptionErrors(t *testing.T) {
	file := func(paths ...string) (o Options) {
		for _, p := range paths {
			o.Files = append(o.Files, File{Path: p})
		}
		return o
	}
	for _, tt := range []struct {
		field string
		o     Options
	}{
		{"Name", Options{Name: "a/b"}},
		{"Name", Options{Name: ".."}},
		{"Name", Options{Name: "a#b"}},
		{"Name", Options{Name: ".wh.x"}},
		{"Config.Entrypoint", Options{Config: Config{Entrypoint: []string{"app.wasm"}}}},
		{"Config.Cmd", Options{Config: Config{Cmd: []string{"a\x00b"}}}},
		{"Config.WorkingDir", Options{Config: Config{WorkingDir: "srv"}}},
		{"Config.Env", Options{Config: Config{Env: []string{"A"}}}},
		{"Config.Env", Options{Config: Config{Env: []string{"=A"}}}},
		{"Config.Env", Options{Config: Config{Env: []string{"A=1", "A=2"}}}},
		{"Config.Labels", Options{Config: Config{Labels: map[string]string{"": "x"}}}},
		{"Annotations", Options{Annotations: map[string]string{"": "x"}}},
		{"Annotations", Options{Annotations: map[string]string{"run.oci.handler": "wasm"}}},
		{"Annotations", Options{Annotations: map[string]string{annotationVariant: "x"}}},
		{"Created", Options{Created: time.Unix(-1, 0)}},
		{"Platforms", Options{Platforms: []v1.Platform{{OS: "windows", Architecture: "amd64"}}}},
		{"Platforms", Options{Platforms: append(DefaultPlatforms(), DefaultPlatforms()[0])}},
		{"Files", file("a")},
		{"Files", file("/")},
		{"Files", file("/a/../b")},
		{"Files", file("/a/")},
		{"Files", file(`/a\b`)},
		{"Files", file("/a", "/a")},
		{"Files", file("/app.wasm")},
		{"Files", file("/app.wasm/x")},
		{"Files", file("/a/b", "/a")},
		{"Files", file("/.wh.a")},
		{"Files", file("/.wh.a/b")},
	} {
		_, err := Universal([]byte(tiny), tt.o)
		var option *OptionError
		if !errors.As(err, &option) || option.Field != tt.field {
			t.Errorf("%s: got %v for %+v", tt.field, err, tt.o)
		}
	}
	if _, err := Image([]byte("#!/bin/sh"), Options{}); !errors.Is(err, wasm.ErrNotWasm) {
		t.Errorf("not a module: %v", err)
	}
}

func TestLoadFiles(t *testing.T) {
	root := t.TempDir()
	write := func(name string, mode os.FileMode) {
		p := filepath.Join(root, name)
		check(t, os.MkdirAll(filepath.Dir(p), 0o750))
		check(t, os.WriteFile(p, []byte(name), mode))
	}
	write("b/two", 0o640)
	write("b-c", 0o600)
	write("a", 0o700)
	files, err := LoadFiles(root + ":/srv/")
	check(t, err)
	var got []string
	for _, f := range files {
		got = append(got, fmt.Sprintf("%s %o %s", f.Path, f.Mode, f.Data))
	}
	want := []string{"/srv/a 755 a", "/srv/b/two 644 b/two", "/srv/b-c 644 b-c"}
	if runtime.GOOS == "windows" { // no execute bits there
		want[0] = "/srv/a 644 a"
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	files, err = LoadFiles(filepath.Join(root, "a") + ":/etc/x")
	if err != nil || len(files) != 1 || files[0].Path != "/etc/x" {
		t.Errorf("%v %v", files, err)
	}
	if _, err = LoadFiles(filepath.Join(root, "none") + ":/x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if runtime.GOOS != "windows" {
		check(t, os.Symlink("a", filepath.Join(root, "link")))
	}
	for _, spec := range []string{"", "a", ":/a", "a:", "a:b", root + ":/x", filepath.Join(root, "link") + ":/x"} {
		var option *OptionError
		if _, err := LoadFiles(spec); !errors.As(err, &option) && runtime.GOOS != "windows" {
			t.Errorf("%q: got %v", spec, err)
		}
	}
}

func BenchmarkUniversal(b *testing.B) {
	module := bigModule(2_500_000)
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := Universal(module, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	idx, err := Universal(bigModule(2_500_000), Options{})
	check(b, err)
	m := newMemory()
	root := m.storeIndex(b, idx)
	for b.Loop() {
		if _, err := Read(context.Background(), m, root); err != nil {
			b.Fatal(err)
		}
	}
}

// layerMap is a LayerCache in memory.
type layerMap map[string][]byte

func (m layerMap) Get(key string) ([]byte, [sha256.Size]byte) { return m[key], sha256.Sum256(m[key]) }

func (m layerMap) Put(key string, blob []byte, _ [sha256.Size]byte) { m[key] = blob }

func TestLayerCache(t *testing.T) {
	cache := layerMap{}
	o := full()
	want, err := Universal([]byte(tiny), o)
	check(t, err)
	// Files of one test share the map one after the other: two compressors run at once.
	o.Cache = lockedCache{cache, make(chan struct{}, 1)}
	for _, when := range []string{"empty", "filled"} {
		got, err := Universal([]byte(tiny), o)
		check(t, err)
		a, _ := want.Digest()
		if b, _ := got.Digest(); a != b {
			t.Errorf("%s: %v, want %v", when, b, a)
		}
		if len(cache) != 2 {
			t.Errorf("%s: %d layers", when, len(cache))
		}
	}
}

type lockedCache struct {
	LayerCache
	lock chan struct{}
}

func (c lockedCache) Put(key string, blob []byte, sum [sha256.Size]byte) {
	c.lock <- struct{}{}
	defer func() { <-c.lock }()
	c.LayerCache.Put(key, blob, sum)
}

func (c lockedCache) Get(key string) ([]byte, [sha256.Size]byte) {
	c.lock <- struct{}{}
	defer func() { <-c.lock }()
	return c.LayerCache.Get(key)
}
