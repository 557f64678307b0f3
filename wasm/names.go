package wasm

// The subsections of the name section that are read.
const (
	nameModule    = 0
	nameFunctions = 1
)

// names reads the module's name and the number of named functions. It looks
// only at the headers of the subsections: a Go module has hundreds of
// kilobytes of names.
// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
func (f *file) names(m *Module, s Section) error {
	last := -1
	for end := s.Offset + s.Size; s.Offset < end; {
		c, err := f.window(s.Offset, min(end-s.Offset, 1+5+5+maxCustomName), s.Name)
		if err != nil {
			return err
		}
		id, err := c.byte("a subsection id")
		if err != nil {
			return err
		}
		// Ids grow, which also bounds the rounds of this loop.
		if int(id) <= last {
			return c.fail("subsection %d is out of order", id)
		}
		last = int(id)
		n, err := c.u32("a subsection's length")
		if err != nil {
			return err
		}
		s.Offset = c.offset() + int64(n) //nolint:gosec // n has 32 bits
		if s.Offset > end {
			return c.short("the name section")
		}
		if err := c.subsection(m, id, n); err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) subsection(m *Module, id byte, size uint64) error {
	switch id {
	case nameModule:
		name, err := c.name("the module's name")
		if err != nil {
			return err
		}
		m.Name = name
	case nameFunctions:
		if m.Kind != Core {
			return nil
		}
		n, err := c.u32("the number of function names")
		if err != nil {
			return err
		}
		if n > size/2 { // an entry has an index and a length
			return c.fail("%d names in %d bytes", n, size)
		}
		m.NamedFunctions = int(n) //nolint:gosec // at most 2^31
	}
	return nil
}
