package pack

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// blob is one blob of a manifest that another tool wrote.
type blob struct {
	name, mediaType, content string
}

// tool is a manifest as another tool writes it: $NAME in it is size and digest
// of the blob of that name.
type tool struct {
	name, mediaType, manifest string
	blobs                     []blob
	layout, path              string
}

func (m *memory) tool(v tool) ocispec.Descriptor {
	for _, b := range v.blobs {
		d := m.put(b.mediaType, []byte(b.content))
		v.manifest = strings.ReplaceAll(v.manifest, "$"+b.name, fmt.Sprintf(`"size": %d, "digest": %q`, d.Size, d.Digest))
	}
	return m.put(v.mediaType, []byte(v.manifest))
}

const (
	ociManifest = `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", `
	wasiConfig  = `{"created":"2026-01-02T03:04:05.678901234Z","architecture":"wasm","os":"wasi",` +
		`"config":{"Entrypoint":["/hello.wasm"],"Env":["PATH=/usr/bin"],"Labels":{"io.buildah.version":"1.39.3"}},` +
		`"rootfs":{"type":"layers","diff_ids":["$DIFF"]},"history":[{"created_by":"/bin/sh -c #(nop) COPY file"}]}`
	// locked is a Spin application of two components.
	locked = `{"spin_lock_version":1,"metadata":{"name":"shop"},"triggers":[` +
		`{"id":"trigger-1","trigger_type":"http","trigger_config":{"component":"cart","route":"/cart"}},` +
		`{"id":"trigger-2","trigger_type":"http","trigger_config":{"component":"pay","route":"/pay"}}],"components":[` +
		`{"id":"cart","source":{"content_type":"application/wasm","digest":"$CART"},"files":[]},` +
		`{"id":"pay","source":{"content_type":"application/wasm","digest":"$PAY"}}]}`
)

// wasiImage is an image as docker build and buildah make it, for a platform.
func wasiImage(os, arch string) blob {
	layer := tarOf(reg("hello.wasm", tiny))
	config := strings.ReplaceAll(wasiConfig, "$DIFF", sumOf(layer))
	config = strings.Replace(config, `"architecture":"wasm","os":"wasi"`, fmt.Sprintf(`"architecture":%q,"os":%q`, arch, os), 1)
	return blob{"CONFIG", ociConfig, config}
}

func wasiLayer() blob { return blob{"LAYER", ociLayer, string(gz(tarOf(reg("hello.wasm", tiny))))} }

