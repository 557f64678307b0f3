package wasm

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// threeFunctions is a module with an imported function and three of its own:
// one named, one exported, one neither.
func threeFunctions() string {
	names := "\x00\x04\x03app" + "\x01" + uleb(len("\x02\x00"+name("imp")+"\x01"+name("first"))) + "\x02\x00" + name("imp") + "\x01" + name("first")
	return corePreamble + section(2, "\x01"+name("a")+name("b")+"\x00\x00") +
		section(7, "\x02"+name("first_export")+"\x00\x01"+name("_start")+"\x00\x02") +
		section(10, "\x03"+"\x02\x00\x0b"+"\x04\x00\x01\x01\x0b"+"\x03\x00\x01\x0b") + custom("name", names)
}

func TestFunctions(t *testing.T) {
	b := []byte(threeFunctions())
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Functions(b)
	want := []Function{{1, "first", 2}, {2, "_start", 4}, {3, "", 3}}
	if err != nil || len(all) != 3 || all[0] != want[0] || all[1] != want[1] || all[2] != want[2] {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := m.Functions(b[:20]); err == nil {
		t.Error("the bytes of another file")
	}
}

func TestFunctionsMalformed(t *testing.T) {
	for what, code := range map[string]string{
		"more than there are": "\xff\xff\x03\x02\x00\x0b",
		"beyond the section":  "\x01\x05\x00\x0b",
		"bytes behind":        "\x01\x02\x00\x0b\x00",
	} {
		b := []byte(corePreamble + section(10, code))
		m, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		var format *FormatError
		if _, err := m.Functions(b); !errors.As(err, &format) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Names without an end: the functions are there, without names.
	b := []byte(corePreamble + section(10, "\x01\x02\x00\x0b") + custom("name", "\x01\x7f\x09"))
	m, _ := Decode(b)
	if all, err := m.Functions(b); err != nil || len(all) != 1 || all[0].Name != "" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestModulesOfComponent(t *testing.T) {
	core := threeFunctions()
	nested := componentPreamble + section(1, core)
	b := []byte(componentPreamble + custom("x", "") + section(4, nested) + section(1, core))
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Modules(b)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d modules, %v", len(all), err)
	}
	for _, i := range all {
		if string(i.Bytes) != core || string(b[i.Offset:i.Offset+int64(len(core))]) != core {
			t.Errorf("the module at %d is another one", i.Offset)
		}
	}
	deep := core
	for range maxInnerDepth + 2 {
		id := byte(4)
		if deep == core {
			id = 1
		}
		deep = componentPreamble + section(id, deep)
	}
	m, err = Decode([]byte(deep))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Modules([]byte(deep)); err == nil || !strings.Contains(err.Error(), "deeper") {
		t.Errorf("%v", err)
	}
}

// TestFunctionsOfGo holds the sizes against the section of a real module.
func TestFunctionsOfGo(t *testing.T) {
	b, err := os.ReadFile(goModule(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Functions(b)
	if err != nil {
		t.Fatal(err)
	}
	var sum, main int64
	for _, f := range all {
		if sum += f.Size; f.Name == "main.main" {
			main = f.Size
		}
	}
	for _, s := range m.Sections {
		if s.ID == coreCode && (sum > s.Size || sum < s.Size*9/10) {
			t.Errorf("functions of %d bytes in a section of %d", sum, s.Size)
		}
	}
	if main == 0 {
		t.Error("no main.main")
	}
}

// TestFunctionsOfStrippedGo finds the names that the runtime has. Those of a
// module whose functions have moved would be wrong.
func TestFunctionsOfStrippedGo(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	file := goModule(t, "-ldflags=-s -w")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.Functions(b)
	if err != nil || m.NamedFunctions > 0 {
		t.Fatal(m.NamedFunctions, err)
	}
	named, main := 0, false
	for _, f := range all {
		if f.Name != "" {
			named++
		}
		main = main || f.Name == "main.main"
	}
	if !main || named < len(all)*9/10 {
		t.Errorf("%d of %d have a name, main.main: %v", named, len(all), main)
	}
	m.Imports = append(m.Imports, Import{Kind: "func"})
	if all, err = m.Functions(b); err != nil || all[10].Name != "" {
		t.Errorf("moved: %+v, %v", all[10], err)
	}
}

func FuzzGoNames(f *testing.F) {
	header := goTableMagic
	for _, n := range []byte{1, 0, 0, goTableHeader, 0, 0, 0, goTableHeader + 8} {
		header += string(n) + "\x00\x00\x00\x00\x00\x00\x00"
	}
	f.Add([]byte(header+"main.x\x00\x00"+"\x00\x00\x00\x00\x08\x00\x00\x00"+"\x00\x00\x00\x00\x00\x00\x00\x00"), 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if n < 0 || n > 1000 {
			return
		}
		sum := 0
		for _, name := range goFunctionNames(b, n) {
			sum += len(name)
		}
		if sum > len(b) {
			t.Fatalf("names of %d bytes in %d", sum, len(b))
		}
	})
}

func FuzzFunctions(f *testing.F) {
	f.Add([]byte(threeFunctions()))
	f.Add([]byte(componentPreamble + section(4, componentPreamble+section(1, threeFunctions()))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		inner, err := m.Modules(b)
		if err != nil {
			return
		}
		for _, i := range inner {
			if i.Offset < 0 || i.Offset+int64(len(i.Bytes)) > int64(len(b)) {
				t.Fatalf("a module at %d of %d", i.Offset, len(b))
			}
			all, err := i.Module.Functions(i.Bytes)
			var format *FormatError
			if err != nil && !errors.As(err, &format) {
				t.Fatalf("error %#v", err)
			}
			var sum int64
			for _, f := range all {
				sum += f.Size
			}
			if sum > int64(len(i.Bytes)) {
				t.Fatalf("functions of %d bytes in %d", sum, len(i.Bytes))
			}
		}
	})
}

// TestSizes holds the sums of a component against its size.
func TestSizes(t *testing.T) {
	core := threeFunctions()
	b := []byte(componentPreamble + section(1, core) + section(1, core))
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	sizes, err := m.Sizes(b)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, s := range sizes.Sections {
		sum += s.Size
	}
	if preambles := int64(2 * preambleSize); sum+preambles != m.Size {
		t.Errorf("sections of %d bytes in a file of %d: %+v", sum, m.Size, sizes.Sections)
	}
	if f := sizes.Functions; len(f) != 6 || f[0].Size != 4 || f[1].Module != 1 {
		t.Errorf("%+v", sizes.Functions)
	}
	many := []byte(componentPreamble + strings.Repeat(section(1, corePreamble+section(10, uleb(600_000)+strings.Repeat("\x02\x00\x0b", 600_000))), 2))
	if m, err = Decode(many); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sizes(many); err == nil || !strings.Contains(err.Error(), "functions") {
		t.Errorf("too many: %v", err)
	}
}
