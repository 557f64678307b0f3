package bundle

// withStackPointer returns the module's bytes with its stack pointer exported, so that it can be watched. Everything
// that a program can change lies in the memory, which is kept, or in a mutable global, which is not: one that is not
// the stack pointer would lose its value, and is refused. The table of functions is constant in what C compilers emit.
func (m *module) withStackPointer() ([]byte, error) {
	body, _ := m.section(idGlobal)
	var globals []global
	if body != nil {
		var err error
		if globals, err = readGlobals(body); err != nil {
			return nil, err
		}
	}
	index := -1
	for i, g := range globals {
		if !g.mutable {
			continue
		}
		if index >= 0 {
			return nil, shape("a second mutable global beside the stack pointer")
		}
		if g.kind != kindI32 {
			return nil, shape("its stack pointer is no 32-bit integer")
		}
		index = i
	}
	if index < 0 {
		return nil, shape("it has no stack pointer")
	}
	exports, ok := m.section(idExport)
	if !ok {
		return nil, shape("it exports nothing")
	}
	r := &reader{b: exports}
	count := r.u32()
	added := uleb(nil, count+1)
	added = append(added, r.b...)
	added = uleb(added, uint64(len(exportStackPointer)))
	added = append(added, exportStackPointer...)
	added = append(added, 3) // a global
	added = uleb(added, uint64(index))
	return m.with(idExport, added).bytes(), nil
}
