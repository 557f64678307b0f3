package consumers

import (
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
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

// pushArtifact leaves out what an artifact has no place for.
func pushArtifact(t *testing.T, w wpk, p program, ref string) {
	t.Helper()
	w.run(t, "build", p.dir(), "--layout", "artifact", "-t", ref)
	w.run(t, "push", ref)
}

func craneRun(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, command(t, wpktest.Need(t, "crane"), args...))
}
