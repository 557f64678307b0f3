package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/wasm"
)

func TestBlob(t *testing.T) {
	b, err := Blob([]Entry{
		{Name: "b/ü.js", Data: []byte("0123456789abcdef"), Flags: FlagBytecode},
		{Name: "a", Data: nil},
		{Name: "b", Data: []byte("x"), Flags: FlagFrozen | FlagPackage},
	})
	if err != nil {
		t.Fatal(err)
	}
	u := func(at uint32) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	if string(b[:8]) != magic || u(8) != uint32(len(b)) || u(12) != 3 {
		t.Fatalf("head % x of %d bytes", b[:16], len(b))
	}
	want := []Entry{{"a", nil, 0}, {"b", []byte("x"), 3}, {"b/ü.js", []byte("0123456789abcdef"), 4}}
	for i, w := range want {
		at := uint32(16 + 16*i)
		name, data, size, flags := u(at), u(at+4), u(at+8), u(at+12)
		got := string(b[name : int(name)+bytes.IndexByte(b[name:], 0)])
		if got != w.Name || !bytes.Equal(b[data:data+size], w.Data) || flags != w.Flags {
			t.Errorf("entry %d is %q %q %d", i, got, b[data:data+size], flags)
		}
		if data%16 != 0 || b[data+size] != 0 {
			t.Errorf("entry %d: data at %d, followed by %d", i, data, b[data+size])
		}
	}
	empty, err := Blob(nil)
	if err != nil || len(empty) != 16 {
		t.Errorf("the empty blob is % x, %v", empty, err)
	}
}

func TestBlobErrors(t *testing.T) {
	if _, err := Blob([]Entry{{Name: "a"}, {Name: "b"}, {Name: "a"}}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("got %v", err)
	}
	if _, err := Blob([]Entry{{Name: "a\x00b"}}); !errors.Is(err, ErrName) {
		t.Errorf("got %v", err)
	}
}

