package consumers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// writers are programs of others that pack a module, in a folder that has it as
// app.wasm and in a layer.tar. What they leave is a reference.
var writers = []struct{ name, script string }{
	{"buildah", `printf 'FROM scratch\nCOPY app.wasm /app.wasm\nENTRYPOINT ["/app.wasm"]\n' >Containerfile
		buildah --storage-driver vfs build --quiet --isolation chroot --platform wasi/wasm --tag "$REF" .
		buildah --storage-driver vfs push --quiet --tls-verify=false "$REF"`},
	{"buildah-docker", `printf 'FROM scratch\nCOPY app.wasm /app.wasm\nENTRYPOINT ["/app.wasm"]\n' >Containerfile
		buildah --storage-driver vfs build --quiet --format docker --isolation chroot --platform wasi/wasm --tag "$REF" .
		buildah --storage-driver vfs push --quiet --tls-verify=false "$REF"`},
	{"skopeo", `crane append --new_layer layer.tar --new_tag "$REF-oci"
		crane mutate "$REF-oci" --entrypoint /app.wasm --set-platform wasi/wasm
		skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false --format v2s2 --override-os wasi --override-arch wasm \
			"docker://$REF-oci" "docker://$REF"`},
}

// TestReadBack pulls and runs what others wrote; package interop has more of
// them, which need no machine.
func TestReadBack(t *testing.T) {
	needWorld(t)
	m, dir, registry := newClients(t), t.TempDir(), wpktest.Distribution(t)
	module := filepath.Join(dir, "app.wasm")
	newWpk(t).run(t, "build", programs[0].dir(), "-t", "localhost/readback:1", "-o", module)
	data, err := os.ReadFile(module)
	check(t, err)
	writeTar(t, filepath.Join(dir, "layer.tar"), "app.wasm", data)
	for _, other := range writers {
		t.Run(other.name, func(t *testing.T) {
			ref := registry + "/readback/" + other.name + ":1.0"
			r := m.Run(t, "sh", "-e", "-c", `export REF="$2"; cd "$1"; `+other.script, "sh", dir, ref)
			if r.Code != 0 {
				t.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
			}
			readBack(t, ref)
		})
	}
	// What wpk pushed, through files of others.
	ref := registry + "/readback/wpk:1.0"
	newWpk(t).build(t, programs[0], "universal", ref)
	for _, kind := range []string{"oci", "oci-archive"} {
		t.Run("skopeo-"+kind, func(t *testing.T) {
			place := kind + ":" + filepath.Join(t.TempDir(), "copy") + ":1.0"
			must(t, m, "skopeo", "copy", "--quiet", "--all", "--src-tls-verify=false", "docker://"+ref, place)
			if out := newWpk(t).run(t, "run", place); out != programs[0].stdout() {
				t.Errorf("prints %q", out)
			}
		})
	}
}

// readBack pulls a reference, and runs it from the store, without anything that
// is told about the program but the module.
func readBack(t *testing.T, ref string) {
	t.Helper()
	w := newWpk(t)
	w.run(t, "pull", ref)
	r := machine.Run(t, w.command(t, "run", ref, "--", missing))
	if r.Code != 1 || !wrote(r, "hello from C\n"+missing) {
		t.Errorf("%+v", r)
	}
}
