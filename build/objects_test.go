package build

import (
	"slices"
	"testing"
)

func TestParseDepfile(t *testing.T) {
	for text, want := range map[string][]string{
		"x.o: a.c \\\n  include/a\\ b.h \\\r\n ./c$$d.h e\\#f.h\n": {"a.c", "include/a b.h", "c$d.h", "e#f.h"},
		"x.o: a.c":   {"a.c"},
		"no colon":   nil,
		"":           nil,
		"x: \\":      {"\\"},
		"x: a\n\nb:": {"a", "b:"},
	} {
		if got := parseDepfile(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzParseDepfile(f *testing.F) {
	f.Add("x.o: a.c \\\n b\\ c.h $$ \\#")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range parseDepfile(text) {
			if name == "" {
				t.Error("an empty name")
			}
		}
	})
}

func FuzzCompileLog(f *testing.F) {
	f.Add(` "/usr/bin/clang" "-cc1" "-main-file-name" "a.c" "-fdebug-compilation-dir=/w/src" "-x" "c" "a.c"`)
	f.Fuzz(func(t *testing.T, line string) {
		l := &compileLog{src: "/w/src"}
		for _, name := range l.inputs(line) {
			if name == "" || name[0] == '/' {
				t.Errorf("%q is no source below the tree", name)
			}
		}
	})
}

func TestCompileLogInputs(t *testing.T) {
	l := &compileLog{src: "/w/src"}
	for line, want := range map[string][]string{
		` "clang" "-cc1" "-main-file-name" "a.c" "-fdebug-compilation-dir=/w/src/sub" "-o" "a.o" "-x" "c" "a.c"`: {"sub/a.c"},
		` "clang" "-cc1" "-main-file-name" "a.c" "-fdebug-compilation-dir=/w/build" "-x" "c" "../src/x y.c"`:     {"x y.c"},
		` "clang" "-cc1" "-fdebug-compilation-dir=/w/src" "-x" "c" "/elsewhere/a.c"`:                             nil,
		` "clang" "-cc1" "-x" "c" "a.c"`: nil,
		"[Logging clang options]":        nil,
	} {
		if got := l.inputs(line); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}
