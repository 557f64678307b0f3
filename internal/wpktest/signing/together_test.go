package signing

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// Sixteen processes sign and attest one artifact at once, in a registry where all of them write the same tags, and
// nothing of what they say is lost.
func TestTogether(t *testing.T) {
	const processes = 16
	w := newWorld(t)
	w.makeKey(t, "p256")
	for name, start := range map[string]func(testing.TB) string{"docker-registry": wpktest.DockerRegistry, "distribution": wpktest.Distribution} {
		t.Run(name, func(t *testing.T) {
			ref := w.push(t, start(t), "acme/app")
			var group sync.WaitGroup
			for i := range processes {
				args := []string{binary, "sign", "--annotation", fmt.Sprintf("n=%d", i)}
				if i%2 == 1 {
					predicate := w.file(t, fmt.Sprintf("%d.json", i), fmt.Appendf(nil, `{"n": %d}`, i))
					args = []string{binary, "attest", "--predicate-type", "https://example.test/n/v1", "--predicate", predicate}
				}
				cmd := w.command(t, append(args, "--offline", "--key", w.keys["p256"].private, ref)...)
				group.Go(func() {
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%s: %v\n%s", cmd, err, out)
					}
				})
			}
			group.Wait()
			repository, digest, _ := strings.Cut(ref, "@")
			tag := repository + ":" + strings.Replace(digest, ":", "-", 1)
			for tag, want := range map[string]int{tag + ".sig": processes / 2, tag + ".att": processes / 2, tag: processes} {
				if got := w.below(t, tag); got != want {
					t.Errorf("%d different things below %s instead of %d", got, tag, want)
				}
			}
			w.mustRun(t, cosign{w.Cosign3, 3}.verify(w, way{"p256", 0}, both, ref, nil)...)
		})
	}
}

// below counts the different layers of an image, or the different manifests of an index.
func (w *world) below(t *testing.T, ref string) int {
	t.Helper()
	type described struct{ Digest string }
	var manifest struct{ Layers, Manifests []described }
	if err := json.Unmarshal([]byte(w.mustRun(t, w.crane, "manifest", ref)), &manifest); err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, d := range append(manifest.Layers, manifest.Manifests...) {
		digests = append(digests, d.Digest)
	}
	slices.Sort(digests)
	return len(slices.Compact(digests))
}
