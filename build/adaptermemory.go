package build

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/wasm"
)

// The adapter lives in the memory of the module that it adapts, and needs 128 KiB of it: a page for what it remembers
// and a page for its stack. It asks the module's export cabi_realloc for both; without one it lets the memory grow, and
// so takes addresses for its own that the memory's owner believes to be free: Go's runtime and the C library of before
// 2023 count on nobody else growing it. So wpk gives every module the export:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
const reallocExport = "cabi_realloc"

// mallocExport is the C library's, which the linker is told to export for this.
const mallocExport = "malloc"

// arenaSize is the room in a module without malloc: what the adapter needs, and half of that again.
const arenaSize = 192 << 10

// arenaMagic begins the room in a module's data.
const arenaMagic = "wpk: the WASI preview 1 adapter lives here\x00"

// The sections of a core module that change: https://webassembly.github.io/spec/core/binary/modules.html
const (
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionGlobal   = 6
	sectionExport   = 7
	sectionCode     = 10
	sectionData     = 11
)

// needAdapter makes the linkers of C and Rust export malloc, when a component may be made of what they link.
func needAdapter(o *Options) {
	if o.Target == TargetWASIP2 {
		o.C.LDFlags = append(slices.Clone(o.C.LDFlags), "-Wl,--export="+mallocExport)
		o.Rust.LDFlags = append(slices.Clone(o.Rust.LDFlags), "--export="+mallocExport)
	}
}

// withRealloc returns a module with cabi_realloc: on top of malloc, or in the room that its data has for it. A module
// with neither, and one that has the export already, stays as it is.
func withRealloc(module []byte, info *wasm.Module) ([]byte, error) {
	exports := func(name string) bool {
		return slices.ContainsFunc(info.Exports, func(e wasm.Export) bool { return e.Kind == "func" && e.Name == name })
	}
	if exports(reallocExport) {
		return module, nil
	}
	e := &editor{module: module, info: info}
	switch arena := bytes.Index(module, []byte(arenaMagic)); {
	case exports(mallocExport):
		return e.addRealloc(func() ([]byte, []byte) { return nil, callMalloc(e.unwrapped(e.exported(mallocExport))) })
	case arena >= 0:
		return e.addRealloc(func() ([]byte, []byte) {
			start := e.address(int64(arena))
			return arenaGlobal(start), takeFromArena(e.globals(), start+arenaSize)
		})
	}
	return module, nil
}

// The instructions of the two bodies: https://webassembly.github.io/spec/core/binary/instructions.html
const (
	opUnreachable, opIf, opEnd, opCall = 0x00, 0x04, 0x0b, 0x10
	opLocalGet, opLocalTee             = 0x20, 0x22
	opGlobalGet, opGlobalSet           = 0x23, 0x24
	opI32Const, opI32Eqz, opI32GtU     = 0x41, 0x45, 0x4b
	opI32Add, opI32Sub, opI32And       = 0x6a, 0x6b, 0x71
	typeI32, blockEmpty                = 0x7f, 0x40
)

// callMalloc is the body that asks malloc. The parameters are the old address, its size, the alignment, and the new
// size. The adapter only ever asks for new memory, of alignments that malloc has.
func callMalloc(malloc uint32) []byte {
	b := []byte{1, 1, typeI32, opLocalGet, 3, opCall} // one local: the result
	b = binary.AppendUvarint(b, uint64(malloc))
	return append(b, opLocalTee, 4, opI32Eqz, opIf, blockEmpty, opUnreachable, opEnd, opLocalGet, 4, opEnd)
}

// arenaGlobal is the variable that holds the first free address.
func arenaGlobal(start uint32) []byte {
	return wasmbin.AppendAddress([]byte{typeI32, 1}, start)
}

// takeFromArena is the body that takes the next free addresses: those from next on, aligned upwards.
func takeFromArena(next, end uint32) []byte {
	global := func(b []byte, op byte) []byte { return binary.AppendUvarint(append(b, op), uint64(next)) }
	b := []byte{1, 1, typeI32, opLocalGet, 2}
	b = append(global(b, opGlobalGet), opI32Add, opI32Const, 1, opI32Sub)                    // next + align - 1
	b = append(b, opI32Const, 0, opLocalGet, 2, opI32Sub, opI32And, opLocalTee, 4)           // & -align
	b = global(append(b, opLocalGet, 3, opI32Add), opGlobalSet)                              // next = result + size
	b = append(wasmbin.AppendI32(append(global(b, opGlobalGet), opI32Const), end), opI32GtU) // next > end?
	return append(b, opIf, blockEmpty, opUnreachable, opEnd, opLocalGet, 4, opEnd)
}

// An editor adds one function to a module. What it finds malformed shows in err.
type editor struct {
	module []byte
	info   *wasm.Module
	err    error
}

var errMalformed = errors.New("malformed module")

