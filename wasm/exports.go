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
		e, _, err := c.coreExport()
		if err != nil {
			return err
		}
		m.Exports = append(m.Exports, e)
	}
	return nil
}

// coreExport reads one export, and which thing of its kind it is.
func (c *cursor) coreExport() (e Export, index uint64, err error) {
	if e.Name, err = c.name("an export's name"); err != nil {
		return e, 0, err
	}
	if _, e.Kind, err = c.externKind(); err != nil {
		return e, 0, err
	}
	index, err = c.u32("an export's index")
	return e, index, err
}
