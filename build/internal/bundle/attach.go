package bundle

import (
	"encoding/binary"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// tail is left free behind a blob. Allocators of older C libraries take the whole initial memory for theirs and keep
// their end mark in its last bytes; runtimes built with them fence the blob off, and need room for the mark.
const tail = 64

// pagesFor returns how many pages a blob takes behind the memory.
func pagesFor(blob []byte) uint64 { return (uint64(len(blob)) + tail + pageSize - 1) / pageSize }

// Attach returns the runtime with the blob as one data segment at the end of the memory that the runtime was linked
// with. The module starts the interpreter up each time that it runs; [Snapshot] avoids that. Errors are a
// [*RuntimeError].
func Attach(runtime, blob []byte) ([]byte, error) {
	m, err := readModule(runtime)
	if err != nil {
		return nil, err
	}
	end := m.memory.Min
	m, err = m.withPages(end + pagesFor(blob))
	if err != nil {
		return nil, &RuntimeError{"attach", err}
	}
	old, _ := m.section(idData)
	r := &wasmbin.Reader{B: old}
	var count uint64
	if old != nil {
		count = r.U32()
	}
	data := make([]byte, 0, len(old)+len(blob)+32)
	data = binary.AppendUvarint(data, count+1)
	data = append(data, r.B...)
	data = appendSegment(data, uint32(end*pageSize), blob) //nolint:gosec // withPages has bounded it
	return m.with(idData, data).bytes(), nil
}