// tools are manifests in the form in which these tools write them.
var tools = []tool{
	{
		name: "wkg oci push", mediaType: ociImage, layout: LayoutArtifact,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.wasm.config.v0+json", $CONFIG},
			"layers": [{"mediaType": "application/wasm", $LAYER, "annotations": {"org.opencontainers.image.title": "hello.wasm"}}]}`,
		blobs: []blob{
			{"CONFIG", cncfConfigType, `{"created":"2026-01-02T03:04:05.678901234Z","author":null,"architecture":"wasm","os":"wasip2",` +
				`"layerDigests":["sha256:0"],"component":{"exports":["wasi:cli/run@0.2.3"],"imports":[],"target":null}}`},
			{"LAYER", cncfLayerType, tiny},
		},
	},
	{
		name: "wash push, before the specification", mediaType: ociImage, layout: LayoutProxyWasm,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.wasmcloud.actor.archive.config", $CONFIG},
			"layers": [{"mediaType": "application/vnd.module.wasm.content.layer.v1+wasm", $LAYER}]}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"LAYER", proxyLayerType, tiny}},
	},
	{
		name: "wasm-to-oci", mediaType: ociImage, layout: LayoutLegacy,
		manifest: `{"schemaVersion": 2, "config": {"mediaType": "application/vnd.wasm.config.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.wasm.content.layer.v1+wasm", $LAYER,
				"annotations": {"org.opencontainers.image.title": "testdata/hello.wasm"}}]}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"LAYER", legacyLayerType, tiny}},
	},
	{
		name: "kwctl push", mediaType: ociImage, layout: LayoutLegacy,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.wasm.config.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.wasm.content.layer.v1+wasm", $LAYER}],
			"annotations": {"io.kubewarden.policy.title": "psp"}}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"LAYER", legacyLayerType, tiny}},
	},
	{
		name: "oras push hello.wasm:application/wasm", mediaType: ociImage, layout: LayoutArtifact,
		manifest: ociManifest + `"artifactType": "application/vnd.unknown.artifact.v1",
			"config": {"mediaType": "application/vnd.oci.empty.v1+json", $CONFIG, "data": "e30="},
			"layers": [{"mediaType": "application/wasm", $LAYER, "annotations": {"org.opencontainers.image.title": "hello.wasm"}}],
			"annotations": {"org.opencontainers.image.created": "2026-01-02T03:04:05Z"}}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"LAYER", cncfLayerType, tiny}},
	},
	{
		name: "oras push hello.wasm, which it calls a tar", mediaType: ociImage, layout: LayoutArtifact,
		manifest: ociManifest + `"artifactType": "application/vnd.unknown.artifact.v1",
			"config": {"mediaType": "application/vnd.oci.empty.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", $LAYER,
				"annotations": {"org.opencontainers.image.title": "hello.wasm"}}]}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"LAYER", "", tiny}},
	},
	{
		name: "runwasi's oci-tar-builder", mediaType: ociImage, layout: LayoutArtifact,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.image.config.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm", $LAYER}]}`,
		blobs: []blob{
			{"CONFIG", ociConfig, `{"architecture":"wasm","os":"wasip1","config":{"Entrypoint":["hello.wasm"]},` +
				`"rootfs":{"type":"layers","diff_ids":["sha256:` + strings.Repeat("0", 64) + `"]}}`},
			{"LAYER", "", tiny},
		},
	},
	{
		name: "spin registry push", mediaType: ociImage, layout: LayoutSpin,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.image.config.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.wasm.content.layer.v1+wasm", $LAYER},
				{"mediaType": "application/vnd.wasm.content.layer.v1+data", $DATA},
				{"mediaType": "application/vnd.fermyon.spin.application.v1+config", $APP}]}`,
		blobs: []blob{
			{"CONFIG", ociConfig, `{"architecture":"wasm","os":"wasip1","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`},
			{"LAYER", legacyLayerType, tiny},
			{"DATA", "", "<html>"},
			{"APP", spinType, `{"components":[{"id":"hello","source":{"digest":"sha256:1"}}]}`},
		},
	},
	{
		name: "buildah bud --platform wasi/wasm", mediaType: ociImage, layout: LayoutImage, path: "/hello.wasm",
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.image.config.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", $LAYER}],
			"annotations": {"module.wasm.image/variant": "compat", "org.opencontainers.image.base.name": ""}}`,
		blobs: []blob{wasiImage("wasi", "wasm"), wasiLayer()},
	},
	{
		name: "docker build of the old store", mediaType: docker, layout: LayoutImage, path: "/hello.wasm",
		manifest: `{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
			"config": {"mediaType": "application/vnd.docker.container.image.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", $LAYER}]}`,
		blobs: []blob{wasiImage("wasi", "wasm32"), wasiLayer()},
	},
}

func TestReadTools(t *testing.T) {
	for _, v := range tools {
		t.Run(v.name, func(t *testing.T) {
			m := newMemory()
			c, err := Read(t.Context(), m, m.tool(v))
			check(t, err)
			if c.Layout != v.layout || string(c.Module) != tiny || c.ModulePath != v.path {
				t.Errorf("layout %q, module %q at %q", c.Layout, c.Module, c.ModulePath)
			}
		})
	}
}

// TestReadBuildx reads what docker buildx --platform PLATFORM pushes, with its
// attestation, in every spelling of the platform.
func TestReadBuildx(t *testing.T) {
	for _, platform := range []string{"wasi/wasm", "wasi/wasm32", "wasip1/wasm", "wasip2/wasm", "linux/wasm", "wasm/wasi"} {
		os, arch, _ := strings.Cut(platform, "/")
		m := newMemory()
		image := m.tool(tool{
			mediaType: ociImage,
			manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.image.config.v1+json", $CONFIG},
				"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", $LAYER}]}`,
			blobs: []blob{wasiImage(os, arch), wasiLayer()},
		})
		attestation := m.tool(tool{
			mediaType: ociImage,
			manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.image.config.v1+json", $CONFIG},
				"layers": [{"mediaType": "application/vnd.in-toto+json", $LAYER, "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}}]}`,
			blobs: []blob{{"CONFIG", ociConfig, `{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":["sha256:1"]}}`}, {"LAYER", "", "{}"}},
		})
		attestation.Annotations = map[string]string{
			"vnd.docker.reference.digest": string(image.Digest), "vnd.docker.reference.type": "attestation-manifest",
		}
		// The attestation first is the harder order.
		root := m.index(ociIndex, on(attestation, "unknown", "unknown"), on(image, os, arch))
		c, err := Read(t.Context(), m, root)
		check(t, err)
		if c.Layout != LayoutIndex || c.ModulePath != "/hello.wasm" || c.Manifest.Digest != image.Digest {
			t.Errorf("%s: layout %q, module at %q", platform, c.Layout, c.ModulePath)
		}
	}
}

