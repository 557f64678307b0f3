package wasm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	corePreamble      = "\x00asm\x01\x00\x00\x00"
	componentPreamble = "\x00asm\x0d\x00\x01\x00"
)

// uleb encodes n as the format does.
func uleb(n int) string {
	var b []byte
	for {
		c := byte(n & 0x7f)
		if n >>= 7; n == 0 {
			return string(append(b, c))
		}
		b = append(b, c|0x80)
	}
}

func name(s string) string { return uleb(len(s)) + s }

func section(id byte, content string) string { return string(id) + uleb(len(content)) + content }

func custom(n, content string) string { return section(0, name(n)+content) }

func TestRead(t *testing.T) {
	everything := corePreamble +
		section(1, "\x01\x60\x00\x00") +
		section(2, "\x06"+
			name("wasi_snapshot_preview1")+name("fd_write")+"\x00\x00"+
			name("env")+name("t")+"\x01\x70\x00\x01"+
			name("env")+name("gc")+"\x01\x63\x70\x00\x01"+
			name("env")+name("m")+"\x02\x03\x01\x80\x80\x04"+
			name("env")+name("g")+"\x03\x7f\x01"+
			name("env")+name("e")+"\x04\x00\x00") +
		section(3, "\x01\x00") +
		section(5, "\x03\x00\x02"+"\x05\x01\x80\x80\x80\x80\x80\x01"+"\x08\x09\x00") +
		section(13, "\x00") +
		section(6, "\x00") +
		section(7, "\x02"+name("_start")+"\x00\x00"+name("memory")+"\x02\x00") +
		section(12, "\x00") +
		section(10, "\x01\x02\x00\x0b") +
		section(11, "\x00") +
		custom("name", "\x00\x09x") + // malformed: ignored
		custom("name", "\x00\x04\x03app"+"\x01\x05\x02\x00\x00\x01\x00") +
		custom("producers", "\x01"+name("language")+"\x02"+name("Go")+name("1.26")+name("C")+name("")) +
		custom("mystery", "?")
	m, err := Decode([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(struct {
		*Module
		Sections []string `json:"sections"`
	}{m, nil})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"core module","size":SIZE,` +
		`"imports":[{"module":"wasi_snapshot_preview1","name":"fd_write","kind":"func"},` +
		`{"module":"env","name":"t","kind":"table"},{"module":"env","name":"gc","kind":"table"},` +
		`{"module":"env","name":"m","kind":"memory"},{"module":"env","name":"g","kind":"global"},` +
		`{"module":"env","name":"e","kind":"tag"}],` +
		`"exports":[{"name":"_start","kind":"func"},{"name":"memory","kind":"memory"}],` +
		`"memories":[{"min":1,"max":65536,"pageSize":65536,"hasMax":true,"shared":true,"imported":true},` +
		`{"min":2,"pageSize":65536},{"min":1,"max":34359738368,"pageSize":65536,"hasMax":true,"is64":true},` +
		`{"min":9,"pageSize":1}],` +
		`"producers":[{"field":"language","name":"Go","version":"1.26"},{"field":"language","name":"C"}],` +
		`"name":"app","namedFunctions":2,"sections":null}`
	if w := strings.Replace(want, "SIZE", strconv.Itoa(len(everything)), 1); string(got) != w {
		t.Errorf("got  %s\nwant %s", got, w)
	}
	if len(m.Sections) != 14 || m.Sections[13].Custom != "mystery" || m.Sections[13].Size != 9 {
		t.Errorf("sections: %+v", m.Sections)
	}
	if m.WASI() != "wasip1" || !m.IsCommand() || m.IsReactor() {
		t.Errorf("WASI %q, command %v, reactor %v", m.WASI(), m.IsCommand(), m.IsReactor())
	}
}

func TestComponent(t *testing.T) {
	m, err := Decode([]byte(componentPreamble +
		section(1, corePreamble) + section(1, corePreamble) +
		section(10, "\x01\x00"+name("wasi:cli/environment@0.2.0")+"\x05\x00") +
		section(7, "") +
		section(10, "\x05"+
			"\x00"+name("core")+"\x00\x11\x00"+
			"\x01"+name("f")+"\x01\x00"+
			"\x02"+name("v")+name("0.2")+"\x02\x01\x7f"+
			"\x00"+name("t")+"\x03\x01"+
			"\x00"+name("t2")+"\x03\x00\x07") +
		section(11, "\x02\x00"+name("wasi:cli/run@0.2.0")+"\x05\x00\x00"+
			"\x00"+name("m")+"\x00\x11\x00\x01\x00\x11\x00") +
		custom("component-name", "\x00\x04\x03cmp")))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Imports) != 6 || m.Imports[0] != (Import{"", "wasi:cli/environment@0.2.0", "instance"}) || m.Imports[3].Name != "v" {
		t.Errorf("imports %+v", m.Imports)
	}
	if len(m.Exports) != 2 || m.Exports[1] != (Export{"m", "core module"}) {
		t.Errorf("exports %+v", m.Exports)
	}
	if m.Kind != Component || m.WASI() != "wasip2" || !m.IsCommand() || m.Name != "cmp" {
		t.Errorf("%+v", m)
	}
}

func TestWASI(t *testing.T) {
	for module, want := range map[string]string{
		"wasi_snapshot_preview1": "wasip1", "wasi_unstable": "wasip0", "env": "",
		"wasi:io/streams@0.2.0": "wasip2", "wasi:cli/run@0.3.0-rc": "wasip3", "wasix_32v1": "",
	} {
		m := Module{Imports: []Import{{Module: "env"}, {Module: module}}}
		if got := m.WASI(); got != want {
			t.Errorf("%s: got %q, want %q", module, got, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	big := strings.Repeat("x", maxCustomName+1)
	for _, tt := range []struct {
		name, in string
		is       error
		reason   string
	}{
		{"empty", "", ErrNotWasm, "magic"},
		{"text", "#!/bin/sh\n", ErrNotWasm, "magic"},
		{"ELF", "\x7fELF\x02\x01\x01", ErrNotWasm, "magic"},
		{"half a magic", "\x00as", ErrTruncated, "preamble"},
		{"half a preamble", "\x00asm\x01", ErrTruncated, "preamble"},
		{"version", "\x00asm\x02\x00\x00\x00", nil, "version 02 00 00 00"},
		{"section id", corePreamble + "\x0e\x00", nil, "section id 14"},
		{"section cut in its length", corePreamble + "\x0a\x80", ErrTruncated, "length of the code section"},
		{"section cut", corePreamble + "\x0a\x05\x00", ErrTruncated, "5 bytes are announced and 1 are there"},
		{"length too long", corePreamble + "\x0a\x80\x80\x80\x80\x80\x00", nil, "32 bits"},
		{"length too large", corePreamble + "\x0a\xff\xff\xff\xff\x1f", nil, "32 bits"},
		{"order", corePreamble + section(7, "\x00") + section(5, "\x00"), nil, "before the export section"},
		{"data count behind code", corePreamble + section(10, "\x00") + section(12, "\x00"), nil, "before the code"},
		{"twice", corePreamble + section(10, "") + section(10, ""), nil, "second section"},
		{"count", corePreamble + section(7, "\xff\xff\xff\xff\x0f"), nil, "do not fit"},
		{"trailing bytes", corePreamble + section(7, "\x00\x00"), nil, "1 bytes follow"},
		{"export kind", corePreamble + section(7, "\x01"+name("a")+"\x09\x00"), nil, "kind 0x09"},
		{"name beyond section", corePreamble + section(7, "\x01\x09a\x00\x00") + section(10, ""), nil, "end of an export's name"},
		{"not UTF-8", corePreamble + section(7, "\x01\x01\xff\x00\x00"), nil, "UTF-8"},
		{"limits", corePreamble + section(5, "\x01\x10\x00"), nil, "limits 0x10"},
		{"page size", corePreamble + section(5, "\x01\x08\x00\x40"), nil, "2^64"},
		{"custom name beyond section", corePreamble + section(0, "\x05a") + section(10, ""), nil, "custom section's name"},
		{"custom name too long", corePreamble + custom(big, ""), nil, "limit"},
		{"no custom name", corePreamble + "\x00\x00", nil, "custom section's name"},
		{"component bound", componentPreamble + section(10, "\x01\x00\x00\x03\x02"), nil, "bound 0x02"},
		{"component name form", componentPreamble + section(10, "\x01\x07\x00\x01\x00"), nil, "name form"},
		{"component export flag", componentPreamble + section(11, "\x01\x00\x00\x01\x00\x05"), nil, "described"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode([]byte(tt.in))
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatalf("got %v, want a FormatError", err)
			}
			if !errors.Is(errors.Unwrap(err), tt.is) || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("got %v", err)
			}
			if format.Offset < 0 || format.Offset > int64(len(tt.in)) {
				t.Errorf("offset %d of %d", format.Offset, len(tt.in))
			}
		})
	}
}

// forbidden fails the test when the bytes between from and to are read.
type forbidden struct {
	*bytes.Reader
	t        testing.TB
	from, to int64
}

func (f forbidden) ReadAt(p []byte, off int64) (int, error) {
	if off < f.to && off+int64(len(p)) > f.from {
		f.t.Errorf("bytes %d to %d were read", off, off+int64(len(p)))
	}
	return f.Reader.ReadAt(p, off)
}

func TestCodeStaysUnread(t *testing.T) {
	head := corePreamble + "\x0a" + uleb(1<<20)
	all := head + strings.Repeat("x", 1<<20) + custom("producers", "\x00")
	r := forbidden{bytes.NewReader([]byte(all)), t, int64(len(head)) + 8, int64(len(head)) + 1<<20}
	if _, err := Read(r, int64(len(all))); err != nil {
		t.Fatal(err)
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestReaderFails(t *testing.T) {
	var format *FormatError
	if _, err := Read(broken{}, 100); !errors.Is(err, io.ErrClosedPipe) || errors.As(err, &format) {
		t.Errorf("got %v", err)
	}
	// The file became shorter after its size was taken.
	if _, err := Read(bytes.NewReader([]byte(corePreamble)), 100); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v", err)
	}
}

func TestGoModule(t *testing.T) {
	m := read(t, goModule(t))
	if m.WASI() != "wasip1" || !m.IsCommand() || m.NamedFunctions < 1000 || len(m.Memories) != 1 {
		t.Errorf("WASI %q, command %v, %d names, memories %+v", m.WASI(), m.IsCommand(), m.NamedFunctions, m.Memories)
	}
	if len(m.Producers) == 0 || m.Producers[0] != (Producer{"language", "Go", m.Producers[0].Version}) {
		t.Errorf("producers %+v", m.Producers)
	}
}

func goModule(t testing.TB, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	src := "package main\n\nfunc main() { println(\"hello\") }\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	return build(t, dir, slices.Concat([]string{"go", "build", "-o", "out.wasm"}, flags, []string{"main.go"})...)
}

func TestClangModule(t *testing.T) {
	clang := findClang(t)
	dir := t.TempDir()
	src := "__attribute__((export_name(\"_initialize\"))) void init(void) {}\n"
	if err := os.WriteFile(filepath.Join(dir, "lib.c"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	m := read(t, build(t, dir, clang, "--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-o", "out.wasm", "lib.c"))
	if m.WASI() != "" || m.IsCommand() || !m.IsReactor() || len(m.Producers) == 0 {
		t.Errorf("%+v", m)
	}
}

// findClang finds clang under its name or, as distributions also have it,
// under that of one version. Its linker comes with the same set-up.
func findClang(t *testing.T) string {
	t.Helper()
	names := []string{"clang"}
	for version := 23; version >= 14; version-- {
		names = append(names, fmt.Sprintf("clang-%d", version))
	}
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("clang is not here, and CI must have it")
	}
	t.Skip("clang is not here")
	return ""
}

func build(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return filepath.Join(dir, "out.wasm")
}

func read(t testing.TB, name string) *Module {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(corePreamble + section(2, "\x01"+name("a")+name("b")+"\x02\x03\x01\x02") + section(7, "\x01"+name("_start")+"\x00\x00")))
	f.Add([]byte(corePreamble + custom("name", "\x00\x04\x03app\x01\x05\x02\x00\x00\x01\x00") + custom("producers", "\x01"+name("sdk")+"\x01"+name("x")+name("1"))))
	f.Add([]byte(componentPreamble + section(10, "\x01\x00"+name("wasi:cli/run@0.2.0")+"\x05\x00") + section(11, "\x01\x02\x00\x00\x01\x00\x00")))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		again, errAgain := Decode(b)
		first, _ := json.Marshal(m)
		second, _ := json.Marshal(again)
		if !bytes.Equal(first, second) || (err == nil) != (errAgain == nil) {
			t.Fatal("two readings differ")
		}
		if err != nil {
			var format *FormatError
			if !errors.As(err, &format) || format.Offset < 0 || format.Offset > int64(len(b)) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		end := int64(preambleSize)
		for _, s := range m.Sections {
			if s.Offset <= end || s.Size < 0 || s.Offset+s.Size > m.Size {
				t.Fatalf("section %+v after %d of %d", s, end, m.Size)
			}
			end = s.Offset + s.Size
		}
		if end != m.Size || m.NamedFunctions > len(b) || len(m.Imports)+len(m.Exports) > len(b) {
			t.Fatalf("impossible: %s", first)
		}
	})
}

// BenchmarkRead reads a module of 20 MB from a file.
func BenchmarkRead(b *testing.B) {
	file := filepath.Join(b.TempDir(), "big.wasm")
	module := corePreamble + section(2, uleb(50)+strings.Repeat(name("wasi_snapshot_preview1")+name("fd_write")+"\x00\x00", 50)) +
		section(7, "\x01"+name("_start")+"\x00\x00") + section(10, strings.Repeat("x", 15<<20)) +
		section(11, strings.Repeat("x", 5<<20)) + custom("name", "\x01"+uleb(1<<20)+uleb(100)+strings.Repeat("x", 1<<20-1))
	if err := os.WriteFile(file, []byte(module), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		read(b, file)
	}
}
