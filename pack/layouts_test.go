package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/wpkdev/wpk/wasm"
)

// section is one section of a module; its content is shorter than 128 bytes.
func section(id byte, content string) string {
	return string([]byte{id, byte(len(content))}) + content
}

func named(name string) string { return string([]byte{byte(len(name))}) + name }

var (
	// plugin is a module with the one function by which proxies know theirs.
	plugin = []byte(tiny + section(1, "\x01\x60\x00\x00") + section(3, "\x01\x00") +
		section(7, "\x01"+named("proxy_abi_version_0_2_1")+"\x00\x00") + section(10, "\x01\x02\x00\x0b"))
	// component is a command of WASI 0.2, as far as its imports and exports go.
	component = []byte("\x00asm\x0d\x00\x01\x00" +
		section(10, "\x02\x00"+named("wasi:cli/exit@0.2.3")+"\x05\x00\x00"+named("wasi:io/streams@0.2.3")+"\x05\x00") +
		section(11, "\x01\x00"+named("wasi:cli/run@0.2.3")+"\x05\x00\x00"))
)

type writer func([]byte, Options) (v1.Image, error)

// TestGoldenLayouts fixes the bytes of the layouts that hold the module alone.
func TestGoldenLayouts(t *testing.T) {
	full := Options{Name: "hello", Annotations: map[string]string{"b": "1", "a": "2"}, Created: time.Unix(1_700_000_000, 5)}
	for _, tt := range []struct {
		name   string
		write  writer
		module []byte
		o      Options
		want   string
	}{
		{"artifact of a module", Artifact, []byte(tiny), Options{}, "b1658b4cfccbe8c0c229215cfc408458697b9fdb8cc96498fc084be9ade9b825"},
		{"artifact of a component", Artifact, component, full, "7bbb861b93ab75b70a6d5d95e8299a9b0c0037731d5adda7f0155e96a28467f5"},
		{"proxy-wasm", ProxyWasm, plugin, full, "f82a100a34ba53603916cd1e5dcc6417a572d2657835c956740093e351668c24"},
		{"proxy-wasm-compat", ProxyWasmCompat, plugin, full, "2a540404c46fd1965682109d7eec00f3bf5839a7d17da7a6e3a973ea0d05a12f"},
		{"legacy", Legacy, []byte(tiny), full, "8568551e144c9c5fa3f8b796df0482c23f4eeb7379edfe0dc8ec02ede38d90f3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, err := tt.write(tt.module, tt.o)
			check(t, err)
			if d, err := img.Digest(); err != nil || d.Hex != tt.want {
				t.Errorf("%v %v", d, err)
			}
		})
	}
}

// TestArtifactConfig holds the config against the specification, field by field.
func TestArtifactConfig(t *testing.T) {
	for _, tt := range []struct {
		module []byte
		want   string
	}{
		{[]byte(tiny), `{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip1",` +
			`"layerDigests":["sha256:93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476"]}`},
		{component, `{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2",` +
			`"layerDigests":["` + sumOf(component) + `"],` +
			`"component":{"exports":["wasi:cli/run@0.2.3"],"imports":["wasi:cli/exit@0.2.3","wasi:io/streams@0.2.3"],` +
			`"target":"wasi:cli/command@0.2.3"}}`},
		{[]byte("\x00asm\x0d\x00\x01\x00"), `{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip2",` +
			`"layerDigests":["` + sumOf([]byte("\x00asm\x0d\x00\x01\x00")) + `"],"component":{"exports":[],"imports":[]}}`},
	} {
		img, err := Artifact(tt.module, Options{})
		check(t, err)
		raw, err := img.RawConfigFile()
		check(t, err)
		if string(raw) != tt.want {
			t.Errorf("got  %s\nwant %s", raw, tt.want)
		}
		m, err := img.Manifest()
		check(t, err)
		if len(m.Layers) != 1 || m.Layers[0].MediaType != cncfLayerType || m.Config.MediaType != cncfConfigType || m.MediaType == "" {
			t.Errorf("%+v", m)
		}
	}
}

func sumOf(b []byte) string {
	h, _, _ := v1.SHA256(bytes.NewReader(b))
	return h.String()
}

