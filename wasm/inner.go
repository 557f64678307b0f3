package wasm

import "fmt"

// The bounds of what may be inside of a component.
const (
	maxInner      = 10_000
	maxInnerDepth = 32
	maxInnerParts = 1_000_000 // sections, imports, exports and producers of all modules together
)

// Inner is a core module: one inside of a component, or the file itself.
type Inner struct {
	Offset int64 // in the file, in bytes
	Bytes  []byte
	Module *Module
}

// Modules returns the core modules in a file, those in nested components too,
// in the order of the file; for a core module that is the module alone. b are
// the bytes that m was read from. Errors are of type *FormatError.
func (m *Module) Modules(b []byte) ([]Inner, error) {
	var all []Inner
	parts := 0
	err := m.eachModule(b, 0, 0, func(i Inner) error {
		parts += len(i.Module.Sections) + len(i.Module.Imports) + len(i.Module.Exports) + len(i.Module.Producers)
		if len(all) == maxInner || parts > maxInnerParts {
			return &FormatError{Offset: i.Offset, Reason: fmt.Sprintf("more than %d modules in a component, or %d parts of these", maxInner, maxInnerParts)}
		}
		all = append(all, i)
		return nil
	})
	return all, err
}

func (m *Module) eachModule(b []byte, base int64, depth int, f func(Inner) error) error {
	if m.Kind == Core {
		return f(Inner{base, b, m})
	}
	if depth > maxInnerDepth {
		return &FormatError{Offset: base, Reason: fmt.Sprintf("components nested deeper than %d", maxInnerDepth)}
	}
	for _, s := range m.Sections {
		if !m.IsNested(s) {
			continue
		}
		c, err := m.section(b, s)
		if err != nil {
			return err
		}
		inner, err := Decode(c.b)
		if err != nil {
			return fmt.Errorf("in the %s at byte %d: %w", s.Name, base+s.Offset, err)
		}
		if err := inner.eachModule(c.b, base+s.Offset, depth+1, f); err != nil {
			return err
		}
	}
	return nil
}

// IsNested reports whether a section of m is a whole module or component of
// its own: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#component-definitions
func (m *Module) IsNested(s Section) bool {
	return m.Kind == Component && (s.ID == componentModule || s.ID == componentComponent)
}
