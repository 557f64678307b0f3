package wasm

// externKinds are the core import and export kinds by their byte:
// https://webassembly.github.io/spec/core/binary/types.html#external-types
var externKinds = [...]string{"func", "table", "memory", "global", "tag"}

func (c *cursor) externKind() (byte, string, error) {
	k, err := c.byte("an import or export kind")
	if err != nil {
		return 0, "", err
	}
	if int(k) >= len(externKinds) {
		c.pos--
		return 0, "", c.fail("import or export kind 0x%02x is unknown", k)
	}
	return k, externKinds[k], nil
}

// decodeImports reads section 2:
// https://webassembly.github.io/spec/core/binary/modules.html#import-section
func decodeImports(c *cursor, m *Module) error {
	n, err := c.count(4, maxEntries, "imports") // two lengths, kind, type
	if err != nil {
		return err
	}
	m.Imports = make([]Import, 0, n)
	for range n {
		if err := c.coreImport(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) coreImport(m *Module) error {
	module, err := c.name("an import's module name")
	if err != nil {
		return err
	}
	name, err := c.name("an import's name")
	if err != nil {
		return err
	}
	k, kind, err := c.externKind()
	if err != nil {
		return err
	}
	m.Imports = append(m.Imports, Import{Module: module, Name: name, Kind: kind})
	switch k {
	case 0: // func: type index
		_, err = c.u32("a type index")
	case 1: // table: reference type, limits
		if err = c.valueType(); err == nil {
			_, err = c.limits()
		}
	case 2: // memory: limits
		var mem Memory
		if mem, err = c.limits(); err == nil {
			mem.Imported = true
			m.Memories = append(m.Memories, mem)
		}
	case 3: // global: value type, mutability
		if err = c.valueType(); err == nil {
			_, err = c.byte("a global's mutability")
		}
	case 4: // tag: attribute, type index
		if _, err = c.byte("a tag's attribute"); err == nil {
			_, err = c.u32("a type index")
		}
	}
	return err
}

// valueType passes over a value or reference type: one byte, or 0x63 and 0x64
// with a heap type behind.
// https://webassembly.github.io/spec/core/binary/types.html#reference-types
func (c *cursor) valueType() error {
	t, err := c.byte("a value type")
	if err == nil && (t == 0x63 || t == 0x64) {
		err = c.skipS33("a heap type")
	}
	return err
}
