package pack

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestReadUniversal(t *testing.T) {
	idx, err := Universal([]byte(tiny), full())
	check(t, err)
	m := newMemory()
	c, err := Read(context.Background(), m, m.storeIndex(t, idx))
	check(t, err)
	if c.Layout != LayoutUniversal || string(c.Module) != tiny || c.ModulePath != "/hello.wasm" {
		t.Errorf("layout %q, module %q at %q", c.Layout, c.Module, c.ModulePath)
	}
	want := full().Config
	want.Entrypoint = []string{"/hello.wasm"}
	if !reflect.DeepEqual(c.Config, want) {
		t.Errorf("config %+v", c.Config)
	}
	if len(c.Files) != 3 || c.Files[1].Path != "/srv/a/run" || c.Files[1].Mode != 0o755 || string(c.Files[1].Data) != "a" {
		t.Errorf("files %+v", c.Files)
	}
	if len(c.Platforms) != 19 || !c.Platforms[18].Chosen || !c.Platforms[9].Zstd || c.Platforms[5].Platform != "linux/arm/v7" {
		t.Errorf("platforms %+v", c.Platforms)
	}
	shared := map[int]int{}
	for _, b := range c.Blobs {
		shared[b.SharedBy]++
	}
	// 9 configs of linux; the zstd layer; the gzip layer and the wasi config.
	if !reflect.DeepEqual(shared, map[int]int{1: 9, 9: 1, 10: 2}) {
		t.Errorf("blobs %+v", c.Blobs)
	}
	if c.Annotations["a"] != "b" || c.Manifest.Digest != c.Platforms[18].Digest {
		t.Errorf("annotations %v, manifest %v", c.Annotations, c.Manifest)
	}
	for d, n := range m.fetched {
		if n > 1 {
			t.Errorf("%s was fetched %d times", d, n)
		}
	}
	if len(m.fetched) != 20+2 { // the manifests, a config and a layer
		t.Errorf("%d blobs were fetched", len(m.fetched))
	}
}

func TestReadImage(t *testing.T) {
	img, err := Image([]byte(tiny), Options{})
	check(t, err)
	m := newMemory()
	c, err := Read(context.Background(), m, m.storeImage(t, img))
	check(t, err)
	if c.Layout != LayoutImage || string(c.Module) != tiny || len(c.Platforms) != 1 || c.Platforms[0].Platform != "wasi/wasm" {
		t.Errorf("%+v", c)
	}
}

