package bundle

import (
	"encoding/binary"
	"strconv"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// withStackPointer returns the module's bytes with its stack pointer exported, so that it can be watched. Everything
// that a program can change lies in the memory, which is kept, or in a mutable global, which is not: one that is not
// the stack pointer would lose its value, and is refused. The table of functions is constant in what C compilers emit.
func (m *module) withStackPointer() ([]byte, error) {
	indices, kinds, err := m.mutable()
	switch {
	case err != nil:
		return nil, err
	case len(indices) == 0:
		return nil, shape("it has no stack pointer")
	case len(indices) > 1:
		return nil, shape("a second mutable global beside the stack pointer")
	case kinds[0] != kindI32:
		return nil, shape("its stack pointer is no 32-bit integer")
	}
	return m.withGlobals(indices)
}

// mutable tells the indices and kinds of the globals that can change.
func (m *module) mutable() (indices []int, kinds []byte, err error) {
	body, _ := m.section(idGlobal)
	if body == nil {
		return nil, nil, nil
	}
	globals, err := readGlobals(body)
	for i, g := range globals {
		if g.mutable {
			indices, kinds = append(indices, i), append(kinds, g.kind)
		}
	}
	return indices, kinds, err
}

// withGlobals returns the module's bytes with globals exported, as globalName calls them.
func (m *module) withGlobals(indices []int) ([]byte, error) {
	exports, ok := m.section(idExport)
	if !ok {
		return nil, shape("it exports nothing")
	}
	r := &wasmbin.Reader{B: exports}
	added := binary.AppendUvarint(nil, r.U32()+uint64(len(indices)))
	added = append(added, r.B...)
	for i, index := range indices {
		added = append(wasmbin.AppendName(added, globalName(i)), 3) // a global
		added = binary.AppendUvarint(added, uint64(index))          //nolint:gosec // an index
	}
	return m.with(idExport, added).bytes(), nil
}

// globalName is the name under which the mutable global of that place among all mutable ones is watched.
func globalName(place int) string { return "wpk:global:" + strconv.Itoa(place) }
