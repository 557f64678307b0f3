package relink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/wasm"
)

const host = "wasi_snapshot_preview1"

// calls are options whose start function calls functions without parameters.
func calls(names ...string) Options {
	return Options{
		Host: host, Exports: []string{"memory"},
		Add: []Import{{Name: "fd_write", Params: []byte("\x7f\x7f\x7f\x7f"), Results: []byte("\x7f")}, {Name: "sched_yield", Results: []byte("\x7f")}},
		Start: func(function func(string) uint32) []byte {
			code := []byte{0}
			for _, name := range names {
				code = binary.AppendUvarint(append(code, 0x10), uint64(function(name)))
				if name == "sched_yield" {
					code = append(code, 0x1a)
				}
			}
			return append(code, 0x0b)
		},
	}
}

// start runs a module in an engine.
func start(module []byte) error {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	_, err := r.Instantiate(ctx, module)
	return err
}

func TestRelink(t *testing.T) {
	for names, trap := range map[string]bool{"_initialize": false, "sched_yield wasi_vfs_pack_fs": false, "sched_yield traps": true} {
		module, err := Relink(wpktest.RubyModule(), calls(strings.Fields(names)...))
		if err != nil {
			t.Fatal(err)
		}
		if err := start(module); trap != (err != nil && strings.Contains(err.Error(), "unreachable")) || (err != nil && !trap) {
			t.Errorf("%s: got %v", names, err)
		}
		info, err := wasm.Decode(module)
		if err != nil || len(info.Exports) != 2 || bytes.Contains(module, []byte("gone")) {
			t.Errorf("exports %+v, %v", info, err)
		}
	}
}

func TestRefused(t *testing.T) {
	if _, err := Relink(wpktest.RubyModule(), calls("nowhere")); !errors.Is(err, ErrShape) {
		t.Errorf("a missing function: %v", err)
	}
	if _, err := Relink([]byte("no module"), calls()); !errors.Is(err, wasm.ErrNotWasm) {
		t.Errorf("got %v", err)
	}
	drop := bytes.Replace(wpktest.RubyModule(), []byte("\x41\x3c\x41\x01\x36\x02\x00\x0b"), []byte("\xfc\x09\x00\x01\x01\x01\x01\x0b"), 1)
	if _, err := Relink(drop, calls()); !errors.Is(err, ErrShape) {
		t.Errorf("code that asks for data: %v", err)
	}
}

// Every instruction that has something behind its code, and one that is a call.
func TestInstructions(t *testing.T) {
	for code, want := range map[string]string{
		"\x02\x40\x10\x05\x0b":                 "\x02\x40\x10\x0f\x0b",
		"\x0e\x02\x00\x01\x02\x10\x05":         "\x0e\x02\x00\x01\x02\x10\x0f",
		"\x11\x10\x00\x10\x05":                 "\x11\x10\x00\x10\x0f",
		"\x1c\x01\x7f\x12\x05":                 "\x1c\x01\x7f\x12\x0f",
		"\x28\x02\x90\x05\xd2\x05":             "\x28\x02\x90\x05\xd2\x0f",
		"\x41\x90\x05\x42\x90\x90\x05\x10\x05": "\x41\x90\x05\x42\x90\x90\x05\x10\x0f",
		"\x43\x10\x05\x10\x05\x44\x10\x05\x10\x05\x10\x05\x10\x05\x10\x05": "\x43\x10\x05\x10\x05\x44\x10\x05\x10\x05\x10\x05\x10\x05\x10\x0f",
		"\xfc\x0a\x00\x00\xfc\x0b\x00\x10\x05":                             "\xfc\x0a\x00\x00\xfc\x0b\x00\x10\x0f",
		"\xfd\x0c" + strings.Repeat("\x10\x05", 8) + "\x10\x05":            "\xfd\x0c" + strings.Repeat("\x10\x05", 8) + "\x10\x0f",
		"\xfd\x54\x00\x10\x05\xfd\x15\x10\x10\x05":                         "\xfd\x54\x00\x10\x05\xfd\x15\x10\x10\x0f",
		"\x10\x00\x10\x01": "\x10\x80\x04\x10\x07",
		"\xfe\x00\x00":     "",
		"\x06\x40":         "",
		"\x10\x7f":         "",
	} {
		l := &linker{numbers: []uint32{512, 7}, first: 12}
		l.old.imported, l.old.defined = 2, 10
		got, err := l.function(nil, &wasmbin.Reader{B: []byte("\x01\x02\x7f" + code)})
		if want == "" && errors.Is(err, ErrShape) {
			continue
		}
		if err != nil || string(got) != "\x01\x02\x7f"+want {
			t.Errorf("% x: got % x, %v", code, got, err)
		}
	}
}

// Whatever the module is, nothing panics, and an engine that takes it takes what is made of it.
func FuzzRelink(f *testing.F) {
	f.Add(wpktest.RubyModule())
	f.Fuzz(func(t *testing.T, module []byte) {
		relinked, err := Relink(module, calls("sched_yield"))
		if err != nil {
			return
		}
		if _, err := wasm.Decode(relinked); err != nil {
			t.Fatalf("malformed: %v", err)
		}
		if compiles(module) && !compiles(relinked) {
			t.Error("the engine takes the module and not what was made of it")
		}
	})
}

// compiles says whether an engine takes a module.
func compiles(module []byte) bool {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, module)
	return err == nil
}