// TestReadOthers reads what other tools write.
func TestReadOthers(t *testing.T) {
	const starts = `{"os":"linux","architecture":"amd64","config":{"Entrypoint":["/x.wasm"]}}`
	for _, tt := range []struct {
		name   string
		root   func(m *memory) ocispec.Descriptor
		layout string
		path   string
	}{
		{"CNCF artifact", func(m *memory) ocispec.Descriptor {
			config := m.put("application/vnd.wasm.config.v0+json", []byte(`{"os":"wasip1","architecture":"wasm","layerDigests":[]}`))
			return m.manifest(ociImage, config, m.put("application/wasm", []byte(tiny)))
		}, LayoutArtifact, ""},
		{"Krustlet artifact", func(m *memory) ocispec.Descriptor {
			config := m.put("application/vnd.wasm.config.v1+json", []byte(`not read`))
			return m.manifest(ociImage, config, m.put("application/vnd.wasm.content.layer.v1+wasm", []byte(tiny)))
		}, LayoutLegacy, ""},
		{"Docker list", func(m *memory) ocispec.Descriptor {
			config := m.put("application/vnd.docker.container.image.v1+json", []byte(`{"config":{"Cmd":["x.wasm"],"WorkingDir":"/opt"}}`))
			layer := m.layer(reg("opt/x.wasm", tiny), reg("opt/y.wasm", other))
			layer.MediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip"
			return m.index(dockerList, on(m.manifest(docker, config, layer), "wasi", "wasm32"), on(m.image("{}"), "linux", "amd64"))
		}, LayoutIndex, "/opt/x.wasm"},
		{"only linux children", func(m *memory) ocispec.Descriptor {
			return m.index(ociIndex,
				on(m.image(`{"config":{"Entrypoint":["/bin/sh"]}}`), "linux", "arm64"),
				on(m.image(`{}`), "unknown", "unknown"),
				on(m.image(starts, m.layer(reg("x.wasm", tiny))), "linux", "amd64"))
		}, LayoutIndex, "/x.wasm"},
		{"nested index", func(m *memory) ocispec.Descriptor {
			inner := m.index(ociIndex, on(m.image("{}", m.layer(reg("a", tiny))), "wasip1", "wasm"))
			return m.index(ociIndex, inner, m.put("application/x-unknown", []byte("?")))
		}, LayoutIndex, "/a"},
		{"zstd in spite of the media type", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.put(ociLayer, zst(tarOf(reg("./a", tiny)))))
		}, LayoutImage, "/a"},
		{"no compression", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.put(ociLayer, tarOf(reg("/a", tiny))))
		}, LayoutImage, "/a"},
		{"no media type", func(m *memory) ocispec.Descriptor {
			config, layer := m.put(ociConfig, []byte("{}")), m.layer(reg("a", tiny))
			return m.putJSON("", map[string]any{"schemaVersion": 2, "config": config, "layers": []any{layer}})
		}, LayoutImage, "/a"},
		{"links", func(m *memory) ocispec.Descriptor {
			return m.image(`{"config":{"Entrypoint":["/bin/x"]}}`, m.layer(
				dir("usr/bin"), link("bin", "usr/bin"), reg("usr/lib/y", tiny),
				link("usr/bin/x", "../../../../usr/lib/z"), hardlink("usr/lib/z", "/usr/lib/y"), reg("o", other)))
		}, LayoutImage, "/bin/x"},
		{"whiteouts", func(m *memory) ocispec.Descriptor {
			return m.image("{}",
				m.layer(reg("a", other), reg("d/b", other), reg("e/f/c", other), reg("keep", tiny)),
				m.layer(reg("d/new", "?"), dir("d"), reg("d/.wh..wh..opq", ""), reg(".wh.a", ""), reg(".wh.e", ""), reg(".wh.none", "")))
		}, LayoutImage, "/keep"},
		{"a layer through the link of another", func(m *memory) ocispec.Descriptor {
			return m.image(`{"config":{"Entrypoint":["/usr/bin/x"]}}`,
				m.layer(link("bin", "/usr/bin"), reg("o", other)), m.layer(reg("bin/x", tiny)))
		}, LayoutImage, "/usr/bin/x"},
		{"the same layer twice", func(m *memory) ocispec.Descriptor {
			l := m.layer(reg("a", tiny))
			return m.image("{}", l, m.layer(dir("x")), l)
		}, LayoutImage, "/a"},
		{"an attestation among the layers", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.put("application/vnd.in-toto+json", []byte("{}")), m.layer(reg("a", tiny)))
		}, LayoutImage, "/a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			c, err := Read(context.Background(), m, tt.root(m))
			check(t, err)
			if c.Layout != tt.layout || string(c.Module) != tiny || c.ModulePath != tt.path {
				t.Errorf("layout %q, module %q at %q, files %v", c.Layout, c.Module, c.ModulePath, c.Files)
			}
		})
	}
}

func TestSpellings(t *testing.T) {
	for platform, want := range map[string]bool{
		"wasi/wasm": true, "wasi/wasm32": true, "wasip1/wasm": true, "wasip2/wasm": true, "linux/wasm": true, "wasm/wasi": true,
		"linux/amd64": false, "js/wasm": false, "wasi/amd64": false,
	} {
		os, arch, _ := strings.Cut(platform, "/")
		if isWasm(os, arch) != want {
			t.Errorf("%s: want %v", platform, want)
		}
	}
}

