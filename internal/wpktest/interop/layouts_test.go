package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestLayoutsInRegistries pushes each layout to both registries, and lets oras
// and crane find the module in it.
func TestLayoutsInRegistries(t *testing.T) {
	oras, crane := wpktest.Need(t, "oras"), wpktest.Need(t, "crane")
	for _, host := range []string{wpktest.Distribution(t), wpktest.DockerRegistry(t)} {
		w := newWpk(t)
		ref := host + "/interop/layouts:1.0"
		layouts := map[string]string{"1.0": "", "1.0-image": "", "1.0-wasm": "application/wasm", "1.0-legacy": "application/vnd.wasm.content.layer.v1+wasm"}
		built := w.build(t, filepath.Join("..", "..", "..", "testdata", "go-hello"),
			program{build: []string{"--layout", "universal,image,artifact,legacy"}}, ref)
		for tag, layer := range layouts {
			ref := host + "/interop/layouts:" + tag
			w.run(t, nil, "push", ref)
			if layer == "" {
				files := output(t, command(t, crane, "export", "--platform", "wasi/wasm", ref, "-"), nil)
				if !tarHas(t, files, built.Module.Digest) {
					t.Errorf("crane finds no module in %s", ref)
				}
				continue
			}
			output(t, command(t, crane, "validate", "--fast", "--remote", ref), nil)
			if got := sum(pulledFile(t, oras, ref, "go-hello.wasm")); got != built.Module.Digest {
				t.Errorf("oras pulls a file with the digest %s from %s, want %s", got, ref, built.Module.Digest)
			}
			var m ocispec.Manifest
			if err := json.Unmarshal(output(t, command(t, oras, "manifest", "fetch", "--plain-http", ref), nil), &m); err != nil {
				t.Fatal(err)
			}
			if len(m.Layers) != 1 || m.Layers[0].MediaType != layer || string(m.Layers[0].Digest) != built.Module.Digest {
				t.Errorf("%s: %+v", ref, m)
			}
		}
	}
}

// TestPluginInRegistries does the same for a plugin of Envoy, in both variants.
func TestPluginInRegistries(t *testing.T) {
	oras, crane := wpktest.Need(t, "oras"), wpktest.Need(t, "crane")
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	if err := os.MkdirAll(src, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod":  "module filter\n\ngo 1.24\n",
		"main.go": "package main\n\n//go:wasmexport proxy_abi_version_0_2_1\nfunc abi() {}\n\nfunc main() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range []string{wpktest.Distribution(t), wpktest.DockerRegistry(t)} {
		w := newWpk(t)
		ref := host + "/interop/filter:1"
		built := w.build(t, src, program{build: []string{"--reactor", "--layout", "proxy-wasm,proxy-wasm-compat"}}, ref)
		w.run(t, nil, "push", ref)
		w.run(t, nil, "push", ref+"-proxy-wasm-compat")
		if got := sum(pulledFile(t, oras, ref, "plugin.wasm")); got != built.Module.Digest {
			t.Errorf("oras pulls a file with the digest %s, want %s", got, built.Module.Digest)
		}
		files := output(t, command(t, crane, "export", ref+"-proxy-wasm-compat", "-"), nil)
		if !tarHas(t, files, built.Module.Digest) {
			t.Error("crane finds no module in the variant compat")
		}
		for tag, layout := range map[string]string{ref: "proxy-wasm", ref + "-proxy-wasm-compat": "proxy-wasm-compat"} {
			var got struct{ Layout string }
			newWpk(t).json(t, &got, "inspect", tag)
			if got.Layout != layout {
				t.Errorf("%s: layout %q", tag, got.Layout)
			}
		}
	}
}

// pulledFile is the file that oras pull leaves.
func pulledFile(t *testing.T, oras, ref, name string) []byte {
	t.Helper()
	dir := t.TempDir()
	output(t, command(t, oras, "pull", "--plain-http", "-o", dir, ref), nil)
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReadsPeers pulls and runs what oras and crane wrote.
func TestReadsPeers(t *testing.T) {
	oras, crane := wpktest.Need(t, "oras"), wpktest.Need(t, "crane")
	host := wpktest.Distribution(t)
	dir := t.TempDir()
	w := newWpk(t)
	w.run(t, nil, "build", filepath.Join("..", "..", "..", "testdata", "go-hello"), "-o", filepath.Join(dir, "hello.wasm"), "-t", "localhost/hello:1")
	here := func(name string, args ...string) []byte {
		cmd := command(t, name, args...)
		cmd.Dir = dir
		return output(t, cmd, nil)
	}
	here("tar", "-cf", "layer.tar", "hello.wasm")
	if err := os.WriteFile(filepath.Join(dir, "second.wasm"), append(read(t, dir, "hello.wasm"), 0, 1, 0), 0o600); err != nil {
		t.Fatal(err)
	}

	oneType := host + "/oras/typed:1"
	here(oras, "push", "--plain-http", oneType, "hello.wasm:application/wasm")
	noType := host + "/oras/untyped:1"
	here(oras, "push", "--plain-http", noType, "hello.wasm")
	krustlet := host + "/oras/krustlet:1"
	here(oras, "push", "--plain-http", krustlet, "--config", "/dev/null:application/vnd.wasm.config.v1+json",
		"hello.wasm:application/vnd.wasm.content.layer.v1+wasm")
	refs := []string{oneType, noType, krustlet}
	for _, platform := range []string{"wasi/wasm", "wasi/wasm32", "wasip1/wasm", "linux/wasm"} {
		ref := host + "/crane/" + strings.ReplaceAll(platform, "/", "-") + ":1"
		here(crane, "append", "--insecure", "-f", "layer.tar", "-t", ref)
		here(crane, "mutate", "--insecure", "--set-platform", platform, "--entrypoint", "/hello.wasm", "-t", ref, ref)
		refs = append(refs, ref)
		index := host + "/crane/index-" + strings.ReplaceAll(platform, "/", "-") + ":1"
		here(crane, "index", "append", "--insecure", "-m", ref, "-t", index)
		refs = append(refs, index)
	}
	for _, ref := range refs {
		w := newWpk(t)
		w.run(t, nil, "pull", ref)
		if out := w.run(t, []byte("one two"), "run", ref); !bytes.Contains(out, []byte("hello from Go")) {
			t.Errorf("%s prints %q", ref, out)
		}
		w.run(t, nil, "inspect", ref)
	}

	two := host + "/oras/two:1"
	here(oras, "push", "--plain-http", two, "hello.wasm:application/wasm", "second.wasm:application/wasm")
	said, code := newWpk(t).fails(t, os.Environ(), "inspect", two)
	if code != 8 || !strings.Contains(said, "hello.wasm, second.wasm") || !strings.Contains(said, "--module hello.wasm") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	if out := newWpk(t).run(t, nil, "run", "--module", "second.wasm", two); !bytes.Contains(out, []byte("hello from Go")) {
		t.Errorf("%s prints %q", two, out)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
