// Package bundle makes one self-contained WebAssembly module out of an interpreter and a program.
//
// The interpreter is the runtime of a runtime pack: linked once, the same for every program. The program is a blob of
// named entries. [Attach] puts the blob behind the runtime's memory, where the runtime finds it when it starts.
// [Snapshot] goes a step further: it runs the runtime's own start-up here and keeps the memory that it left, so that
// the module begins where the start-up ended. [Run] uses a runtime as a tool while building, to compile sources to
// bytecode for example.
//
// Everything is pure Go, needs no compiler, and gives the same bytes for the same input on any machine.
//
// # What a runtime exports
//
//   - wpk_blob(ptr i32): the blob's address, called before anything else; a runtime that was not told looks at the end
//     of the memory that it was linked with, where Attach puts the blob
//   - wpk_init(): starts the interpreter up as far as nothing depends on arguments, environment, files or time
//   - _start(): the program; after wpk_init it goes on from there, without it does the start-up itself first
//
// It has one memory of its own, and the stack pointer is its only mutable global: a snapshot keeps memory alone.
package bundle

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// The flags of an [Entry]. Higher bits belong to the runtime.
const (
	FlagFrozen   = 1 << 0 // Python: a module's marshalled code, importable before anything else
	FlagPackage  = 1 << 1 // Python: the module is a package
	FlagBytecode = 1 << 2 // Data is what the runtime compiled from a source
)

// Entry is a named piece of a program: a source file, a module's bytecode, a resource.
type Entry struct {
	Name  string // slash-separated where it is a path; without NUL
	Data  []byte
	Flags uint32
}

// The format: the magic, then little-endian 32-bit words: the blob's size and the number of entries; then for each
// entry the offsets of its name and data from the blob's beginning, the data's size and the flags.
const (
	magic     = "WPKBLOB1"
	headSize  = len(magic) + 2*4
	entrySize = 4 * 4
	dataAlign = 16 // for runtimes that use the data where it lies
)

// maxBlob bounds a blob: a quarter of what a 32-bit memory can hold.
const maxBlob = 1 << 30

// Blob encodes entries, sorted by their names' bytes. Names are unique. Names and data are followed by a NUL which
// does not count, so that C code can use both where they lie. The error is a [*BlobError].
func Blob(entries []Entry) ([]byte, error) {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	size, err := check(sorted)
	if err != nil {
		return nil, err
	}

	b := make([]byte, size)
	copy(b, magic)
	put(b[len(magic):], size)
	put(b[len(magic)+4:], len(sorted))
	name := headSize + len(sorted)*entrySize
	data := align(name + namesSize(sorted))
	for i, e := range sorted {
		words := b[headSize+i*entrySize:]
		put(words, name)
		put(words[4:], data)
		put(words[8:], len(e.Data))
		binary.LittleEndian.PutUint32(words[12:], e.Flags)
		name += copy(b[name:], e.Name) + 1
		data = align(data + copy(b[data:], e.Data) + 1)
	}
	return b, nil
}

// check refuses what the format cannot hold and returns the blob's size.
func check(sorted []Entry) (int, error) {
	size := uint64(align(headSize + len(sorted)*entrySize + namesSize(sorted))) //nolint:gosec // a sum of lengths
	for i, e := range sorted {
		if strings.ContainsRune(e.Name, 0) {
			return 0, &BlobError{Name: e.Name, Err: ErrName}
		}
		if i > 0 && sorted[i-1].Name == e.Name {
			return 0, &BlobError{Name: e.Name, Err: ErrDuplicate}
		}
		size += uint64(align(len(e.Data) + 1)) //nolint:gosec // a length
		if size > maxBlob {
			return 0, &BlobError{Name: e.Name, Err: fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, maxBlob)}
		}
	}
	return int(size), nil //nolint:gosec // at most maxBlob
}

func namesSize(entries []Entry) int {
	n := 0
	for _, e := range entries {
		n += len(e.Name) + 1
	}
	return n
}

func align(n int) int { return (n + dataAlign - 1) &^ (dataAlign - 1) }

// put writes a length or an offset within a blob, which check has bounded.
func put(b []byte, n int) { binary.LittleEndian.PutUint32(b, uint32(n)) } //nolint:gosec // at most maxBlob