// TestReadHostile holds every kind of damage and attack against the error
// that it must end in.
func TestReadHostile(t *testing.T) {
	bad := func(m *memory, headers string) ocispec.Descriptor {
		return m.image("{}", m.put(ociLayer, []byte(headers)))
	}
	for _, tt := range []struct {
		name   string
		root   func(m *memory) ocispec.Descriptor
		want   any // a pointer for errors.As, or an error for errors.Is
		reason string
	}{
		{"wrong bytes", func(m *memory) ocispec.Descriptor {
			d := m.image("{}", m.layer(reg("a", tiny)))
			m.blobs[d.Digest][20] ^= 1
			return d
		}, new(*DigestError), "its bytes have the digest"},
		{"cut", func(m *memory) ocispec.Descriptor {
			l := m.layer(reg("a", tiny))
			m.blobs[l.Digest] = m.blobs[l.Digest][:30]
			return m.image("{}", l)
		}, new(*DigestError), "and 30 came"},
		{"longer than announced", func(m *memory) ocispec.Descriptor {
			l := m.layer(reg("a", tiny))
			m.blobs[l.Digest] = append(m.blobs[l.Digest], make([]byte, 100)...)
			return m.image("{}", l)
		}, new(*DigestError), "announced"},
		{"negative size", func(m *memory) ocispec.Descriptor {
			d := m.image("{}")
			d.Size = -1
			return d
		}, new(*InvalidError), "negative size"},
		{"unknown digest algorithm", func(m *memory) ocispec.Descriptor {
			return m.image("{}", ocispec.Descriptor{MediaType: ociLayer, Digest: "md5:d41d8cd98f00b204e9800998ecf8427e"})
		}, new(*InvalidError), "unusable digest"},
		{"wrong DiffID", func(m *memory) ocispec.Descriptor {
			zero := strings.Repeat("0", 64)
			return m.image(`{"rootfs":{"diff_ids":["sha256:`+zero+`"]}}`, m.layer(reg("a", tiny)))
		}, new(*DigestError), "corrupt"},
		{"number of DiffIDs", func(m *memory) ocispec.Descriptor {
			return m.image(`{"rootfs":{"diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`)
		}, new(*InvalidError), "1 diff_ids for 0 layers"},
		{"not JSON", func(m *memory) ocispec.Descriptor { return m.put(ociImage, []byte("<html>")) }, new(*InvalidError), "not JSON"},
		{"config is not JSON", func(m *memory) ocispec.Descriptor { return m.image("[") }, new(*InvalidError), "config"},
		{"image and index at once", func(m *memory) ocispec.Descriptor {
			return m.putJSON(ociImage, map[string]any{
				"schemaVersion": 2, "config": m.put(ociConfig, []byte("{}")), "layers": []any{}, "manifests": []any{},
			})
		}, new(*InvalidError), "fields of an index"},
		{"another type than listed", func(m *memory) ocispec.Descriptor {
			d := m.image("{}")
			d.MediaType = ociIndex
			return d
		}, new(*InvalidError), "its descriptor"},
		{"schema version 1", func(m *memory) ocispec.Descriptor { return m.put(docker, []byte(`{"schemaVersion":1}`)) }, new(*InvalidError), "schema version 1"},
		{"unknown type", func(m *memory) ocispec.Descriptor {
			return m.put("", []byte(`{"schemaVersion":2,"mediaType":"text/plain"}`))
		}, new(*InvalidError), "not supported"},
		{"manifest too large", func(m *memory) ocispec.Descriptor {
			return ocispec.Descriptor{MediaType: ociImage, Digest: digest.FromString("x"), Size: maxManifest + 1}
		}, new(*LimitError), "manifest sha256"},
		{"manifests too large together", func(m *memory) ocispec.Descriptor {
			var all []ocispec.Descriptor
			for i := range 5 {
				all = append(all, ocispec.Descriptor{MediaType: ociImage, Digest: digest.FromString(fmt.Sprint(i)), Size: maxManifest})
			}
			return m.index(ociIndex, all...)
		}, new(*LimitError), "together"},
		{"too many manifests", func(m *memory) ocispec.Descriptor {
			d := m.index(ociIndex)
			for range 2 {
				d = m.index(ociIndex, make100(d)...)
			}
			return d
		}, new(*LimitError), "number of manifests"},
		{"too deep", func(m *memory) ocispec.Descriptor {
			d := m.index(ociIndex)
			for range maxDepth + 1 {
				d = m.index(ociIndex, d)
			}
			return d
		}, new(*LimitError), "nested"},
		{"config too large", func(m *memory) ocispec.Descriptor {
			return m.manifest(ociImage, ocispec.Descriptor{MediaType: ociConfig, Digest: digest.FromString("x"), Size: maxConfig + 1})
		}, new(*LimitError), "config"},
		{"layer too large", func(m *memory) ocispec.Descriptor {
			return m.image("{}", ocispec.Descriptor{MediaType: ociLayer, Digest: digest.FromString("x"), Size: maxBlob + 1})
		}, new(*LimitError), "layer"},
		{"layers too large together", func(m *memory) ocispec.Descriptor {
			half := ocispec.Descriptor{MediaType: ociLayer, Digest: digest.FromString("x"), Size: maxBlob/2 + 1}
			return m.image("{}", half, half)
		}, new(*LimitError), "layers"},
		{"configs too large together", func(m *memory) ocispec.Descriptor {
			var all []ocispec.Descriptor
			for i := range 5 {
				c := m.put(ociConfig, []byte("{}"+strings.Repeat(" ", maxConfig-2-i)))
				all = append(all, on(m.manifest(ociImage, c), "linux", fmt.Sprint(i)))
			}
			return m.index(ociIndex, all...)
		}, new(*LimitError), "configs"},
		{"a list of nothing", func(m *memory) ocispec.Descriptor {
			return m.put(ociIndex, []byte(`{"schemaVersion":2,"manifests":[{}`+strings.Repeat(",{}", 1_000_000)+`]}`))
		}, new(*LimitError), "number of manifests"},
		{"no list", func(m *memory) ocispec.Descriptor {
			return m.put(ociIndex, []byte(`{"schemaVersion":2,"manifests":{}}`))
		}, new(*InvalidError), "not a list"},
		{"too many layers", func(m *memory) ocispec.Descriptor {
			return m.image("{}", make([]ocispec.Descriptor, maxLayers+1)...)
		}, new(*LimitError), "number of layers"},
		{"path out of the image", func(m *memory) ocispec.Descriptor { return m.image("{}", m.layer(reg("../a", tiny))) }, new(*InvalidError), "leads out"},
		{"hard link out of the image", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.layer(hardlink("a", "../../etc/passwd")))
		}, new(*InvalidError), "leads out"},
		{"hard link to nothing", func(m *memory) ocispec.Descriptor { return m.image("{}", m.layer(hardlink("a", "b"))) }, new(*InvalidError), "hard link"},
		{"link loop on the way", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.layer(link("a", "b"), link("b", "a"), reg("a/x", tiny)))
		}, new(*InvalidError), "without an end"},
		{"link maze", func(m *memory) ocispec.Descriptor { return m.image("{}", m.layer(maze()...)) }, new(*InvalidError), "too many links"},
		{"link to itself", func(m *memory) ocispec.Descriptor {
			return m.image(`{"config":{"Entrypoint":["/a"]}}`, m.layer(link("a", "a")))
		}, ErrNoModule, ""},
		{"not a tar", func(m *memory) ocispec.Descriptor { return bad(m, strings.Repeat("x", 2000)) }, new(*InvalidError), "cannot unpack"},
		{"broken gzip", func(m *memory) ocispec.Descriptor { return bad(m, "\x1f\x8b\x08\x00xxxx") }, new(*InvalidError), "cannot unpack"},
		{"broken zstd", func(m *memory) ocispec.Descriptor { return bad(m, "\x28\xb5\x2f\xfdxxxx") }, new(*InvalidError), "cannot unpack"},
		{"zstd window", func(m *memory) ocispec.Descriptor { return bad(m, "\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00") }, new(*InvalidError), "window"},
		{"no module", func(m *memory) ocispec.Descriptor { return m.image("{}", m.layer(reg("a", "text"))) }, ErrNoModule, ""},
		{"two modules", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.layer(reg("a", tiny), reg("b", other)))
		}, new(*ChoiceError), "/a, /b"},
		{"no layers", func(m *memory) ocispec.Descriptor { return m.image("{}") }, ErrNoModule, ""},
		{"empty index", func(m *memory) ocispec.Descriptor { return m.index(ociIndex) }, ErrNoModule, "platforms"},
		{"only other platforms", func(m *memory) ocispec.Descriptor {
			return m.index(ociIndex, on(m.image("{}"), "linux", "amd64"), on(m.image(`{"os":"x"}`), "windows", "amd64"))
		}, ErrNoModule, "linux/amd64, windows/amd64"},
		{"two raw modules", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.put("application/wasm", []byte(tiny)), m.put("application/wasm", []byte(other)))
		}, new(*ChoiceError), "2 modules"},
		{"two layers of a Wasm artifact", func(m *memory) ocispec.Descriptor {
			config := m.put(cncfConfigType, []byte("{}"))
			return m.manifest(ociImage, config, m.put("application/wasm", []byte(tiny)), m.put("application/wasm", []byte(other)))
		}, new(*InvalidError), "2 layers"},
		{"raw module is none", func(m *memory) ocispec.Descriptor {
			return m.image("{}", m.put("application/wasm", []byte("text")))
		}, new(*InvalidError), "not a WebAssembly file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			_, err := Read(context.Background(), m, tt.root(m))
			is, ok := tt.want.(error)
			if ok && !errors.Is(err, is) || !ok && !errors.As(err, tt.want) {
				t.Fatalf("got %T %v, want %T", err, err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("got %v, want %q", err, tt.reason)
			}
		})
	}
}

func make100(d ocispec.Descriptor) []ocispec.Descriptor {
	all := make([]ocispec.Descriptor, 100)
	for i := range all {
		all[i] = d
	}
	return all
}
