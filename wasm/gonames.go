package wasm

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Go's linker leaves the name section out of modules without a symbol table
// (-ldflags=-s). The names are in the data all the same: the runtime prints
// them in stack traces.
// https://github.com/golang/go/blob/go1.26.0/src/runtime/symtab.go (pcHeader)
const (
	goTableMagic   = "\xf1\xff\xff\xff\x00\x00\x01\x08" // since Go 1.20; instructions of 1 byte, pointers of 8
	goTableHeader  = 72
	goEntryPrefix  = "_rt0_wasm_" // what a Go module's _start and _initialize are called
	maxGoTables    = 16           // places that look like the table's begin
	maxGoName      = 4 << 10
	maxSparseBytes = 16 << 20
)

// goNames gives the functions of a Go module the names of its runtime's table.
// Those of a module that was changed after linking, whose functions have moved,
// get none.
func (m *Module) goNames(b []byte, all []Function, imported uint64) {
	var entry uint64
	for _, s := range m.Sections {
		if c, err := m.section(b, s); err == nil && s.ID == coreExport {
			_ = c.exportNames(func(index uint64, name string) {
				if name == "_start" || name == "_initialize" {
					entry = index
				}
			})
		}
	}
	if entry < imported || m.NamedFunctions > 0 || !m.madeByGo() {
		return
	}
	memory := m.initialMemory(b)
	for at, n := 0, 0; n < maxGoTables; n++ {
		next := bytes.Index(memory[at:], []byte(goTableMagic))
		if next < 0 {
			return
		}
		at += next
		names := goFunctionNames(memory[at:], len(all))
		if main := entry - imported; main < uint64(len(names)) && strings.HasPrefix(names[main], goEntryPrefix) {
			for i, name := range names {
				all[i].Name = name
			}
			return
		}
		at++
	}
}

func (m *Module) madeByGo() bool {
	for _, p := range m.Producers {
		if p.Field == "language" && p.Name == "Go" {
			return true
		}
	}
	return false
}

// goFunctionNames reads the table at the start of b, for at most n functions,
// by their place in the code section. All of its text is at most as long as b.
func goFunctionNames(b []byte, n int) []string {
	if len(b) < goTableHeader {
		return nil
	}
	field := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	functions := field(1)
	names, table := from(b, field(4)), from(b, field(8))
	if functions > uint64(n) || functions*8 > uint64(len(table)) { //nolint:gosec // n is a length
		return nil
	}
	all := make([]string, n)
	budget := len(b)
	place := func(i uint64) uint64 { return uint64(binary.LittleEndian.Uint32(table[8*i:])) }
	unit := uint64(1)
	if functions > 1 && (place(1)-place(0))&0xffff == 0 { // before Go 1.26, they have 16 bits for places in the function
		unit = 1 << 16
	}
	for i := range functions {
		function := from(table, uint64(binary.LittleEndian.Uint32(table[8*i+4:])))
		if len(function) < 8 {
			return nil
		}
		name := from(names, uint64(binary.LittleEndian.Uint32(function[4:])))
		end := bytes.IndexByte(name[:min(len(name), maxGoName)], 0)
		number := (place(i) - place(0)) / unit
		if end < 0 || number >= uint64(n) || budget < end { //nolint:gosec // n is a length
			return nil
		}
		budget -= end
		all[number] = string(name[:end])
	}
	return all
}

// from is what begins at an offset, or nothing.
func from(b []byte, offset uint64) []byte {
	if offset > uint64(len(b)) {
		return nil
	}
	return b[offset:]
}

// initialMemory puts the data of a module where it is at the start: linkers
// leave out longer runs of zeros. Nothing of data that lies far apart.
func (m *Module) initialMemory(b []byte) []byte {
	most := uint64(maxSparseBytes) + 4*uint64(len(b))
	var memory []byte
	for _, s := range m.Sections {
		c, err := m.section(b, s)
		if err != nil || s.ID != coreData {
			continue
		}
		n, err := c.count(2, maxEntries, "data segments")
		for range n {
			var offset uint64
			var data []byte
			if offset, data, err = c.activeSegment(); err != nil || offset+uint64(len(data)) > most {
				return nil
			}
			if end := int(offset) + len(data); end > len(memory) { //nolint:gosec // at most most
				memory = append(memory, make([]byte, end-len(memory))...)
			}
			copy(memory[offset:], data)
		}
		if err != nil {
			return nil
		}
	}
	return memory
}

// activeSegment reads a data segment of memory 0 that has a constant as its place:
// https://webassembly.github.io/spec/core/binary/modules.html#data-section
func (c *cursor) activeSegment() (offset uint64, data []byte, err error) {
	const i32Const, end = 0x41, 0x0b
	for _, want := range []byte{0, i32Const} {
		if b, err := c.byte("a data segment"); err != nil || b != want {
			return 0, nil, c.fail("a data segment of another kind")
		}
	}
	for shift := 0; shift < 35; shift += 7 {
		b, err := c.byte("a data segment's place")
		if err != nil {
			return 0, nil, err
		}
		offset |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			break
		}
	}
	if b, err := c.byte("a data segment"); err != nil || b != end {
		return 0, nil, c.fail("a data segment of another kind")
	}
	n, err := c.u32("the length of a data segment")
	if err != nil {
		return 0, nil, err
	}
	data, err = c.take(n, "a data segment")
	return offset & (1<<32 - 1), data, err
}