// TestReadModule chooses among the components of a Spin application, by name.
func TestReadModule(t *testing.T) {
	app := strings.NewReplacer("$CART", sumOf([]byte(tiny)), "$PAY", sumOf([]byte(other))).Replace(locked)
	m := newMemory()
	spin := m.tool(tool{
		mediaType: ociImage,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.fermyon.spin.application.v1+config", $APP},
			"layers": [{"mediaType": "application/vnd.wasm.content.layer.v1+wasm", $CART},
				{"mediaType": "application/vnd.wasm.content.layer.v1+wasm", $PAY}]}`,
		blobs: []blob{{"APP", "", app}, {"CART", "", tiny}, {"PAY", "", other}},
	})
	files := m.tool(tool{
		mediaType: ociImage,
		manifest: ociManifest + `"config": {"mediaType": "application/vnd.oci.empty.v1+json", $CONFIG},
			"layers": [{"mediaType": "application/wasm", $CART, "annotations": {"org.opencontainers.image.title": "bin/cart.wasm"}},
				{"mediaType": "application/wasm", $PAY, "annotations": {"org.opencontainers.image.title": "bin/pay.wasm"}}]}`,
		blobs: []blob{{"CONFIG", "", "{}"}, {"CART", "", tiny}, {"PAY", "", other}},
	})
	image := m.image("{}", m.layer(reg("bin/cart.wasm", tiny), reg("bin/pay.wasm", other)))
	for _, tt := range []struct {
		root   ocispec.Descriptor
		shown  []string
		others []string // more names of the second
	}{
		{spin, []string{"cart", "pay"}, []string{sumOf([]byte(other))}},
		{files, []string{"bin/cart.wasm", "bin/pay.wasm"}, []string{"pay", sumOf([]byte(other))}},
		{image, []string{"/bin/cart.wasm", "/bin/pay.wasm"}, []string{"bin/pay.wasm", "pay.wasm", sumOf([]byte(other))}},
	} {
		for _, name := range append(tt.others, tt.shown[1]) {
			c, err := ReadModule(t.Context(), m, tt.root, name)
			check(t, err)
			if string(c.Module) != other || !reflect.DeepEqual(c.Modules, tt.shown) {
				t.Errorf("%s: module %q of %v", name, c.Module, c.Modules)
			}
		}
		for _, name := range []string{"", "none"} {
			_, err := ReadModule(t.Context(), m, tt.root, name)
			var choice *ChoiceError
			if !errors.As(err, &choice) || !reflect.DeepEqual(choice.Modules, tt.shown) || choice.Wanted != name || !errors.Is(err, ErrNoModule) {
				t.Errorf("%q: got %v", name, err)
			}
		}
	}
}
