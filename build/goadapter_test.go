package build

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Go program for wasip2 gets room for the adapter, and its folder stays as it was.
func TestGoAdapterMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		target, goflags string
		room            bool
	}{
		"a module":           {TargetWASIP1, "", false},
		"a component":        {TargetWASIP2, "", true},
		"an overlay already": {TargetWASIP2, "-overlay=/mine.json", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"go.mod": "", "main.go": "package main\n"})
			var overlay map[string]map[string]string
			goTool := fakeGo("go1.26.1", tt.goflags, "main example.com/m "+dir)
			fake := &fakeExec{tools: map[string]fakeTool{"jco": fakeComponents("1.2.3", new([][]string)), "go": func(c Command) (string, int) {
				if i := slices.IndexFunc(c.Args, func(a string) bool { return strings.HasPrefix(a, "-overlay=") }); i >= 0 {
					b, err := os.ReadFile(strings.TrimPrefix(c.Args[i], "-overlay="))
					if err != nil || json.Unmarshal(b, &overlay) != nil {
						t.Errorf("%v: %s", err, b)
					}
					for _, source := range overlay["Replace"] {
						if b, err := os.ReadFile(source); err != nil || !strings.Contains(string(b), "[196608]byte{119, 112, 107, 58,") {
							t.Errorf("%v: %s", err, b)
						}
					}
				}
				return goTool(c)
			}}}
			m, err := Build(t.Context(), Options{Dir: dir, Target: tt.target, Cache: t.TempDir(), Exec: fake})
			if err != nil {
				t.Fatal(err)
			}
			if got := overlay["Replace"][filepath.Join(dir, "wpk_adapter_memory.go")] != ""; got != tt.room || (len(overlay) > 0) != tt.room {
				t.Errorf("overlay %v, want one: %t", overlay, tt.room)
			}
			if files := filesIn(dir, ""); !slices.Equal(files, []string{"go.mod", "main.go"}) {
				t.Errorf("the folder now has %q", files)
			}
			for _, f := range m.Facts.Flags {
				if strings.Contains(f, dir) || strings.Contains(f, os.TempDir()) {
					t.Errorf("the facts name a folder of this machine: %s", f)
				}
			}
		})
	}
}

// C and Rust export malloc for the adapter, and only then.
func TestMallocIsExported(t *testing.T) {
	for target, want := range map[string]bool{"": false, TargetWASIP1: false, TargetWASIP2: true} {
		dir := project(t, map[string]string{"main.c": ""})
		fake := &fakeExec{tools: map[string]fakeTool{"clang": compiles(mallocModule()), "jco": fakeComponents("1.2.3", new([][]string))}}
		o := Options{Dir: dir, Target: target, Cache: t.TempDir(), Exec: fake}
		o.Component.WIT = "main.c" // the fake tools do not read it
		if _, err := Build(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(fake.calls, func(c Command) bool { return slices.Contains(c.Args, "-Wl,--export=malloc") })
		if got != want {
			t.Errorf("%q: malloc is exported: %t", target, got)
		}
	}
}
