package wasm

// decodeExports reads section 7:
// https://webassembly.github.io/spec/core/binary/modules.html#export-section
func decodeExports(c *cursor, m *Module) error {
	n, err := c.count(3, maxEntries, "exports") // length, kind, index
	if err != nil {
		return err
	}
	m.Exports = make([]Export, 0, n)
	for range n {
		name, err := c.name("an export's name")
		if err != nil {
			return err
		}
		_, kind, err := c.externKind()
		if err != nil {
			return err
		}
		if _, err := c.u32("an export's index"); err != nil {
			return err
		}
		m.Exports = append(m.Exports, Export{Name: name, Kind: kind})
	}
	return nil
}
