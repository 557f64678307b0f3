package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// fakeMake "builds" programs with the given names, and knows the targets among them.
func fakeMake(targets []string, programs ...string) fakeTool {
	return func(c Command) (string, int) {
		switch target := after(c.Args, "--"); {
		case slices.Contains(c.Args, "--version"):
			return "GNU Make 4.3\nBuilt for nobody", 0
		case target != "" && !slices.Contains(targets, target):
			return "", 2
		case slices.Contains(c.Args, "-n"):
			return "", 0
		case target != "":
			programs = []string{target}
		}
		for i, p := range programs {
			p = filepath.Join(c.Dir, filepath.FromSlash(p))
			_ = os.MkdirAll(filepath.Dir(p), 0o700)
			custom := []byte{0, 2, 1, byte('a' + i)} // a custom section, so that they differ
			_ = os.WriteFile(p, append(slices.Clone(tinyModule), custom...), 0o600)
		}
		return "", 0
	}
}

func TestMake(t *testing.T) {
	for name, tt := range map[string]struct {
		bin        string
		make       fakeTool
		name       string
		candidates []string
		err        error
	}{
		"the only one":   {make: fakeMake(nil, "prog.wasm"), name: "prog"},
		"a target":       {bin: "b", make: fakeMake([]string{"b"}, "a", "b"), name: "b"},
		"a file":         {bin: "b", make: fakeMake(nil, "a", "out/b.wasm"), name: "b"},
		"a path":         {bin: "x/b", make: fakeMake(nil, "x/b", "y/b"), name: "b"},
		"several":        {make: fakeMake(nil, "a.wasm", "out/b"), candidates: []string{"a", "b"}},
		"of equal name":  {bin: "b", make: fakeMake(nil, "x/b", "y/b"), candidates: []string{"x/b", "y/b"}},
		"nothing":        {make: fakeMake(nil), err: ErrNoProgram},
		"something else": {bin: "c", make: fakeMake(nil, "a"), err: ErrNoProgram},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"Makefile": "", "old.wasm": string(tinyModule)})
			fake := &fakeExec{tools: map[string]fakeTool{"clang": fakeClang, "llvm-ar": brokenTool, "make": tt.make}}
			m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{C: COptions{Bin: tt.bin}}, Jobs: 2, Cache: t.TempDir(), Exec: fake})
			var ambiguous *AmbiguousError
			switch {
			case tt.candidates != nil:
				if !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Candidates, tt.candidates) {
					t.Errorf("got %v, want the candidates %q", err, tt.candidates)
				}
			case !errors.Is(err, tt.err):
				t.Errorf("got %v, want %v", err, tt.err)
			case err == nil && (m.Facts.Name != tt.name || m.Facts.Tools[1] != Tool{Name: "make", Version: "4.3"}):
				t.Errorf("facts %+v", m.Facts)
			}
		})
	}
}

func TestMakeArguments(t *testing.T) {
	dir := project(t, map[string]string{"Makefile": ""})
	fake := &fakeExec{tools: map[string]fakeTool{"clang": fakeClang, "llvm-ar": brokenTool, "make": fakeMake(nil, "p")}}
	if _, err := Build(t.Context(), Options{Dir: dir, Env: []string{"CC=gcc"}, Jobs: 2, Cache: t.TempDir(), Exec: fake}); err != nil {
		t.Fatal(err)
	}
	c := fake.call(t, "make", "-j2", "AR=/fake/llvm-ar", "RANLIB=/fake/llvm-ar s")
	want := "CC=/fake/clang --target=wasm32-wasip1 -Wno-unused-command-line-argument -O2 -ffile-prefix-map=" + c.Dir + "=. -Wl,--strip-debug"
	if c.Args[0] != want {
		t.Errorf("got %s, want %s", c.Args[0], want)
	}
	if c.Dir == dir || getenv(c.Env, "CC") != "" {
		t.Errorf("make runs in %s with CC=%s", c.Dir, getenv(c.Env, "CC"))
	}
}

func TestMissingDrivers(t *testing.T) {
	for name, tt := range map[string]struct {
		file  string
		tools map[string]fakeTool
		want  string
	}{
		"make":    {"Makefile", map[string]fakeTool{}, "make"},
		"llvm-ar": {"Makefile", map[string]fakeTool{"make": fakeMake(nil)}, "llvm-ar"},
		"cmake":   {"CMakeLists.txt", map[string]fakeTool{}, "cmake"},
		"ninja":   {"CMakeLists.txt", map[string]fakeTool{"cmake": brokenTool}, "ninja"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.tools["clang"] = fakeClang
			dir := project(t, map[string]string{tt.file: ""})
			_, err := Build(t.Context(), Options{Dir: dir, Cache: t.TempDir(), Exec: &fakeExec{tools: tt.tools}})
			var missing *MissingError
			if !errors.As(err, &missing) || missing.Name != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
