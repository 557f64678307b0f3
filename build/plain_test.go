package build

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCEnvironment(t *testing.T) {
	env := cleanEnv([]string{
		"PATH=/bin", "CC=gcc", "CFLAGS=-march=native", "CPATH=/opt/include", "MAKEFLAGS=-j --jobserver-fds=3,4", "CMAKE_GENERATOR=Ninja", "PKG_CONFIG_PATH=/x",
	})
	if want := []string{"PATH=/bin", "SOURCE_DATE_EPOCH=0"}; !slices.Equal(env, want) {
		t.Errorf("got %q, want %q", env, want)
	}
	if env := cleanEnv([]string{"SOURCE_DATE_EPOCH=7"}); getenv(env, "SOURCE_DATE_EPOCH") != "7" {
		t.Errorf("SOURCE_DATE_EPOCH is lost: %q", env)
	}
}

func TestPlainArguments(t *testing.T) {
	dir := project(t, map[string]string{"b.c": "", "a.c": "", "src/c.c": "", "a_test.c": "", "src/test_c.c": "", "notes.txt": ""})
	fake := &fakeExec{tools: map[string]fakeTool{"clang": fakeClang}}
	m, err := Build(t.Context(), Options{
		Dir: dir, Settings: Settings{C: COptions{CFlags: []string{"-DX=1"}, LDFlags: []string{"-lm"}, Bin: "prog"}}, Cache: t.TempDir(), Exec: fake,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"a.c", "b.c", filepath.Join("src", "c.c")} {
		c := fake.call(t, "clang", "-c", source, "-O2", "-DX=1", "-I.", "-Iinclude", "-ffile-prefix-map="+dir+"=.")
		if c.Dir != dir {
			t.Errorf("%s is compiled in %s", source, c.Dir)
		}
	}
	if c := fake.calls[len(fake.calls)-1]; !slices.Contains(c.Args, "-Wl,--strip-debug") || !slices.Contains(c.Args, "-lm") {
		t.Errorf("the link is %q", c.Args)
	}
	want := []string{"--target=wasm32-wasip1", "-O2", "-DX=1", "-Wl,--strip-debug", "-lm"}
	if m.Facts.Name != "prog" || !slices.Equal(m.Facts.Flags, want) {
		t.Errorf("facts %+v", m.Facts)
	}
	if calls := len(fake.calls); calls > 12 {
		t.Errorf("%d calls, so tests are compiled", calls)
	}
}

func TestPlainFailure(t *testing.T) {
	dir := project(t, map[string]string{"a.c": ""})
	fake := &fakeExec{tools: map[string]fakeTool{"clang": func(c Command) (string, int) {
		if slices.Contains(c.Args, "a.c") {
			return "a.c:1: no such thing\n", 1
		}
		return fakeClang(c)
	}}}
	var said strings.Builder
	_, err := Build(t.Context(), Options{Dir: dir, Cache: t.TempDir(), Output: &said, Exec: fake})
	var tool *ToolError
	if !errors.As(err, &tool) || tool.Tool != "clang" || tool.ExitCode != 1 {
		t.Errorf("got %v", err)
	}
	if said.String() != "a.c:1: no such thing\n" {
		t.Errorf("the compiler said %q", said.String())
	}
}

func TestDebugFlagsKeepDebugInformation(t *testing.T) {
	for flag, strips := range map[string]bool{"-O3": true, "-g0": true, "-g": false, "-ggdb3": false, "-gline-tables-only": false} {
		if got := slices.Contains(linkFlags(COptions{CFlags: []string{flag}}), "-Wl,--strip-debug"); got != strips {
			t.Errorf("%s strips: %t", flag, got)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for arg, want := range map[string]string{"-O2": "-O2", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'"} {
		if got := shellQuote(arg); got != want {
			t.Errorf("%q: %s, want %s", arg, got, want)
		}
	}
	if got := makeVariable("CC", []string{"cc", "-D$x"}); got != "CC=cc '-D$$x'" {
		t.Error(got)
	}
}

func TestPlainName(t *testing.T) {
	for _, tt := range []struct {
		bin     string
		sources []string
		want    string
	}{
		{"", []string{"src/tool.c"}, "tool"},
		{"", []string{"main.c", "src/count.c"}, ""},
		{"tool", []string{"main.c", "src/count.c"}, "tool"},
	} {
		if got := plainName(tt.bin, tt.sources); got != tt.want {
			t.Errorf("plainName(%q, %q) = %q, want %q", tt.bin, tt.sources, got, tt.want)
		}
	}
}
