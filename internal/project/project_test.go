package project

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

func load(t *testing.T, text string) (File, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wpk.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(dir)
}

func TestLoad(t *testing.T) {
	yes, no := true, false
	for text, want := range map[string]File{
		"":                {},
		"# only this\n":   {},
		"build:\n":        {},
		"build: {go: {}}": {},
		"build:\n  language: c\n  c:\n    cflags: [-DX=1, '-DY=a b']\n    bin: prog\n": {
			Build: Build{Language: "c", C: C{CFlags: []string{"-DX=1", "-DY=a b"}, Bin: "prog"}},
		},
		"build:\n  command: make web\n  emulate: [signal, mman]": {
			Build: Build{Command: Command{Run: "make web"}, Emulate: []string{"signal", "mman"}},
		},
		"build:\n  command: {run: make web, output: out/a.wasm}": {Build: Build{Command: Command{"make web", "out/a.wasm"}}},
		"build: {go: {tags: netgo, reactor: true}, rust: {default-features: no, profile: 1.10}}": {
			Build: Build{Go: Go{Tags: []string{"netgo"}, Reactor: &yes}, Rust: Rust{DefaultFeatures: &no, Profile: "1.10"}},
		},
	} {
		got, err := load(t, text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]Error{
		"bulid:\n  go: {}":                  {Line: 1, Column: 1, Problem: `unknown key "bulid"`, Nearest: "build"},
		"build:\n  c:\n    cflag: [-x]":     {Line: 3, Column: 5, Problem: `unknown key "build.c.cflag"`, Nearest: "cflags"},
		"build: {c: {zzz: 1}}":              {Line: 1, Column: 13, Problem: `unknown key "build.c.zzz"`},
		"build:\n  go: {reactor: perhaps}":  {Line: 2, Column: 17, Problem: `build.go.reactor: want true or false, not "perhaps"`},
		"build:\n  go: {tags: [a, {b: c}]}": {Line: 2, Column: 18, Problem: `build.go.tags[1]: want a text, not keys with values`},
		"build: [go]":                       {Line: 1, Column: 8, Problem: `build: want keys with values, not a list`},
		"go\n":                              {Line: 1, Column: 1, Problem: `the file: want keys with values, not "go"`},
		"build: {}\nbuild: {}":              {Line: 2, Column: 1, Problem: `build: given twice`},
		"build: &a\n  c: *a\n":              {Line: 2, Column: 6, Problem: `build.c: aliases are not supported`},
		"---\n{}\n---\n{}\n":                {Problem: "more than one YAML document"},
	} {
		_, err := load(t, text)
		var got *Error
		if !errors.As(err, &got) {
			t.Errorf("%q: got %v", text, err)
			continue
		}
		got.File = ""
		if *got != want {
			t.Errorf("%q: got %+v, want %+v", text, *got, want)
		}
	}
	_, err := load(t, "build: [\n\n  }")
	if err == nil || !strings.Contains(err.Error(), "wpk.yaml:") {
		t.Errorf("a syntax error: got %v", err)
	}
	if _, err := load(t, strings.Repeat("#", maxFile+1)); err == nil {
		t.Error("a file of more than the limit is read")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("build: {go: {tags: [a]}}")
	f.Add("a: &a [*a, *a]")
	f.Add("? [x]\n: y")
	f.Add("build: !!binary x")
	f.Fuzz(func(t *testing.T, text string) {
		var file File
		err := strictyaml.Decoder{}.Unmarshal([]byte(text), &file)
		var wrong *Error
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
