package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// putRuntime stores an artifact with all that it refers to.
func (m *memory) putRuntime(t *testing.T, img v1.Image) ocispec.Descriptor {
	t.Helper()
	config, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	m.put("", config)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		m.put("", b)
	}
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m.put(ociImage, raw)
}

func TestRuntimeRoundTrip(t *testing.T) {
	p := wpktest.RuntimePack(t, "1.0")
	img, err := Runtime(p)
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	root := m.putRuntime(t, img)
	c, err := ReadRuntime(t.Context(), m, root)
	if err != nil {
		t.Fatal(err)
	}
	if c.Language != "tiny" || c.Version != "1.0" || c.Root.Digest != root.Digest || c.Size < 500 {
		t.Errorf("read %+v", c)
	}
	dir := t.TempDir()
	if err := c.Unpack(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{runtimepack.ConfigFile, runtimepack.RuntimeFile, runtimepack.LibraryFile, runtimepack.LicencesFile, runtimepack.ProvenanceFile} {
		want, errWant := os.ReadFile(p.Path(name))
		got, errGot := os.ReadFile(filepath.Join(dir, name))
		if errWant != nil || errGot != nil || !bytes.Equal(want, got) {
			t.Errorf("%s is not the same (%v, %v)", name, errWant, errGot)
		}
	}
	unpacked, err := runtimepack.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Runtime(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := mustDigest(t, img), mustDigest(t, again); a != b {
		t.Errorf("packed again it is %s instead of %s", b, a)
	}

	content, err := Read(t.Context(), m, root)
	if err != nil {
		t.Fatal(err)
	}
	if content.Layout != LayoutRuntime || content.Runtime == nil || content.Runtime.Version != "1.0" || len(content.Platforms) != 0 {
		t.Errorf("layout %q, %+v", content.Layout, content.Runtime)
	}
}

func mustDigest(t *testing.T, img v1.Image) v1.Hash {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What a client of others makes of the artifact: titles are the names of files
// with just that content, and types say what it is.
func TestRuntimeManifest(t *testing.T) {
	img, err := Runtime(wpktest.RuntimePack(t, "1.0"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.ArtifactType != RuntimeArtifactType || m.Config.Annotations[annotationTitle] != "pack.json" || m.Annotations[annotationVersion] != "1.0" {
		t.Errorf("manifest %s", raw)
	}
	var got []string
	for _, l := range m.Layers {
		got = append(got, l.Annotations[annotationTitle]+" "+l.MediaType)
	}
	want := "runtime.wasm application/wasm, library.zip.zst application/vnd.wpk.runtime.library.v1.zip+zstd, " +
		"licences.zip application/zip, provenance.json application/vnd.in-toto+json"
	if strings.Join(got, ", ") != want {
		t.Errorf("layers %v", got)
	}
}

func TestReadRuntimeRefuses(t *testing.T) {
	img, err := Runtime(wpktest.RuntimePack(t, "1.0"))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := img.RawManifest()
	config, _ := img.RawConfigFile()
	change := func(what func(*memory, *ocispec.Manifest)) func(m *memory) ocispec.Descriptor {
		return func(m *memory) ocispec.Descriptor {
			var doc ocispec.Manifest
			if err := json.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			what(m, &doc)
			return m.putJSON(ociImage, doc)
		}
	}
	var invalid *InvalidError
	var abi *runtimepack.ABIError
	var format *runtimepack.FormatError
	var damaged *DigestError
	for name, tt := range map[string]struct {
		root func(*memory) ocispec.Descriptor
		want func(error) bool
	}{
		"an index": {
			func(m *memory) ocispec.Descriptor { return m.putJSON(ociIndex, map[string]any{"schemaVersion": 2}) },
			func(err error) bool { return errors.Is(err, ErrNoRuntime) },
		},
		"an image": {
			func(m *memory) ocispec.Descriptor { return m.image("{}") },
			func(err error) bool { return errors.Is(err, ErrNoRuntime) },
		},
		"another ABI": {change(func(m *memory, d *ocispec.Manifest) {
			c := m.put(runtimeConfigType, bytes.Replace(config, []byte(`"abi": 1`), []byte(`"abi": 7`), 1))
			d.Config.Digest, d.Config.Size = c.Digest, c.Size
		}), func(err error) bool { return errors.As(err, &abi) && abi.ABI == 7 }},
		"another config": {change(func(m *memory, d *ocispec.Manifest) {
			c := m.put(runtimeConfigType, []byte("{}"))
			d.Config.Digest, d.Config.Size = c.Digest, c.Size
		}), func(err error) bool { return errors.As(err, &format) }},
		"a config of another pack": {change(func(m *memory, d *ocispec.Manifest) {
			c := m.put(runtimeConfigType, bytes.Replace(config, []byte(`"1.0"`), []byte(`"1.1"`), 1))
			d.Config.Digest, d.Config.Size = c.Digest, c.Size
		}), func(err error) bool { return errors.As(err, &format) }},
		"no runtime": {
			change(func(_ *memory, d *ocispec.Manifest) { d.Layers = d.Layers[1:] }),
			func(err error) bool { return errors.As(err, &invalid) },
		},
		"a layer too many": {
			change(func(_ *memory, d *ocispec.Manifest) {
				d.Layers = append(d.Layers, d.Layers[0])
				d.Layers[4].Annotations = map[string]string{annotationTitle: "../../evil"}
			}),
			func(err error) bool { return errors.As(err, &invalid) },
		},
		"a layer twice": {
			change(func(_ *memory, d *ocispec.Manifest) { d.Layers = append(d.Layers, d.Layers[0]) }),
			func(err error) bool { return errors.As(err, &invalid) },
		},
		"another type": {
			change(func(_ *memory, d *ocispec.Manifest) { d.Layers[0].MediaType = "text/plain" }),
			func(err error) bool { return errors.As(err, &invalid) },
		},
		"no compression": {change(func(m *memory, d *ocispec.Manifest) {
			l := m.put("", []byte("\x28\xb5\x2f\xfdgarbage"))
			d.Layers[1].Digest, d.Layers[1].Size = l.Digest, l.Size
		}), func(err error) bool { return errors.As(err, &invalid) }},
		"another library": {change(func(m *memory, d *ocispec.Manifest) {
			l := m.put("", []byte("no zip"))
			d.Layers[1].Digest, d.Layers[1].Size = l.Digest, l.Size
		}), func(err error) bool { return errors.As(err, &format) }},
		"damaged": {change(func(m *memory, d *ocispec.Manifest) {
			b := bytes.Clone(m.blobs[d.Layers[0].Digest])
			b[len(b)-1] ^= 1
			m.blobs[d.Layers[0].Digest] = b
		}), func(err error) bool { return errors.As(err, &damaged) }},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			m.putRuntime(t, img)
			c, err := ReadRuntime(t.Context(), m, tt.root(m))
			if err == nil {
				err = c.Unpack(t.Context(), t.TempDir())
			}
			if !tt.want(err) {
				t.Errorf("%v (%T)", err, err)
			}
		})
	}
}

func TestRuntimePartLimit(t *testing.T) {
	blob, err := smallest(make([]byte, 100_001))
	if err != nil {
		t.Fatal(err)
	}
	part := runtimePart{name: "library.zip", zstd: true, limit: 100_000}
	var limit *LimitError
	if err := part.write(filepath.Join(t.TempDir(), "x"), blob, ocispec.Descriptor{}); !errors.As(err, &limit) {
		t.Errorf("a bomb: %v", err)
	}
}
