package consumers

import (
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestConsumers runs each program in the universal layout, and a small one in
// every layout, on each consumer.
func TestConsumers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: real container runtimes")
	}
	needWorld(t)
	registry := wpktest.Distribution(t)
	w := newWpk(t)
	refs := map[string]string{} // of a program
	for _, p := range programs {
		refs[p.name] = registry + "/consumers/" + p.name + ":1.0"
		w.build(t, p, "universal", refs[p.name])
	}
	for _, c := range consumers {
		t.Run(c.name, func(t *testing.T) {
			run := c.start(t, registry)
			for _, p := range programs {
				t.Run(p.name, func(t *testing.T) { runs(t, run, p, refs[p.name]) })
			}
		})
	}
}

// runs looks at what a program prints and how it ends, with the arguments of
// its image and with others.
func runs(t *testing.T, run runner, p program, ref string) {
	t.Helper()
	r := run(t, ref)
	if r.Stdout != p.stdout() || r.Code != 0 {
		t.Errorf("exit code %d, prints %q, want 0 and %q\n%s", r.Code, r.Stdout, p.stdout(), r.Stderr)
	}
	r = run(t, ref, inImage, missing)
	if r.Stdout != p.stdout() || r.Code != 1 || !strings.Contains(r.Stderr, missing) {
		t.Errorf("without one file: exit code %d, prints %q, want 1 and %q\n%s", r.Code, r.Stdout, p.stdout(), r.Stderr)
	}
}