func TestAttach(t *testing.T) {
	blob := []byte("WPKBLOB1" + strings.Repeat("x", pageSize-8)) // with the tail, two pages
	for name, p := range map[string]func(*pieces){
		"plain":      func(*pieces) {},
		"data count": func(p *pieces) { p.count = "\x02" },
		"maximum":    func(p *pieces) { p.memory = "\x01\x01\x01\x03" },
		"no data":    func(p *pieces) { p.data = "" },
	} {
		t.Run(name, func(t *testing.T) {
			runtime := tiny()
			p(&runtime)
			module, err := Attach(runtime.bytes(), blob)
			if err != nil {
				t.Fatal(err)
			}
			if out, code := execute(t, module); out != "WPKBLOB1" || code != 0 {
				t.Errorf("wrote %q, exit code %d", out, code)
			}
			info, err := wasm.Decode(module)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Memories[0]; got.Min != 3 || got.HasMax != (name == "maximum") {
				t.Errorf("memory %+v", got)
			}
			for _, s := range info.Sections {
				if s.ID == idDataCount || s.Custom == "name" {
					t.Errorf("section %s %s was kept", s.Name, s.Custom)
				}
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	runtime, blob := tiny().bytes(), []byte("WPKBLOB1 and so on")
	var first []byte
	for range 2 {
		module, err := Snapshot(t.Context(), SnapshotOptions{Runtime: runtime, Blob: blob, Cache: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = module
		}
		if !bytes.Equal(module, first) {
			t.Error("a second snapshot differs")
		}
	}
	if out, code := execute(t, first); out != "WPKBLOB1" || code != 1 {
		t.Errorf("wrote %q, exit code %d: want what wpk_init left", out, code)
	}
	if info, err := wasm.Decode(first); err != nil || len(info.Exports) != 4 || info.Memories[0].Min != 2 {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestRun(t *testing.T) {
	p := tiny()
	var out bytes.Buffer
	if err := Run(t.Context(), RunOptions{Runtime: p.bytes(), Blob: []byte("WPKBLOB1"), Stdout: &out}); err != nil || out.String() != "WPKBLOB1" {
		t.Errorf("wrote %q, %v", out.String(), err)
	}
	p.begin = "\x41\x05\x10\x01"
	var exit *ExitError
	if err := Run(t.Context(), RunOptions{Runtime: p.bytes()}); !errors.As(err, &exit) || exit.Code != 5 {
		t.Errorf("got %v, want exit code 5", err)
	}
	p.begin = "\x03\x40\x0c\x00\x0b" // for ever
	start := time.Now()
	err := Run(t.Context(), RunOptions{Runtime: p.bytes(), Limits: Limits{Time: 50 * time.Millisecond}})
	if !errors.Is(err, ErrTime) || time.Since(start) > 20*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Run(ctx, RunOptions{Runtime: p.bytes()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	p.begin = "\x00" // unreachable
	if err := Run(t.Context(), RunOptions{Runtime: p.bytes()}); err == nil {
		t.Error("a trap is no error")
	}
}

func TestRefused(t *testing.T) {
	env := str("env")
	for name, change := range map[string]func(*pieces){
		"imported memory":  func(p *pieces) { p.imports = env + str("m") + "\x02\x00\x01" },
		"imported global":  func(p *pieces) { p.imports = env + str("g") + "\x03\x7f\x01" },
		"imported table":   func(p *pieces) { p.imports = env + str("t") + "\x01\x70\x00\x01" },
		"shared memory":    func(p *pieces) { p.memory = "\x01\x03\x01\x02" },
		"64-bit memory":    func(p *pieces) { p.memory = "\x01\x04\x01" },
		"no memory":        func(p *pieces) { p.memory = "\x00" },
		"two memories":     func(p *pieces) { p.memory = "\x02\x00\x01\x00\x01" },
		"full memory":      func(p *pieces) { p.memory = "\x01\x01\x01\x01" },
		"passive data":     func(p *pieces) { p.data = vec("\x01" + str("data")) },
		"malformed data":   func(p *pieces) { p.data = "\x05" },
		"start function":   func(p *pieces) { p.start = "\x03" },
		"mutable globals":  func(p *pieces) { p.globals = vec("\x7f\x01\x41\x00\x0b", "\x7f\x01\x41\x00\x0b") },
		"no stack pointer": func(p *pieces) { p.globals = "\x00" },
		"odd stack":        func(p *pieces) { p.globals = vec("\x7e\x01\x42\x00\x0b") },
		"moved stack":      func(p *pieces) { p.init = "\x41\x00\x24\x00" },
		"exit":             func(p *pieces) { p.init = "\x41\x00\x10\x01" },
	} {
		t.Run(name, func(t *testing.T) {
			p := tiny()
			change(&p)
			_, err := Snapshot(t.Context(), SnapshotOptions{Runtime: p.bytes(), Blob: []byte(magic)})
			var refused *RuntimeError
			if !errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Attach([]byte("no module"), nil); !errors.Is(err, wasm.ErrNotWasm) {
		t.Errorf("got %v", err)
	}
	_, err := Snapshot(t.Context(), SnapshotOptions{Runtime: tiny().bytes(), Blob: make([]byte, 3*pageSize), Limits: Limits{Memory: 2 * pageSize}})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestDump(t *testing.T) {
	image := make([]byte, 40*pageSize)
	for i := 0; i < len(image); i += 16 { // a word of zeros between any two
		image[i] = 1
	}
	image[pageSize-1] = 7
	data := dump(image)
	if n := (&wasmbin.Reader{B: data}).U32(); n != 1 {
		t.Errorf("%d segments", n)
	}
	sparse := make([]byte, 8<<20)
	for i := 5; i < len(sparse); i += 256 {
		sparse[i] = byte(i>>8) | 1
	}
	data = dump(sparse)
	r := &wasmbin.Reader{B: data}
	if n := r.U32(); n > maxSegments {
		t.Errorf("%d segments", n)
	}
	if !bytes.Equal(undump(t, data, len(sparse)), sparse) {
		t.Error("the segments are not the memory")
	}
}

// undump does what an engine does with a data section.
func undump(t *testing.T, data []byte, size int) []byte {
	t.Helper()
	image := make([]byte, size)
	r := &wasmbin.Reader{B: data}
	for n := r.U32(); n > 0; n-- {
		if r.Take(2); r.Bad {
			t.Fatal("malformed")
		}
		var at, shift uint32
		for {
			c := r.Byte()
			at |= uint32(c&0x7f) << shift
			if shift += 7; c < 0x80 {
				break
			}
		}
		r.Take(1)
		content := r.Take(r.U32())
		if r.Bad {
			t.Fatal("malformed")
		}
		copy(image[at:], content)
	}
	return image
}

// Whatever the runtime is, nothing panics, what comes out is well-formed, and an engine that takes the runtime takes
// the module. Code that uses active segments as passive ones would be the exception: no compiler emits that.
func FuzzAttach(f *testing.F) {
	f.Add(tiny().bytes())
	for _, change := range []func(*pieces){
		func(p *pieces) { p.data = "" },
		func(p *pieces) { p.memory = "\x01\x01\x01\x03" },
		func(p *pieces) { p.data = vec("\x01" + str("data")) },
	} {
		p := tiny()
		change(&p)
		f.Add(p.bytes())
	}
	f.Fuzz(func(t *testing.T, runtime []byte) {
		blob := []byte("WPKBLOB1")
		module, err := Attach(runtime, blob)
		if err != nil {
			return
		}
		info, err := wasm.Decode(module)
		if err != nil {
			t.Fatalf("malformed: %v", err)
		}
		if len(info.Memories) != 1 {
			t.Fatalf("memories %+v", info.Memories)
		}
		if !bytes.Contains(runtime, []byte("\xfc")) && compiles(runtime) && !compiles(module) {
			t.Error("the engine takes the runtime and not the module")
		}
		m, err := readModule(runtime)
		if err != nil {
			t.Fatal(err)
		}
		if watched, err := m.withStackPointer(); err == nil {
			if _, err := wasm.Decode(watched); err != nil {
				t.Errorf("malformed with its stack pointer exported: %v", err)
			}
		}
	})
}
