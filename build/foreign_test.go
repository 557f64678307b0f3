package build

import (
	"strings"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

func TestForeignWarnings(t *testing.T) {
	start := []wasm.Export{{Name: "_start", Kind: "func"}}
	imports := func(names ...string) []wasm.Import {
		all := []wasm.Import{{Module: adaptedModule, Name: "fd_write", Kind: "func"}}
		for _, n := range names {
			all = append(all, wasm.Import{Module: "env", Name: n, Kind: "func"})
		}
		return all
	}
	for name, tt := range map[string]struct {
		module wasm.Module
		want   int
		last   string // in the last warning
	}{
		"only WASI":   {module: wasm.Module{Imports: imports(), Exports: start}},
		"a function":  {module: wasm.Module{Imports: imports("socket"), Exports: start}, want: 1, last: `import of socket: nothing that WASI has: the program starts only where the host offers it in "env"`},
		"many":        {module: wasm.Module{Imports: imports("a", "b", "c", "d", "e", "f"), Exports: start}, want: 4, last: "; so are 2 more"},
		"as many":     {module: wasm.Module{Imports: imports("a", "b", "c", "d"), Exports: start}, want: 4, last: "import of d"},
		"a library":   {module: wasm.Module{Imports: imports("socket"), Exports: []wasm.Export{{Name: "_initialize", Kind: "func"}}}},
		"a component": {module: wasm.Module{Kind: wasm.Component, Imports: imports("socket"), Exports: start}},
	} {
		t.Run(name, func(t *testing.T) {
			got := foreignWarnings(&tt.module)
			if len(got) != tt.want {
				t.Fatalf("%d warnings, want %d: %v", len(got), tt.want, got)
			}
			if tt.want > 0 {
				if w := got[tt.want-1]; !strings.Contains(w.Where+": "+w.Text, tt.last) {
					t.Errorf("%+v lacks %q", w, tt.last)
				}
			}
		})
	}
}
