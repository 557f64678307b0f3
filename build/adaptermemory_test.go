package build

import (
	"bytes"
	"slices"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

// arenaModule is a module as Go makes it: an import, a global, an export, and data that begins before the arena.
func arenaModule(globals string) []byte {
	section := func(id byte, content string) string { return string([]byte{id, byte(len(content))}) + content }
	data := "before" + arenaMagic
	return []byte(tinyAdapter +
		section(sectionType, "\x02\x60\x00\x00\x60\x01\x7f\x01\x7f") +
		section(sectionImport, "\x01\x01m\x01f\x00\x00") +
		section(sectionFunction, "\x01\x00") +
		globals +
		section(sectionExport, "\x01\x06_start\x00\x01") +
		section(sectionCode, "\x01\x02\x00\x0b") +
		section(sectionData, "\x02\x00\x41\x00\x0b\x01x"+"\x00\x41\x80\x80\x04\x0b"+string([]byte{byte(len(data))})+data))
}

const oneGlobal = "\x06\x06\x01\x7f\x01\x41\x00\x0b"

// mallocModule exports malloc, of type (i32) -> i32.
func mallocModule() []byte {
	section := func(id byte, content string) string { return string([]byte{id, byte(len(content))}) + content }
	return []byte(tinyAdapter +
		section(sectionType, "\x01\x60\x01\x7f\x01\x7f") +
		section(sectionFunction, "\x01\x00") +
		section(sectionExport, "\x01\x06malloc\x00\x00") +
		section(sectionCode, "\x01\x04\x00\x20\x00\x0b"))
}

// commandModule exports malloc as a linker does that makes every export a command.
func commandModule() []byte {
	section := func(id byte, content string) string { return string([]byte{id, byte(len(content))}) + content }
	return []byte(tinyAdapter +
		section(sectionType, "\x02\x60\x00\x00\x60\x01\x7f\x01\x7f") +
		section(sectionFunction, "\x04\x00\x00\x01\x01") + // constructors, destructors, malloc, its wrapper
		section(sectionExport, "\x01\x06malloc\x00\x03") +
		section(sectionCode, "\x04\x02\x00\x0b\x02\x00\x0b\x04\x00\x20\x00\x0b\x0a\x00\x10\x00\x20\x00\x10\x02\x10\x01\x0b"))
}

func TestWithRealloc(t *testing.T) {
	for name, tt := range map[string]struct {
		module  []byte
		adds    bool
		content []string // of the result, besides the export
	}{
		"neither":         {moduleOf("_start", "", ""), false, nil},
		"there already":   {moduleOf(reallocExport, "", ""), false, nil},
		"on malloc":       {mallocModule(), true, []string{"\x20\x03\x10\x00\x22\x04"}},
		"on a command":    {commandModule(), true, []string{"\x20\x03\x10\x02\x22\x04"}},
		"in an arena":     {arenaModule(oneGlobal), true, []string{"\x41\x86\x80\x04\x0b", "\x23\x01"}}, // the global's start is 65536 and "before"
		"without globals": {arenaModule(""), true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			info, err := wasm.Decode(tt.module)
			if err != nil {
				t.Fatal(err)
			}
			out, err := withRealloc(tt.module, info)
			if name == "without globals" {
				if err == nil {
					t.Error("a module that Go cannot have made was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !tt.adds {
				if !bytes.Equal(out, tt.module) {
					t.Errorf("changed to %x", out)
				}
				return
			}
			changed, err := wasm.Decode(out)
			if err != nil {
				t.Fatalf("%v: %x", err, out)
			}
			if !slices.Contains(changed.Exports, wasm.Export{Name: reallocExport, Kind: "func"}) || len(changed.Exports) != len(info.Exports)+1 {
				t.Errorf("exports %v", changed.Exports)
			}
			for _, want := range tt.content {
				if !bytes.Contains(out, []byte(want)) {
					t.Errorf("%x lacks %x", out, want)
				}
			}
		})
	}
}

// FuzzWithRealloc changes whatever a compiler may leave: no panic, and a module that is as readable as before.
func FuzzWithRealloc(f *testing.F) {
	f.Add(mallocModule())
	f.Add(arenaModule(oneGlobal))
	f.Add(arenaModule(""))
	f.Add(moduleOf("_start", "", ""))
	f.Fuzz(func(t *testing.T, module []byte) {
		info, err := wasm.Decode(module)
		if err != nil || info.Kind != wasm.Core {
			return
		}
		out, err := withRealloc(module, info)
		if err != nil {
			return
		}
		if _, err := wasm.Decode(out); err != nil {
			t.Errorf("%x became %x: %v", module, out, err)
		}
	})
}
