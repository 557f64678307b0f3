package consumers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// layouts are the columns of the table, and how a program gets there.
var layouts = []struct {
	name string
	push func(t *testing.T, w wpk, p program, ref string)
}{
	{"universal", func(t *testing.T, w wpk, p program, ref string) { w.build(t, p, "universal", ref) }},
	{"image", func(t *testing.T, w wpk, p program, ref string) { w.build(t, p, "image", ref) }},
	{"index", pushIndex},
	{"artifact", pushArtifact},
}

// pushIndex makes what `docker buildx build --platform wasi/wasm` does: an index
// whose only child is for wasi/wasm.
func pushIndex(t *testing.T, w wpk, p program, ref string) {
	t.Helper()
	image := ref + "-image"
	w.build(t, p, "image", image)
	craneRun(t, "index", "append", "--manifest", image, "--tag", ref)
}

// pushArtifact makes a Wasm artifact by a client of others.
// https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
func pushArtifact(t *testing.T, w wpk, p program, ref string) {
	t.Helper()
	dir := t.TempDir()
	w.run(t, "build", filepath.Join("..", "..", "..", "testdata", p.name), "-t", "localhost/artifact:1", "-o", filepath.Join(dir, "module.wasm"))
	config := `{"created":"1970-01-01T00:00:00Z","architecture":"wasm","os":"wasip1","layerDigests":[]}`
	check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	r := newMachine(t, machine.Options{}).Run(t, "sh", "-c", `cd "$1" && exec oras push --plain-http "$2" --config config.json:application/vnd.wasm.config.v0+json module.wasm:application/wasm`, "sh", dir, ref)
	if r.Code != 0 {
		t.Fatalf("oras push: %s%s", r.Stdout, r.Stderr)
	}
}

func craneRun(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, command(t, wpktest.Need(t, "crane"), args...))
}
