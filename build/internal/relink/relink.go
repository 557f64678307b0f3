// Package relink takes a WebAssembly module away from the host that it was linked for: imports that only that host has
// become functions that trap, and the module gets a start function of its own.
//
// Imported functions have the first numbers of all, so every function gets another number when some of them go. The
// package therefore rewrites whatever names a function: the code, the tables, the exports. It needs no compiler, and
// the same input gives the same bytes.
package relink

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/wasm"
)

// The sections: https://webassembly.github.io/spec/core/binary/modules.html#sections
const (
	idCustom    = 0
	idType      = 1
	idImport    = 2
	idFunction  = 3
	idGlobal    = 6
	idExport    = 7
	idStart     = 8
	idElement   = 9
	idDataCount = 12
	idCode      = 10
	idData      = 11
)

// kindFunction and kindGlobal are the kinds of imports and exports.
const (
	kindFunction = 0
	kindGlobal   = 3
)

// ErrShape tells of a valid module, yet not one that this package can relink.
var ErrShape = errors.New("not a module that can be linked anew")

// An Import is a function of the host that the start function calls and the module may lack.
type Import struct {
	Name    string
	Params  []byte // the codes of its parameters' types
	Results []byte // the codes of its results' types
}

// Options say how to relink.
type Options struct {
	Host    string   // the module whose imports stay; all others trap
	Add     []Import // functions of Host that Start calls, whether the module imports them or not
	Exports []string // what stays exported, where it is; everything else goes
	// Start returns the body of the start function: its locals and code, without its size. function tells the number
	// of an exported function, or of an import in Add.
	Start func(function func(name string) uint32) []byte
}

// startExport is what makes a module a command:
// https://github.com/WebAssembly/WASI/blob/main/legacy/application-abi.md
const startExport = "_start"

// Relink returns the module linked anew, as a command. Data that its code never asks for and everything that names
// functions for debuggers goes. The error is a [*wasm.FormatError] or wraps ErrShape.
func Relink(module []byte, o Options) ([]byte, error) {
	info, err := wasm.Decode(module)
	if err != nil {
		return nil, err
	}
	l := &linker{Options: o, module: module, info: info, names: map[string]uint32{}}
	if err := l.read(); err != nil {
		return nil, err
	}
	return l.write()
}

// A linker has the parts of a module that change.
type linker struct {
	Options
	module  []byte
	info    *wasm.Module
	names   map[string]uint32 // the functions' new numbers, by export and by import
	numbers []uint32          // of the imported functions: from old to new
	traps   [][]byte          // the types, as indices, of imports that trap
	imports [][]byte          // those that stay, and the new ones
	types   [][]byte          // new ones
	old     struct{ types, imported, defined uint64 }
	first   uint64 // the new number of the first function that the module defines
}

func shape(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrShape, fmt.Sprintf(format, args...))
}

// body is the content of a section; nil when there is none.
func (l *linker) body(id byte) []byte {
	for _, s := range l.info.Sections {
		if s.ID == id {
			return l.module[s.Offset : s.Offset+s.Size]
		}
	}
	return nil
}

// read finds the new number of every function.
func (l *linker) read() error {
	if l.info.Kind != wasm.Core {
		return shape("it is a component")
	}
	types, functions := &wasmbin.Reader{B: l.body(idType)}, &wasmbin.Reader{B: l.body(idFunction)}
	l.old.types, l.old.defined = types.U32(), functions.U32()
	if types.Bad || functions.Bad {
		return shape("it defines no functions")
	}
	if err := l.readImports(); err != nil {
		return err
	}
	r := &wasmbin.Reader{B: l.body(idExport)}
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		name, kind, index := r.Name(), r.Byte(), r.U32()
		if kind == kindFunction && !r.Bad {
			l.names[name] = l.number(index)
		}
	}
	if r.Bad {
		return shape("malformed exports")
	}
	return nil
}

// readImports sorts the imports into those that stay and those that trap.
func (l *linker) readImports() error {
	r := &wasmbin.Reader{B: l.body(idImport)}
	var trapping []int // indices of numbers
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		from := r.B
		module, name, kind := r.Name(), r.Name(), r.Byte()
		start := r.B
		if r.Bad {
			break
		}
		if kind != kindFunction {
			return shape("it imports %q, which is no function", name)
		}
		r.U32()
		l.old.imported++
		if module != l.Host {
			trapping = append(trapping, len(l.numbers))
			l.traps = append(l.traps, start[:len(start)-len(r.B)])
			l.numbers = append(l.numbers, 0)
			continue
		}
		l.keep(name, from[:len(from)-len(r.B)])
	}
	if r.Bad {
		return shape("malformed imports")
	}
	for _, i := range l.Add {
		if _, has := l.names[i.Name]; has {
			continue
		}
		entry := append(wasmbin.AppendName(wasmbin.AppendName(nil, l.Host), i.Name), kindFunction)
		l.names[i.Name] = uint32(len(l.imports)) //nolint:gosec // a section has fewer bytes
		l.imports = append(l.imports, binary.AppendUvarint(entry, l.addType(i.Params, i.Results)))
	}
	l.first = uint64(len(l.imports))
	for i, at := range trapping {
		l.numbers[at] = uint32(l.first + l.old.defined + uint64(i)) //nolint:gosec // likewise
	}
	return nil
}

// keep keeps an imported function.
func (l *linker) keep(name string, entry []byte) {
	index := uint32(len(l.imports)) //nolint:gosec // a section has fewer bytes
	l.numbers = append(l.numbers, index)
	l.imports = append(l.imports, entry)
	if slices.ContainsFunc(l.Add, func(i Import) bool { return i.Name == name }) {
		l.names[name] = index
	}
}

// addType adds a function's type and returns its index.
func (l *linker) addType(params, results []byte) uint64 {
	t := append(binary.AppendUvarint([]byte{0x60}, uint64(len(params))), params...)
	l.types = append(l.types, append(binary.AppendUvarint(t, uint64(len(results))), results...))
	return l.old.types + uint64(len(l.types)) - 1
}

// number is a function's new number.
func (l *linker) number(old uint64) uint32 {
	if old < l.old.imported {
		return l.numbers[old]
	}
	return uint32(old - l.old.imported + l.first) //nolint:gosec // both below 2^32, and the sum has been a number before
}
