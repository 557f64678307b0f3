package build

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

// customSection is a custom section with a name and a content of less than 128 bytes.
func customSection(name, content string) string {
	return string([]byte{0, byte(len(name) + len(content) + 1), byte(len(name))}) + name + content
}

// A module with names, debug information and what must stay, and a component that has it in a component in it.
func unstripped(t *testing.T) (module, component *Module) {
	t.Helper()
	b := string(tinyModule) + customSection("name", "\x00\x02\x01x") + customSection(".debug_line", "1234") +
		customSection("producers", "\x00") + customSection("mine.a", "") + customSection("dylink.0", "")
	nested := string(tinyComponent) + string([]byte{1, byte(len(b))}) + b
	c := string(tinyComponent) + customSection("component-name", "") + string([]byte{4, 0x80 | byte(len(nested)&0x7f), byte(len(nested) >> 7)}) + nested
	var all [2]*Module
	for i, text := range []string{b, c} {
		m, err := newModule("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = m
	}
	return all[0], all[1]
}

func customs(m *wasm.Module) (names []string) {
	for _, s := range m.Sections {
		if s.ID == 0 {
			names = append(names, s.Custom)
		}
	}
	return names
}

func TestStrip(t *testing.T) {
	module, component := unstripped(t)
	for _, m := range []*Module{module, component} {
		b, removed, err := strip(m, []string{"mine.*"})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{".debug_line", "name"}
		if m == component {
			want = []string{".debug_line", "component-name", "name"}
		}
		if !slices.Equal(removed, want) {
			t.Errorf("removed %q", removed)
		}
		info, err := wasm.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		inner, err := info.Modules(b)
		if err != nil || len(inner) != 1 || !slices.Equal(customs(inner[0].Module), []string{"producers", "mine.a", "dylink.0"}) {
			t.Errorf("left %v, %v", inner, err)
		}
		if !bytes.HasPrefix(inner[0].Bytes, tinyModule) {
			t.Error("the other sections changed")
		}
	}
	if b, removed, err := strip(module, []string{"name", "[", ".debug*", "mine.a"}); err != nil || !bytes.Equal(b, module.Wasm) || removed != nil {
		t.Errorf("nothing was to be removed: %v, %v", removed, err)
	}
}

// fakeWasmOpt accepts a module only when it is told of one feature.
func fakeWasmOpt(feature string, optimized []byte) fakeTool {
	return func(c Command) (string, int) {
		switch {
		case slices.Equal(c.Args, []string{"--version"}):
			return "wasm-opt version 116 (version_116)\n", 0
		case feature != "" && !slices.Contains(c.Args, feature):
			return "all used features should be allowed", 1
		}
		return "", map[bool]int{true: 1}[os.WriteFile(after(c.Args, "-o"), optimized, 0o600) != nil]
	}
}

func TestOptimizeAttempts(t *testing.T) {
	module, component := unstripped(t)
	for name, tt := range map[string]struct {
		feature  string
		attempts int
	}{
		"of LLVM": {"", 1}, "of Go": {"--enable-bulk-memory", 2}, "with SIMD": {"--enable-simd", 3}, "with exceptions": {"--enable-exception-handling", 4}, "of the future": {"--enable-x", 4},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range []*Module{module, component} {
				var said bytes.Buffer
				fake := &fakeExec{tools: map[string]fakeTool{"wasm-opt": fakeWasmOpt(tt.feature, tinyModule)}}
				made, err := Optimize(t.Context(), m.Wasm, Options{Exec: fake, Output: &said, Cache: t.TempDir(), Settings: Settings{Optimize: OptimizeOptions{Level: OptimizeSize}}})
				if calls := len(fake.calls) - 1; calls != tt.attempts {
					t.Errorf("%d attempts", calls)
				}
				var failed *ToolError
				if tt.feature == "--enable-x" {
					if !errors.As(err, &failed) || strings.Count(said.String(), "allowed") != 1 {
						t.Errorf("%v, said %q", err, &said)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if made.Facts.Tools[0] != (Tool{Name: "wasm-opt", Version: "116"}) || made.Facts.Flags[0] != "--optimize=size" || made.Shrink.Before != int64(len(m.Wasm)) || said.Len() > 0 {
					t.Errorf("%+v, %+v, said %q", made.Facts, made.Shrink, &said)
				}
				if made.Info.Kind != m.Info.Kind {
					t.Errorf("a %s became a %s", m.Info.Kind, made.Info.Kind)
				}
			}
		})
	}
}

func TestOptimizeWithoutTool(t *testing.T) {
	fake := &fakeExec{tools: map[string]fakeTool{"clang": fakeClang}}
	o := Options{Dir: project(t, map[string]string{"main.c": ""}), Cache: t.TempDir(), Exec: fake, Settings: Settings{Optimize: OptimizeOptions{Level: OptimizeSpeed}}}
	_, err := Build(t.Context(), o)
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Name != "wasm-opt" {
		t.Fatalf("got %v", err)
	}
	if len(fake.calls) > 0 {
		t.Error("it compiled before it looked")
	}
}

func TestMaxSize(t *testing.T) {
	module, _ := unstripped(t)
	limit := func(n int64, strip bool) error {
		_, err := Optimize(t.Context(), module.Wasm, Options{Cache: t.TempDir(), Settings: Settings{Optimize: OptimizeOptions{Strip: strip, MaxSize: n}}})
		return err
	}
	var large *SizeError
	size := int64(len(module.Wasm))
	if err := limit(size, false); err != nil {
		t.Errorf("as large as allowed: %v", err)
	}
	if err := limit(size-1, true); err != nil {
		t.Errorf("stripped: %v", err)
	}
	err := limit(size-1, false)
	if !errors.As(err, &large) || large.Size != size || large.Sections[0].Name != ".debug_line" || large.Functions[0].Name != "_start" || large.Strip == 0 {
		t.Fatalf("got %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "export 12") || !strings.Contains(text, "_start 2") {
		t.Error(text)
	}
}

// signExtension is a command that uses sign extension and does not say so, as Go's modules do.
const signExtension = "\x00asm\x01\x00\x00\x00" + "\x01\x09\x02\x60\x00\x00\x60\x01\x7f\x01\x7f" + "\x03\x03\x02\x00\x01" +
	"\x07\x0e\x02\x06_start\x00\x00\x01f\x00\x01" + "\x0a\x13\x02\x02\x00\x0b\x0e\x00\x20\x00\xc0\x41\x07\x6a\x41\x00\x6a\x41\x00\x6a\x0b"

// TestRealWasmOpt optimizes with the real tool, twice.
func TestRealWasmOpt(t *testing.T) {
	if _, err := exec.LookPath(pieceWasmOpt); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	module := signExtension + customSection("name", "\x01\x04\x01\x01\x01x")
	component := string(tinyComponent) + string([]byte{1, byte(len(module))}) + module
	for name, b := range map[string]string{"module": module, "component": component} {
		for _, o := range []OptimizeOptions{{Level: OptimizeSize, Strip: true}, {Level: OptimizeSpeed}} {
			var made [2]*Module
			for i := range made {
				var err error
				if made[i], err = Optimize(t.Context(), []byte(b), Options{Env: os.Environ(), Cache: t.TempDir(), Settings: Settings{Optimize: o}}); err != nil {
					t.Fatal(name, err)
				}
			}
			inner, err := made[0].Info.Modules(made[0].Wasm)
			if err != nil {
				t.Fatal(err)
			}
			if made[0].Digest != made[1].Digest || len(made[0].Wasm) >= len(b) || !inner[0].Module.IsCommand() {
				t.Errorf("%s, %+v: %d of %d bytes, %s and %s", name, o, len(made[0].Wasm), len(b), made[0].Digest, made[1].Digest)
			}
			if named := inner[0].Module.NamedFunctions > 0; named == o.Strip {
				t.Errorf("%s, %+v: names: %v", name, o, named)
			}
		}
	}
}

func FuzzStrip(f *testing.F) {
	f.Add(tinyModule)
	f.Add([]byte(string(tinyComponent) + customSection("x", "") + string([]byte{1, byte(len(tinyModule))}) + string(tinyModule)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := newModule("x", b)
		if err != nil {
			return
		}
		stripped, _, err := strip(m, nil)
		if err != nil {
			return
		}
		again, err := newModule("x", stripped)
		if err != nil || len(stripped) > len(b) {
			t.Fatalf("%d bytes became %d: %v", len(b), len(stripped), err)
		}
		if twice, _, err := strip(again, nil); err != nil || !bytes.Equal(twice, stripped) {
			t.Fatalf("stripped twice: %v", err)
		}
	})
}
