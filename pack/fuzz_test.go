package pack

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// FuzzReadManifest reads any bytes as a root, with a config and a layer there
// for it to name.
func FuzzReadManifest(f *testing.F) {
	m := newMemory()
	root := m.image(`{"config":{"Entrypoint":["/a"]}}`, m.layer(reg("a", tiny)))
	f.Add(root.MediaType, m.blobs[root.Digest])
	idx := m.index(ociIndex, on(root, "wasi", "wasm"), on(root, "linux", "amd64"))
	f.Add(idx.MediaType, m.blobs[idx.Digest])
	f.Add("", []byte(`{"schemaVersion":2,"config":{},"layers":[]}`))
	for _, v := range tools {
		d := m.tool(v)
		f.Add(d.MediaType, m.blobs[d.Digest])
	}
	app := m.put(spinType, []byte(locked))
	d := m.manifest(ociImage, app, m.put(legacyLayerType, []byte(tiny)), m.put(cncfLayerType, []byte(other)))
	f.Add(d.MediaType, m.blobs[d.Digest])
	f.Fuzz(func(t *testing.T, mediaType string, raw []byte) {
		own := newMemory()
		for d, b := range m.blobs {
			own.blobs[d] = b
		}
		readAny(t, own, own.put(mediaType, raw))
	})
}

// FuzzReadLayer reads any bytes as a layer: once as they are, and once as the
// tar in a gzip.
func FuzzReadLayer(f *testing.F) {
	all := tarOf(dir("d"), reg("d/a", tiny), link("l", "d"), hardlink("h", "d/a"), reg(".wh.x", ""))
	f.Add(all)
	f.Add(gz(all))
	f.Add(zst(all))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := newMemory()
		readAny(t, m, m.image(`{"config":{"Entrypoint":["/l/a"]}}`, m.put(ociLayer, raw), m.put(ociLayer, gz(raw))))
	})
}

func readAny(t *testing.T, m *memory, root ocispec.Descriptor) {
	t.Helper()
	c, err := Read(context.Background(), m, root)
	for d, n := range m.fetched {
		if n > 1 {
			t.Fatalf("%s was fetched %d times", d, n)
		}
	}
	if err != nil {
		if c != nil {
			t.Fatal("content with an error")
		}
		return
	}
	if !hasMagic(c.Module) || len(c.Platforms) == 0 {
		t.Fatalf("%+v", c)
	}
	for _, file := range c.Files {
		if !path.IsAbs(file.Path) || path.Clean(file.Path) != file.Path || strings.Contains(file.Path, "/../") {
			t.Fatalf("path %q", file.Path)
		}
	}
}

// FuzzReadRuntime reads any bytes as the manifest of a runtime pack whose layers
// are not there: nothing is unpacked, and no file lies elsewhere.
func FuzzReadRuntime(f *testing.F) {
	img, err := Runtime(wpktest.RuntimePack(f, "1.0"))
	if err != nil {
		f.Fatal(err)
	}
	raw, _ := img.RawManifest()
	config, _ := img.RawConfigFile()
	f.Add(raw)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := newMemory()
		m.put("", config)
		m.put("", []byte("\x00asm\x01\x00\x00\x00"))
		c, err := ReadRuntime(t.Context(), m, m.put(ociImage, raw))
		if err == nil {
			err = c.Unpack(t.Context(), filepath.Join(dir, "pack"))
		}
		if err == nil {
			t.Error("a pack without its layers was unpacked")
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Errorf("files elsewhere: %v", entries)
		}
	})
}