// addRealloc adds the export. parts returns a global, if one is needed, and the body.
func (e *editor) addRealloc(parts func() (global, body []byte)) ([]byte, error) {
	types, _ := e.count(sectionType)
	functions, _ := e.count(sectionFunction)
	global, body := parts()
	index := uint64(e.imported("func")) + functions
	export := append(wasmbin.AppendName(nil, reallocExport), 0)
	additions := map[byte][]byte{
		sectionType:     {0x60, 4, typeI32, typeI32, typeI32, typeI32, 1, typeI32},
		sectionFunction: binary.AppendUvarint(nil, types),
		sectionGlobal:   global,
		sectionExport:   binary.AppendUvarint(export, index),
		sectionCode:     append(binary.AppendUvarint(nil, uint64(len(body))), body...),
	}
	out := slices.Clone(e.module[:8])
	for _, s := range e.info.Sections {
		if content := additions[s.ID]; content != nil {
			n, rest := e.count(s.ID)
			content = slices.Concat(binary.AppendUvarint(nil, n+1), rest, content)
			out = wasmbin.AppendSection(out, s.ID, content)
			delete(additions, s.ID)
			continue
		}
		out = wasmbin.AppendSection(out, s.ID, e.content(s))
	}
	if additions[sectionGlobal] == nil {
		delete(additions, sectionGlobal)
	}
	if len(additions) > 0 { // a module that exports functions has all of these sections; Go's has globals, too
		e.err = errMalformed
	}
	return out, e.err
}

func (e *editor) content(s wasm.Section) []byte { return e.module[s.Offset : s.Offset+s.Size] }

// section returns the content of the first section of a kind.
func (e *editor) section(id byte) []byte {
	for _, s := range e.info.Sections {
		if s.ID == id {
			return e.content(s)
		}
	}
	return nil
}

// count returns how many entries a section has, and the bytes of all of them.
func (e *editor) count(id byte) (uint64, []byte) {
	b := e.section(id)
	if b == nil {
		return 0, nil
	}
	r := wasmbin.Reader{B: b}
	n := r.U32()
	if r.Bad {
		e.err = errMalformed
	}
	return n, r.B
}

func (e *editor) imported(kind string) uint32 {
	var n uint32
	for _, i := range e.info.Imports {
		if i.Kind == kind {
			n++
		}
	}
	return n
}

// globals is the index that the next global gets.
func (e *editor) globals() uint32 {
	n, _ := e.count(sectionGlobal)
	return e.imported("global") + uint32(n) //nolint:gosec // a section has fewer bytes
}

// exported returns the index of an exported function.
func (e *editor) exported(name string) uint32 {
	n, rest := e.count(sectionExport)
	r := wasmbin.Reader{B: rest}
	for ; n > 0 && !r.Bad; n-- {
		found, kind, index := r.Name(), r.Byte(), r.U32()
		if found == name && kind == 0 && !r.Bad {
			return uint32(index) //nolint:gosec // it has 32 bits
		}
	}
	e.err = errMalformed
	return 0
}

// unwrapped returns the function that a command's export is about. Where the C library's start function does not call
// the constructors itself, as before 2023, the linker makes each export a command of its own, that runs the constructors
// before the function and the destructors after it (wasm-ld: createCommandExportWrapper). The adapter allocates while
// the program runs, so it must have the bare function. Any other body is no wrapper.
func (e *editor) unwrapped(function uint32) uint32 {
	imported := e.imported("func")
	if e.err != nil || function < imported {
		return function
	}
	n, rest := e.count(sectionCode)
	bodies := wasmbin.Reader{B: rest}
	var r wasmbin.Reader
	for i := uint64(0); i <= uint64(function-imported) && i < n; i++ {
		r.B = bodies.Take(bodies.U32())
	}
	is := func(code ...byte) bool { return bytes.Equal(r.Take(uint64(len(code))), code) }
	call := func() (uint64, bool) { ok := is(opCall); return r.U32(), ok }
	locals := is(0)
	_, constructors := call()
	param := is(opLocalGet, 0)
	inner, calls := call()
	_, destructors := call()
	if locals && constructors && param && calls && destructors && is(opEnd) && r.Ended() {
		return uint32(inner) //nolint:gosec // it has 32 bits
	}
	return function
}

// address returns where in memory a byte of the file lies once the module is there.
func (e *editor) address(offset int64) uint32 {
	for _, s := range e.info.Sections {
		if s.ID != sectionData || offset < s.Offset || offset >= s.Offset+s.Size {
			continue
		}
		r := wasmbin.Reader{B: e.content(s)}
		for n := r.U32(); n > 0 && !r.Bad; n-- {
			if flag := r.U32(); flag != 0 { // anything else is not for the one memory, or not put there at the start
				break
			}
			start, size := r.Address(), r.U32()
			begin := s.Offset + s.Size - int64(len(r.B))
			r.Take(size)
			if !r.Bad && offset >= begin && offset < begin+int64(size) { //nolint:gosec // it has 32 bits
				return start + uint32(offset-begin) //nolint:gosec // within the segment
			}
		}
	}
	e.err = errMalformed
	return 0
}