func TestTargetWorld(t *testing.T) {
	for _, tt := range []struct {
		exports, imports []string
		want             string
	}{
		{[]string{"wasi:cli/run@0.2.0"}, nil, "wasi:cli/command@0.2.0"},
		{[]string{"wasi:cli/run@0.2.0"}, []string{"wasi:http/types@0.2.0"}, ""},
		{[]string{"wasi:http/incoming-handler@0.2.2"}, []string{"wasi:http/types@0.2.2", "wasi:cli/stdout@0.2.2"}, "wasi:http/proxy@0.2.2"},
		{[]string{"wasi:http/incoming-handler@0.2.2"}, []string{"wasi:filesystem/types@0.2.2"}, ""},
		{[]string{"wasi:cli/run@0.2.0", "other"}, nil, ""},
		{[]string{"wasi:cli/run"}, nil, ""},
		{nil, nil, ""},
	} {
		if got := targetWorld(&cncfComponent{Exports: tt.exports, Imports: tt.imports}); got != tt.want {
			t.Errorf("%v %v: got %q, want %q", tt.exports, tt.imports, got, tt.want)
		}
	}
}

// TestProxyWasm looks for what Istio does: two layers, the one of the module's
// type; or in the last layer, a gzip, a file called plugin.wasm.
func TestProxyWasm(t *testing.T) {
	img, err := ProxyWasm(plugin, Options{Name: "filter"})
	check(t, err)
	m, err := img.Manifest()
	check(t, err)
	if len(m.Layers) != 2 || m.Layers[1].MediaType != "application/vnd.module.wasm.content.layer.v1+wasm" ||
		m.Config.MediaType != "application/vnd.module.wasm.config.v1+json" {
		t.Errorf("%+v", m)
	}
	raw, err := img.RawConfigFile()
	check(t, err)
	var config proxyConfig
	check(t, json.Unmarshal(raw, &config))
	if config.Type != "envoy_proxy" || !reflect.DeepEqual(config.ABIVersions, []string{"0.2.1"}) {
		t.Errorf("%s", raw)
	}
	img, err = ProxyWasmCompat(plugin, Options{Name: "filter"})
	check(t, err)
	check(t, validate.Image(img))
	if m, err = img.Manifest(); err != nil || m.Annotations[annotationVariant] != "compat" {
		t.Errorf("%+v %v", m, err)
	}
	layers, err := img.Layers()
	check(t, err)
	compareTar(t, layers[len(layers)-1].(*layer), time.Unix(0, 0), []string{"plugin.wasm 755", "runtime-config.json 644"})
}

func TestModuleDoesNotFit(t *testing.T) {
	for _, write := range []writer{ProxyWasm, ProxyWasmCompat} {
		for _, module := range [][]byte{[]byte(tiny), component} {
			_, err := write(module, Options{})
			var fit *ModuleError
			if !errors.As(err, &fit) {
				t.Errorf("got %v", err)
			}
		}
	}
	for _, write := range []writer{Artifact, Legacy, ProxyWasm, ProxyWasmCompat} {
		for _, o := range []Options{
			{Files: []File{{Path: "/a"}}},
			{Config: Config{Env: []string{"A=1"}}},
			{Config: Config{WorkingDir: "/"}},
			{Name: "/"},
		} {
			_, err := write(plugin, o)
			var option *OptionError
			if !errors.As(err, &option) {
				t.Errorf("%+v: got %v", o, err)
			}
		}
		if _, err := write([]byte("text"), Options{}); !errors.Is(err, wasm.ErrNotWasm) {
			t.Errorf("got %v", err)
		}
	}
}

// TestReadOwn reads back what each layout writes.
func TestReadOwn(t *testing.T) {
	for layout, tt := range map[string]struct {
		write  writer
		module []byte
		path   string
	}{
		LayoutArtifact:        {Artifact, component, ""},
		LayoutLegacy:          {Legacy, []byte(tiny), ""},
		LayoutProxyWasm:       {ProxyWasm, plugin, ""},
		LayoutProxyWasmCompat: {ProxyWasmCompat, plugin, "/plugin.wasm"},
		LayoutImage:           {Image, plugin, "/app.wasm"},
	} {
		img, err := tt.write(tt.module, Options{})
		check(t, err)
		m := newMemory()
		c, err := Read(t.Context(), m, m.storeImage(t, img))
		check(t, err)
		if c.Layout != layout || !bytes.Equal(c.Module, tt.module) || c.ModulePath != tt.path || len(c.Modules) != 0 {
			t.Errorf("%s: got %q %q, modules %v", layout, c.Layout, c.ModulePath, c.Modules)
		}
	}
}
