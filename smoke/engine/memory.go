package engine

import (
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"
)

const pageSize = 65536

// memory bounds a module's linear memory. wazero's own limit cannot tell
// afterwards that it was reached; this one remembers it.
type memory struct {
	max     uint64
	refused atomic.Uint64 // the size asked for, in bytes
}

// Allocate implements experimental.MemoryAllocator. wazero's hint at the
// greatest size is not taken: it is usually the module's own and huge.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return &linear{memory: m} }

type linear struct {
	memory *memory
	bytes  []byte
}

// Reallocate implements experimental.LinearMemory. nil makes memory.grow
// answer -1, as the specification allows.
func (l *linear) Reallocate(size uint64) []byte {
	if size > l.memory.max {
		l.memory.refused.Store(size)
		return nil
	}
	if missing := int(size) - len(l.bytes); missing > 0 { //nolint:gosec // at most 4 GiB
		l.bytes = append(l.bytes, make([]byte, missing)...)
	}
	return l.bytes[:size:size]
}

// Free implements experimental.LinearMemory.
func (l *linear) Free() { l.bytes = nil }
