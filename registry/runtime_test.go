package registry

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/pack"
)

// A runtime pack goes through a registry as any artifact, and `oras pull`,
// which is this copy into a file store, leaves its files.
func TestRuntimePackForOthers(t *testing.T) {
	p := wpktest.RuntimePack(t, "1.0")
	img, err := pack.Runtime(p)
	if err != nil {
		t.Fatal(err)
	}
	target := mustOpen(t, wpktest.Distribution(t)+"/runtime/tiny", fast(t))
	saved, err := Save(t.Context(), target, img, "1.0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files, err := file.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	pulled, err := oras.Copy(t.Context(), target, "1.0", files, "", oras.DefaultCopyOptions)
	if err != nil {
		t.Fatal(err)
	}
	if pulled.Digest != saved.Digest {
		t.Errorf("pulled %s, pushed %s", pulled.Digest, saved.Digest)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		name := e.Name()
		if filepath.Ext(name) == ".zst" {
			d, err := zstd.NewReader(nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if data, err = d.DecodeAll(data, nil); err != nil {
				t.Fatal(err)
			}
			name = name[:len(name)-len(".zst")]
		}
		want, err := os.ReadFile(p.Path(name))
		if err != nil || !bytes.Equal(data, want) {
			t.Errorf("%s is not the pack's file (%v)", e.Name(), err)
		}
	}
	if want := []string{"library.zip.zst", "licences.zip", "pack.json", "provenance.json", "runtime.wasm"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}
