package build

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// samples are the projects in testdata, each with what building it needs.
var samples = []struct {
	dir   string
	bin   string
	name  string
	tools []string
	needs func(t *testing.T)
}{
	{dir: "go-hello", name: "go-hello", tools: []string{"go"}},
	{dir: "rust-hello", name: "rust-hello", needs: needRust},
	{dir: "c-hello", name: "", needs: needCompiler},
	{dir: "cxx-hello", bin: "words", name: "words", needs: needCXX},
	{dir: "c-make", bin: "rot13", name: "rot13", tools: []string{"make"}, needs: needCompiler},
	{dir: "c-cmake", bin: "primes", name: "primes", tools: []string{"cmake"}, needs: needCompiler},
}

// TestSameDigestInAnyFolder builds each sample in two folders with two caches and expects the same module and the same
// facts, no trace in the sources, and nothing in the cache but what speeds up the next build.
func TestSameDigestInAnyFolder(t *testing.T) {
	for _, s := range samples {
		t.Run(s.dir, func(t *testing.T) {
			needTools(t, s.tools...)
			if s.needs != nil {
				s.needs(t)
			}
			one := buildCopy(t, s.dir, s.bin, "a")
			two := buildCopy(t, s.dir, s.bin, "another/and deeper/folder")
			if one.Digest != two.Digest {
				t.Errorf("%s in one folder, %s in another", one.Digest, two.Digest)
			}
			if !reflect.DeepEqual(one.Facts, two.Facts) {
				t.Errorf("facts %+v, %+v", one.Facts, two.Facts)
			}
			if one.Facts.Name != s.name || !one.Info.IsCommand() || one.Info.WASI() != "wasip1" {
				t.Errorf("%q, a command: %t, WASI %s", one.Facts.Name, one.Info.IsCommand(), one.Info.WASI())
			}
		})
	}
}

// buildCopy builds a sample in a copy of it, in a folder of any name.
func buildCopy(t *testing.T, sample, bin, folder string) *Module {
	t.Helper()
	dir := filepath.Join(t.TempDir(), filepath.FromSlash(folder))
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "testdata", sample))); err != nil {
		t.Fatal(err)
	}
	cache, before := t.TempDir(), listFiles(t, dir)
	var said strings.Builder
	m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{C: COptions{Bin: bin}}, Env: os.Environ(), Cache: cache, Output: &said})
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if after := listFiles(t, dir); !slices.Equal(before, after) {
		t.Errorf("the build changed the sources: %q, before %q", after, before)
	}
	// What makes the next build faster stays; the work folder goes.
	if left, err := filepath.Glob(filepath.Join(cache, "wpk-build-*")); err != nil || len(left) > 0 {
		t.Errorf("the build left %q", left)
	}
	return m
}

// listFiles lists everything below a folder, the folder itself included.
func listFiles(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestReactors(t *testing.T) {
	t.Run("go", func(t *testing.T) {
		needTools(t, "go")
		dir := project(t, map[string]string{
			"go.mod":  "module example.com/r\n\ngo 1.24\n",
			"main.go": "package main\n\n//go:wasmexport add\nfunc add(a, b int32) int32 { return a + b }\n\nfunc main() {}\n",
		})
		checkReactor(t, Options{Dir: dir, Settings: Settings{Go: GoOptions{Reactor: true}}})
	})
	t.Run("c", func(t *testing.T) {
		needCompiler(t)
		dir := project(t, map[string]string{"r.c": "__attribute__((export_name(\"add\"))) int add(int a, int b) { return a + b; }\n"})
		checkReactor(t, Options{Dir: dir, Settings: Settings{C: COptions{LDFlags: []string{"-mexec-model=reactor"}}}})
	})
}

func checkReactor(t *testing.T, o Options) {
	t.Helper()
	var said strings.Builder
	o.Env, o.Cache, o.Output = os.Environ(), t.TempDir(), &said
	m, err := Build(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !m.Info.IsReactor() || m.Info.IsCommand() {
		t.Errorf("a reactor: %t, a command: %t", m.Info.IsReactor(), m.Info.IsCommand())
	}
}
