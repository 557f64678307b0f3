package build

import (
	"slices"
	"strings"
	"testing"
)

// names lists what was found as "language/tool version", and what was not as "language/tool -".
func names(all []Compiler) []string {
	var names []string
	for _, c := range all {
		version := c.Version
		if c.Err != nil {
			version = "-"
		}
		names = append(names, c.Language+"/"+c.Name+" "+version)
	}
	return names
}

func TestProbe(t *testing.T) {
	o := Options{Dir: t.TempDir(), Cache: t.TempDir(), Exec: &fakeExec{tools: map[string]fakeTool{
		"go":      func(Command) (string, int) { return `{"GOVERSION":"go1.26.1"}`, 0 },
		"clang":   fakeClang,
		"tinygo":  func(Command) (string, int) { return "tinygo version 0.41.0 linux/amd64 (using go version go1.26.0)", 0 },
		"python3": func(Command) (string, int) { return "0.15.1", 0 },
		"jco":     func(Command) (string, int) { return "1.10.2", 0 },
		"asc":     func(Command) (string, int) { return "broken", 1 },
	}}}
	all, err := Probe(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"go/go 1.26.1", "go/tinygo 0.41.0", "rust/rustc -", "c/clang 99.1.2", "zig/zig 0.15.1",
		"assemblyscript/asc -", "wasip2/jco 1.10.2",
	}
	if got := names(all); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if all[4].Path != "/fake/python3 -m ziglang" {
		t.Errorf("zig is %q", all[4].Path)
	}
}

func TestProbeNothing(t *testing.T) {
	all, err := Probe(t.Context(), Options{Dir: t.TempDir(), Cache: t.TempDir(), Exec: &fakeExec{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Err == nil || c.Path != "" || !strings.HasPrefix(c.Err.Error(), "missing tool ") {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
}

// A tool that is there and fails is no reason to have no list.
func TestProbeBroken(t *testing.T) {
	exec := &fakeExec{tools: map[string]fakeTool{"go": func(Command) (string, int) { return "", 2 }}}
	all, err := Probe(t.Context(), Options{Dir: t.TempDir(), Cache: t.TempDir(), Exec: exec})
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Err == nil || !strings.Contains(all[0].Err.Error(), "exit status 2") {
		t.Errorf("a broken go: %v", all[0].Err)
	}
}
