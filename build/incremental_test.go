package build

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// editable is a program of two sources that include one header.
var editable = map[string]string{
	"main.c": "#include \"util.h\"\n#include <stdio.h>\nint main(void) { printf(\"%d %s\\n\", util() + N, __FILE__); return 0; }\n",
	"util.c": "#include \"util.h\"\nint util(void) { return N; }\n",
	"util.h": "#define N 1\nint util(void);\n",
}

// edited are its build descriptions, by driver. The Makefile is one as people write them: it knows no header.
var edited = []struct {
	driver string
	tools  []string
	files  map[string]string
}{
	{driver: DriverNone},
	{driver: DriverMake, tools: []string{"make"}, files: map[string]string{
		"Makefile": "prog: main.o util.o\n\t$(CC) -o $@ main.o util.o\n",
	}},
	{driver: DriverCMake, tools: []string{"cmake", "ninja"}, files: map[string]string{
		"CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(prog C)\nadd_executable(prog main.c util.c)\n",
	}},
	{driver: DriverMeson, tools: []string{"meson", "ninja"}, files: map[string]string{
		"meson.build": "project('prog', 'c')\nexecutable('prog', 'main.c', 'util.c')\n",
	}},
	{driver: DriverAutotools, tools: []string{"autoreconf", "make"}, files: map[string]string{
		"configure.ac": "AC_INIT([prog],[1])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
		"Makefile.in":  "CC = @CC@\nCFLAGS = @CFLAGS@\nprog: main.o util.o\n\t$(CC) -o $@ main.o util.o\n",
	}},
}

// TestEdits changes a project step by step. After each step the module is that of a build from nothing in another
// folder, and no more was compiled than had to be.
func TestEdits(t *testing.T) {
	needCompiler(t)
	for _, tt := range edited {
		t.Run(tt.driver, func(t *testing.T) {
			needTools(t, tt.tools...)
			dir := project(t, editable)
			for name, text := range tt.files {
				writeSource(t, dir, name, text)
			}
			b := &editing{dir: dir, driver: tt.driver, cache: t.TempDir()}
			b.check(t, "from nothing", "main.c", "util.c")
			b.check(t, "nothing changed")
			b.touch(t, "main.c")
			b.check(t, "only touched")
			b.check(t, "nothing changed since")
			writeSource(t, dir, "util.c", "#include \"util.h\"\nint util(void) { return N + 5; }\n")
			b.check(t, "a source changed", "util.c")
			writeSource(t, dir, "util.h", "#define N 7\nint util(void);\n")
			b.check(t, "a header changed", "main.c", "util.c")
			writeSource(t, dir, "util.c", "broken\n")
			b.fails(t)
			writeSource(t, dir, "util.c", "#include \"util.h\"\nint util(void) { return N + 9; }\n")
			b.check(t, "mended", "util.c")
			if tt.driver != DriverNone {
				writeSource(t, dir, "notes.txt", "new\n")
				b.check(t, "a file came", "main.c", "util.c")
			}
			writeSource(t, dir, "stdio.h", "#include_next <stdio.h>\n#define N2 1\n")
			if tt.driver == DriverNone {
				b.check(t, "a header came that hides another", "main.c")
			}
		})
	}
}

// TestNoOptimizerOfOthers puts a wasm-opt on PATH, which clang would run on what it links.
func TestNoOptimizerOfOthers(t *testing.T) {
	needCompiler(t)
	needTools(t, "sh")
	dir, bin := t.TempDir(), t.TempDir()
	for name, text := range editable {
		writeSource(t, dir, name, text)
	}
	if err := os.WriteFile(filepath.Join(bin, "wasm-opt"), []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	e := &editing{dir: dir}
	if _, _, err := e.build(t.Context(), dir, t.TempDir()); err != nil {
		t.Fatalf("%v\n%s", err, e.said.String())
	}
}

// An editing is a project that is built again and again with one cache.
type editing struct {
	dir, driver, cache string
	last               string // the digest of the last module that was compared with one made from nothing
	said               strings.Builder
}

// build builds the project and returns what was compiled.
func (e *editing) build(ctx context.Context, dir, cache string) (*Module, []string, error) {
	e.said.Reset()
	count := &countingExec{}
	logs, _ := filepath.Glob(filepath.Join(cache, "kept", "*", "commands.log"))
	for _, name := range logs {
		_ = os.Remove(name)
	}
	m, err := Build(ctx, Options{
		Dir: dir, Settings: Settings{C: COptions{Driver: e.driver}}, Env: os.Environ(), Cache: cache, Output: &e.said, Exec: count,
	})
	logs, _ = filepath.Glob(filepath.Join(cache, "kept", "*", "commands.log"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		for _, f := range regexp.MustCompile(`"-main-file-name" "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			count.compiled = append(count.compiled, f[1])
		}
	}
	slices.Sort(count.compiled)
	return m, slices.Compact(count.compiled), err
}

func (e *editing) check(t *testing.T, step string, want ...string) {
	t.Helper()
	m, compiled, err := e.build(t.Context(), e.dir, e.cache)
	if err != nil {
		t.Fatalf("%s: %v\n%s", step, err, e.said.String())
	}
	if !slices.Equal(compiled, want) {
		t.Errorf("%s: compiled %q, want %q\n%s", step, compiled, want, e.said.String())
	}
	if len(want) == 0 {
		if m.Digest != e.last {
			t.Errorf("%s: %s, before %s", step, m.Digest, e.last)
		}
		return
	}
	e.last = m.Digest
	other := filepath.Join(t.TempDir(), "another", "folder")
	if err := os.CopyFS(other, os.DirFS(e.dir)); err != nil {
		t.Fatal(err)
	}
	clean, _, err := e.build(t.Context(), other, t.TempDir())
	if err != nil {
		t.Fatalf("%s, from nothing: %v\n%s", step, err, e.said.String())
	}
	if clean.Digest != m.Digest {
		t.Errorf("%s: %s, and %s from nothing", step, m.Digest, clean.Digest)
	}
}

func (e *editing) fails(t *testing.T) {
	t.Helper()
	if _, _, err := e.build(t.Context(), e.dir, e.cache); err == nil {
		t.Error("a broken source compiles")
	}
}

func (e *editing) touch(t *testing.T, name string) {
	t.Helper()
	now := time.Now()
	if err := os.Chtimes(filepath.Join(e.dir, name), now, now); err != nil {
		t.Fatal(err)
	}
}

func writeSource(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// countingExec notes the sources that are compiled.
type countingExec struct {
	processes
	mu       sync.Mutex
	compiled []string
}

func (e *countingExec) Run(ctx context.Context, c Command) error {
	if i := slices.Index(c.Args, "-MF"); i >= 0 {
		e.mu.Lock()
		e.compiled = append(e.compiled, c.Args[len(c.Args)-1])
		e.mu.Unlock()
	}
	return e.processes.Run(ctx, c)
}
