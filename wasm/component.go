package wasm

// componentKinds are the sorts and extern descriptions of a component by
// their byte:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#import-and-export-definitions
var componentKinds = [...]string{"core module", "func", "value", "type", "component", "instance"}

// decodeComponentImports reads a component's section 10. Components may have
// several: the entries add up.
func decodeComponentImports(c *cursor, m *Module) error {
	n, err := c.count(4, maxEntries-uint64(len(m.Imports)), "imports") // name kind, length, description
	if err != nil {
		return err
	}
	for range n {
		name, err := c.externName()
		if err != nil {
			return err
		}
		kind, err := c.externDesc()
		if err != nil {
			return err
		}
		m.Imports = append(m.Imports, Import{Name: name, Kind: kind})
	}
	return nil
}

// decodeComponentExports reads a component's section 11, of which there may
// be several.
func decodeComponentExports(c *cursor, m *Module) error {
	n, err := c.count(5, maxEntries-uint64(len(m.Exports)), "exports") // name kind, length, sort, index, flag
	if err != nil {
		return err
	}
	for range n {
		if err := c.componentExport(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *cursor) componentExport(m *Module) error {
	name, err := c.externName()
	if err != nil {
		return err
	}
	k, kind, err := c.componentKind()
	if err != nil {
		return err
	}
	if k == 0 { // a core sort has a second byte
		if _, err := c.byte("a core sort"); err != nil {
			return err
		}
	}
	if _, err := c.u32("an export's index"); err != nil {
		return err
	}
	m.Exports = append(m.Exports, Export{Name: name, Kind: kind})
	described, err := c.byte("an export's description")
	if err != nil {
		return err
	}
	switch described {
	case 0:
		return nil
	case 1:
		_, err = c.externDesc()
		return err
	default:
		return c.fail("0x%02x does not say whether an export is described", described)
	}
}

// externName reads an import's or export's name: 0x00 or 0x01, the name, and
// after 0x02 a version suffix behind it.
func (c *cursor) externName() (string, error) {
	form, err := c.byte("a name")
	if err != nil {
		return "", err
	}
	if form > 2 {
		c.pos--
		return "", c.fail("name form 0x%02x is unknown", form)
	}
	name, err := c.name("a name")
	if err != nil || form != 2 {
		return name, err
	}
	_, err = c.name("a version suffix")
	return name, err
}

func (c *cursor) componentKind() (byte, string, error) {
	k, err := c.byte("an import or export kind")
	if err != nil {
		return 0, "", err
	}
	if int(k) >= len(componentKinds) {
		c.pos--
		return 0, "", c.fail("import or export kind 0x%02x is unknown", k)
	}
	return k, componentKinds[k], nil
}

// externDesc passes over the type of an import or export and returns its kind.
func (c *cursor) externDesc() (string, error) {
	k, kind, err := c.componentKind()
	if err != nil {
		return "", err
	}
	switch k {
	case 0: // core module: 0x11, type index
		if _, err = c.byte("a core sort"); err == nil {
			_, err = c.u32("a type index")
		}
	case 2, 3: // value: equal to an index, or of a type; type: equal to an index, or a fresh resource
		err = c.bound(k)
	default: // func, component, instance: type index
		_, err = c.u32("a type index")
	}
	return kind, err
}

func (c *cursor) bound(kind byte) error {
	b, err := c.byte("a bound")
	switch {
	case err != nil:
		return err
	case b == 0:
		_, err = c.u32("an index")
		return err
	case b == 1 && kind == 2:
		return c.skipS33("a value type")
	case b == 1:
		return nil
	}
	c.pos--
	return c.fail("bound 0x%02x is unknown", b)
}
