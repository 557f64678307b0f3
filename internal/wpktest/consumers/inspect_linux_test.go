package consumers

import (
	"testing"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/wasm"
)

// rows are those of our table that a row of `wpk inspect` speaks of: without a
// flag that changes what is chosen, and with one.
var rows = map[string]struct{ plain, flag []string }{
	"Podman":                {[]string{"podman"}, []string{"podman-platform"}},
	"containerd 1.7":        {[]string{"containerd1"}, nil},
	pack.ConsumerKubernetes: {[]string{"containerd2", "kubernetes"}, nil},
	"Docker":                {nil, []string{"docker-containerd", "docker-platform", "docker-graph"}}, // always one: --runtime
}

// TestInspectAgrees looks that `wpk inspect` promises of a program what
// [TestConsumers] holds for known.
func TestInspectAgrees(t *testing.T) {
	runs := map[[2]string]bool{}
	for _, c := range consumers {
		for _, l := range layouts {
			runs[[2]string{c.name, l.name}] = c.refuses[l.name] == ""
		}
	}
	program := &wasm.Module{Kind: wasm.Core, Exports: []wasm.Export{{Name: "_start", Kind: "func"}}}
	for _, l := range layouts {
		seen := 0
		for _, told := range pack.Consumers(l.name, program) {
			row, ok := rows[told.Name]
			if !ok {
				continue
			}
			seen++
			known := pack.StartsNot
			for _, name := range row.flag {
				if runs[[2]string{name, l.name}] {
					known = pack.StartsFlag
				}
			}
			for _, name := range row.plain {
				if runs[[2]string{name, l.name}] {
					known = pack.StartsPlain
				}
			}
			if told.Starts != known {
				t.Errorf("%s, layout %s: inspect says %q, seen was %q", told.Name, l.name, told.Starts, known)
			}
		}
		if seen != len(rows) {
			t.Errorf("layout %s: inspect tells of %d consumers that are run here, want %d", l.name, seen, len(rows))
		}
	}
}
