package wasm

// The bits of a limits' first byte. The first three are in the specification,
// the fourth is https://github.com/WebAssembly/custom-page-sizes.
const (
	limitHasMax   = 1 << 0
	limitShared   = 1 << 1
	limit64       = 1 << 2
	limitPageSize = 1 << 3
)

const defaultPageSize = 1 << 16

// decodeMemories reads section 5:
// https://webassembly.github.io/spec/core/binary/modules.html#memory-section
func decodeMemories(c *cursor, m *Module) error {
	n, err := c.count(2, maxMemories, "memories") // flags, minimum
	if err != nil {
		return err
	}
	for range n {
		mem, err := c.limits()
		if err != nil {
			return err
		}
		m.Memories = append(m.Memories, mem)
	}
	return nil
}

// limits reads the type of a memory; a table's limits have the same encoding:
// https://webassembly.github.io/spec/core/binary/types.html#limits
func (c *cursor) limits() (Memory, error) {
	flags, err := c.byte("limits")
	if err != nil {
		return Memory{}, err
	}
	if flags >= limitPageSize<<1 {
		c.pos--
		return Memory{}, c.fail("limits 0x%02x are unknown", flags)
	}
	m := Memory{
		HasMax: flags&limitHasMax != 0, Shared: flags&limitShared != 0, Is64: flags&limit64 != 0,
		PageSize: defaultPageSize,
	}
	bits := uint(32)
	if m.Is64 {
		bits = 64
	}
	if m.Min, err = c.uint(bits, "a minimum"); err != nil {
		return m, err
	}
	if m.HasMax {
		if m.Max, err = c.uint(bits, "a maximum"); err != nil {
			return m, err
		}
	}
	if flags&limitPageSize != 0 {
		log, err := c.u32("a page size")
		if err != nil {
			return m, err
		}
		if log > 63 {
			return m, c.fail("a page size of 2^%d bytes", log)
		}
		m.PageSize = 1 << log
	}
	return m, nil
}
