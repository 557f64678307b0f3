package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// enc builds modules for tests.
func enc(id byte, parts ...string) string {
	content := strings.Join(parts, "")
	return string(id) + string(binary.AppendUvarint(nil, uint64(len(content)))) + content
}

func vec(items ...string) string {
	return string(binary.AppendUvarint(nil, uint64(len(items)))) + strings.Join(items, "")
}

func str(s string) string { return string(binary.AppendUvarint(nil, uint64(len(s)))) + s }

// body is a function without locals of its own.
func body(code string) string { return str("\x00" + code + "\x0b") }

// pieces are the sections of a runtime that tests replace.
type pieces struct {
	imports, memory, globals, start, init, begin, count, data string
}

// tiny is a runtime of a page of memory: wpk_blob keeps the address at 16, wpk_init sets the word at 20 to 1, and
// _start writes the 8 bytes at that address, or at the end of the memory it was linked with, to stdout and exits with
// the word at 20.
func tiny() pieces {
	return pieces{
		imports: "",
		memory:  "\x01\x00\x01",
		globals: vec("\x7f\x01\x41\x80\x08\x0b", "\x7f\x00\x41\x07\x0b"),
		init:    "\x41\x14\x41\x01\x36\x02\x00",
		begin: "\x41\x10\x28\x02\x00\x45\x04\x40\x41\x10\x41\x80\x80\x04\x36\x02\x00\x0b" + // if the address is 0, it is 65536
			"\x41\x00\x41\x10\x28\x02\x00\x36\x02\x00" + "\x41\x04\x41\x08\x36\x02\x00" + // the vector: address, 8
			"\x41\x01\x41\x00\x41\x01\x41\x08\x10\x00\x1a" + // fd_write(1, 0, 1, 8)
			"\x41\x14\x28\x02\x00\x10\x01", // proc_exit
		data: vec("\x00\x41\xc0\x00\x0b"+str("data"), "\x02\x00\x41\xe0\x00\x0b"+str("more")),
	}
}

func (p pieces) bytes() []byte {
	s := preamble +
		enc(1, vec("\x60\x01\x7f\x00", "\x60\x00\x00", "\x60\x04\x7f\x7f\x7f\x7f\x01\x7f")) +
		enc(2, vec(append([]string{
			str("wasi_snapshot_preview1") + str("fd_write") + "\x00\x02",
			str("wasi_snapshot_preview1") + str("proc_exit") + "\x00\x00",
		}, list(p.imports)...)...)) +
		enc(3, "\x03\x00\x01\x01") +
		enc(idMemory, p.memory) +
		enc(idGlobal, p.globals) +
		enc(idExport, vec(str("memory")+"\x02\x00", str("wpk_blob")+"\x00\x02", str("wpk_init")+"\x00\x03", str("_start")+"\x00\x04"))
	if p.start != "" {
		s += enc(idStart, p.start)
	}
	if p.count != "" {
		s += enc(idDataCount, p.count)
	}
	s += enc(10, vec(body("\x41\x10\x20\x00\x36\x02\x00"), body(p.init), body(p.begin)))
	if p.data != "" {
		s += enc(idData, p.data)
	}
	return []byte(s + enc(0, str("name"), "\x00\x02\x01x") + enc(0, str("producers"), "\x00"))
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// execute runs a finished module and returns what it wrote and its exit code.
func execute(t *testing.T, module []byte) (string, uint32) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out bytes.Buffer
	_, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStdout(&out))
	var exit *sys.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return out.String(), 0
	}
	return out.String(), exit.ExitCode()
}

// compiles says whether an engine takes a module.
func compiles(module []byte) bool {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, module)
	return err == nil
}
