package bundle

import (
	"encoding/binary"
	"fmt"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/wasm"
)

// The sections that are read or written here:
// https://webassembly.github.io/spec/core/binary/modules.html#sections
const (
	idCustom    = 0
	idMemory    = 5
	idGlobal    = 6
	idExport    = 7
	idStart     = 8
	idData      = 11
	idDataCount = 12
)

// The preamble and the sizes of https://webassembly.github.io/spec/core/.
const (
	preamble = "\x00asm\x01\x00\x00\x00"
	pageSize = 1 << 16
	maxPages = 1 << 16
)

// maxRuntime bounds a runtime's bytes.
const maxRuntime = 256 << 20

type section struct {
	id   byte
	body []byte
}

// A module is a runtime in pieces: valid sections in their order, without the custom ones that say nothing about what
// is made of it.
type module struct {
	info     *wasm.Module
	memory   wasm.Memory
	sections []section
}

// readModule takes a runtime to pieces, and refuses one whose memory or data a program cannot be added to.
func readModule(b []byte) (*module, error) {
	if len(b) > maxRuntime {
		return nil, &RuntimeError{"read", fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(b), maxRuntime)}
	}
	info, err := wasm.Decode(b)
	if err != nil {
		return nil, &RuntimeError{"read", err}
	}
	m := &module{info: info}
	if err := m.check(); err != nil {
		return nil, &RuntimeError{"read", err}
	}
	for _, s := range info.Sections {
		body := b[s.Offset : s.Offset+s.Size]
		switch {
		case s.ID == idCustom && s.Custom != "producers":
			continue // names, debugging information, relocations: of the code alone, or wrong now
		case s.ID == idDataCount:
			continue // needed by passive data only, which is refused
		case s.ID == idData:
			if err := checkData(body); err != nil {
				return nil, &RuntimeError{"read", err}
			}
		}
		m.sections = append(m.sections, section{s.ID, body})
	}
	return m, nil
}

func (m *module) check() error {
	if m.info.Kind != wasm.Core {
		return shape("it is a component")
	}
	for _, i := range m.info.Imports {
		if i.Kind != "func" {
			return shape("it imports the %s %q", i.Kind, i.Name)
		}
	}
	if n := len(m.info.Memories); n != 1 {
		return shape("%d memories", n)
	}
	m.memory = m.info.Memories[0]
	switch {
	case m.memory.Is64, m.memory.Shared, m.memory.PageSize != pageSize:
		return shape("its memory is 64-bit, shared or of unusual pages")
	case m.memory.Min > maxPages:
		return shape("its memory has %d pages", m.memory.Min)
	}
	return nil
}

// section returns the body of a section and whether there is one.
func (m *module) section(id byte) ([]byte, bool) {
	for _, s := range m.sections {
		if s.id == id {
			return s.body, true
		}
	}
	return nil, false
}

// with returns a copy of m with another body for a section that m has, or with the data section, which is the last.
func (m *module) with(id byte, body []byte) *module {
	c := &module{info: m.info, memory: m.memory}
	found := false
	for _, s := range m.sections {
		if s.id == id {
			s.body, found = body, true
		}
		c.sections = append(c.sections, s)
	}
	if !found {
		c.sections = append(c.sections, section{id, body})
	}
	return c
}

// withPages returns a copy of m with a memory of at least that many pages.
func (m *module) withPages(pages uint64) (*module, error) {
	limit := uint64(maxPages)
	if m.memory.HasMax {
		limit = min(limit, m.memory.Max)
	}
	if pages > limit {
		return nil, fmt.Errorf("%w: it needs %d pages of memory, and may have %d", ErrTooLarge, pages, limit)
	}
	body := []byte{1, 0}
	if m.memory.HasMax {
		body[1] = 1
	}
	body = binary.AppendUvarint(body, pages)
	if m.memory.HasMax {
		body = binary.AppendUvarint(body, m.memory.Max)
	}
	c := m.with(idMemory, body)
	c.memory.Min = pages
	return c, nil
}

func (m *module) bytes() []byte {
	n := len(preamble)
	for _, s := range m.sections {
		n += 6 + len(s.body)
	}
	b := append(make([]byte, 0, n), preamble...)
	for _, s := range m.sections {
		b = wasmbin.AppendSection(b, s.id, s.body)
	}
	return b
}
