package wasm

import "fmt"

// maxFunctions is the number of functions that browsers take:
// https://webassembly.github.io/spec/js-api/#limits
const maxFunctions = 1_000_000

// Function is one function of a core module that has a body.
type Function struct {
	Index uint32 `json:"index"` // among all functions, the imported ones first
	// Name is the one in the name section, else the one that Go's runtime knows,
	// else the name of an export, else "".
	Name string `json:"name,omitempty"`
	Size int64  `json:"size"` // of the body, in bytes
}

// Functions lists the functions of a core module in the order of the file.
// b are the bytes that m was read from. Bodies stay unread; a module without a
// code section has no functions. Errors are of type *FormatError; a malformed
// name section only leaves functions without a name.
func (m *Module) Functions(b []byte) ([]Function, error) {
	if m.Kind != Core {
		return nil, &FormatError{Reason: "functions of a component are those of the modules in it"}
	}
	imported := m.importedFunctions()
	var all []Function
	for _, s := range m.Sections {
		if s.ID != coreCode {
			continue
		}
		c, err := m.section(b, s)
		if err != nil {
			return nil, err
		}
		if all, err = decodeBodies(c, imported); err != nil {
			return nil, err
		}
	}
	m.goNames(b, all, imported)
	m.nameFunctions(b, all, imported)
	return all, nil
}

func (m *Module) importedFunctions() uint64 {
	var n uint64
	for _, i := range m.Imports {
		if i.Kind == "func" {
			n++
		}
	}
	return n
}

// section returns a cursor over the content of one of m's sections in b.
func (m *Module) section(b []byte, s Section) (*cursor, error) {
	if s.Offset+s.Size > int64(len(b)) {
		return nil, &FormatError{Offset: int64(len(b)), Section: s.Name, Reason: "these are the bytes of another file"}
	}
	return &cursor{b: b[s.Offset : s.Offset+s.Size], base: s.Offset, section: s.Name}, nil
}

// decodeBodies reads the sizes in section 10:
// https://webassembly.github.io/spec/core/binary/modules.html#code-section
func decodeBodies(c *cursor, imported uint64) ([]Function, error) {
	n, err := c.count(3, maxFunctions, "functions") // length, number of locals, end
	if err != nil {
		return nil, err
	}
	all := make([]Function, 0, n)
	for i := range n {
		size, err := c.u32("the size of a function")
		if err != nil {
			return nil, err
		}
		if _, err := c.take(size, fmt.Sprintf("function %d", i)); err != nil {
			return nil, err
		}
		all = append(all, Function{Index: uint32(imported) + uint32(i), Size: int64(size)}) //nolint:gosec // both are bounded
	}
	return all, c.done()
}

// nameFunctions gives functions the names of the name section, and those
// without one the names of their exports. The first name counts.
func (m *Module) nameFunctions(b []byte, all []Function, imported uint64) {
	set := func(index uint64, name string) {
		if i := index - imported; index >= imported && i < uint64(len(all)) && all[i].Name == "" {
			all[i].Name = name
		}
	}
	for _, named := range []struct {
		is   func(Section) bool
		read func(c *cursor) error
	}{
		{func(s Section) bool { return s.Custom == "name" }, func(c *cursor) error { return c.functionNames(set) }},
		{func(s Section) bool { return s.ID == coreExport }, func(c *cursor) error { return c.exportNames(set) }},
	} {
		for _, s := range m.Sections {
			if !named.is(s) {
				continue
			}
			if c, err := m.section(b, s); err == nil {
				_ = named.read(c)
			}
		}
	}
}

// exportNames are the names of exported functions.
func (c *cursor) exportNames(set func(index uint64, name string)) error {
	n, err := c.count(3, maxEntries, "exports")
	for range n {
		e, index, err := c.coreExport()
		if err != nil {
			return err
		}
		if e.Kind == "func" {
			set(index, e.Name)
		}
	}
	return err
}

// functionNames reads the name map of functions:
// https://webassembly.github.io/spec/core/appendix/custom.html#function-names
func (c *cursor) functionNames(set func(index uint64, name string)) error {
	if _, err := c.customName(); err != nil {
		return err
	}
	for c.left() > 0 {
		id, err := c.byte("a subsection id")
		if err != nil {
			return err
		}
		size, err := c.u32("a subsection's length")
		if err != nil {
			return err
		}
		if id != nameFunctions {
			if _, err := c.take(size, "a subsection"); err != nil {
				return err
			}
			continue
		}
		n, err := c.count(2, maxFunctions, "function names")
		for range n {
			var index uint64
			var name string
			if index, err = c.u32("a function's index"); err != nil {
				return err
			}
			if name, err = c.name("a function's name"); err != nil {
				return err
			}
			set(index, name)
		}
		return err
	}
	return nil
}
