package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The limits are far above what compilers emit and keep the memory that a
// hostile file can make Read use at some ten megabytes.
const (
	maxSections     = 1 << 16
	maxSectionBytes = 16 << 20 // of a section whose content is decoded
	maxEntries      = 100_000  // imports, exports
	maxMemories     = 1_000
	maxCustomName   = 4 << 10
)

const preambleSize = 8

// Decode reads a module that is in memory. See Read.
func Decode(b []byte) (*Module, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// Read reads the module or component in the first size bytes of r. Content
// that is not WebAssembly, malformed or beyond a limit is a *FormatError;
// other errors are those of r. Custom sections have no meaning to an engine:
// malformed producers and name sections are passed over.
func Read(r io.ReaderAt, size int64) (*Module, error) {
	f := &file{r: r, size: size}
	m := &Module{Size: size}
	if err := f.preamble(m); err != nil {
		return nil, err
	}
	var order orderCheck
	for off := int64(preambleSize); off < size; {
		s, err := f.section(m.Kind, off)
		if err != nil {
			return nil, err
		}
		if len(m.Sections) == maxSections {
			return nil, &FormatError{Offset: off, Reason: fmt.Sprintf("more than %d sections", maxSections)}
		}
		if m.Kind == Core {
			if err := order.next(s); err != nil {
				return nil, err
			}
		}
		if err := f.content(m, &s); err != nil {
			return nil, err
		}
		m.Sections = append(m.Sections, s)
		off = s.Offset + s.Size
	}
	return m, nil
}

// file is the bounded view of the bytes that everything is read through.
type file struct {
	r    io.ReaderAt
	size int64
}

// window returns a cursor over the n bytes at off, or over fewer where the
// file ends. Callers bound n before they ask.
func (f *file) window(off, n int64, section string) (*cursor, error) {
	c := &cursor{base: off, section: section}
	if n >= f.size-off {
		n, c.end = f.size-off, ErrTruncated
	}
	c.b = make([]byte, n)
	if got, err := f.r.ReadAt(c.b, off); int64(got) < n {
		if errors.Is(err, io.EOF) {
			return nil, &FormatError{Offset: off + int64(got), Section: section, Reason: "unexpected end", err: ErrTruncated}
		}
		return nil, fmt.Errorf("read WebAssembly: %w", err)
	}
	return c, nil
}

// preamble reads magic, version and layer:
// https://webassembly.github.io/spec/core/binary/modules.html#binary-module
func (f *file) preamble(m *Module) error {
	c, err := f.window(0, preambleSize, "")
	if err != nil {
		return err
	}
	const magic = "\x00asm"
	if n := min(len(c.b), len(magic)); n == 0 || string(c.b[:n]) != magic[:n] {
		return &FormatError{Reason: `the magic "\0asm" is missing`, err: ErrNotWasm}
	}
	if len(c.b) < preambleSize {
		c.pos = len(c.b)
		return c.short("the preamble")
	}
	switch v := string(c.b[4:]); v {
	case "\x01\x00\x00\x00":
		m.Kind = Core
	case "\x0d\x00\x01\x00":
		m.Kind = Component
	default:
		c.pos = len(magic)
		return c.fail("version % x is unknown", v)
	}
	return nil
}

// section reads the id and the length of the section at off:
// https://webassembly.github.io/spec/core/binary/modules.html#sections
func (f *file) section(kind Kind, off int64) (Section, error) {
	c, err := f.window(off, 1+5, "")
	if err != nil {
		return Section{}, err
	}
	id, err := c.byte("a section id")
	if err != nil {
		return Section{}, err
	}
	s := Section{ID: id, Name: sectionName(kind, id)}
	if s.Name == "" {
		c.pos = 0
		return s, c.fail("section id %d of a %s is unknown", id, kind)
	}
	n, err := c.u32("the length of the " + s.Name + " section")
	if err != nil {
		return s, err
	}
	s.Offset, s.Size = c.offset(), int64(n) //nolint:gosec // n has 32 bits
	if left := f.size - s.Offset; s.Size > left {
		return s, &FormatError{
			Offset: s.Offset, Section: s.Name, err: ErrTruncated,
			Reason: fmt.Sprintf("%d bytes are announced and %d are there", s.Size, left),
		}
	}
	return s, nil
}

// content decodes the sections that say something about the module; all
// others, code and data among them, stay unread.
func (f *file) content(m *Module, s *Section) error {
	if s.ID == idCustom {
		return f.custom(m, s)
	}
	decode := decoder(m.Kind, s.ID)
	if decode == nil {
		return nil
	}
	if s.Size > maxSectionBytes {
		return &FormatError{
			Offset: s.Offset, Section: s.Name,
			Reason: fmt.Sprintf("%d bytes are more than the limit of %d", s.Size, maxSectionBytes),
		}
	}
	c, err := f.window(s.Offset, s.Size, s.Name)
	if err != nil {
		return err
	}
	c.end = nil // the section's length was checked: too short is malformed
	if err := decode(c, m); err != nil {
		return err
	}
	return c.done()
}
