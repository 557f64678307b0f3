package bundle

import (
	"encoding/binary"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// checkData refuses data that code copies into memory by itself: what is added here would have to know when.
// https://webassembly.github.io/spec/core/binary/modules.html#data-section
func checkData(body []byte) error {
	r := &wasmbin.Reader{B: body}
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		switch flag := r.U32(); flag {
		case 0:
			r.SkipExpr()
		case 2:
			if memory := r.U32(); memory != 0 {
				return shape("data of a second memory")
			}
			r.SkipExpr()
		default:
			return shape("passive data")
		}
		r.Take(r.U32())
	}
	if r.Bad || len(r.B) > 0 {
		return shape("malformed data section")
	}
	return nil
}

// A global is one that the module defines.
type global struct {
	kind    byte // the value type's code
	mutable bool
}

const kindI32 = 0x7f

// readGlobals decodes section 6, of globals whose types are numbers or plain references:
// https://webassembly.github.io/spec/core/binary/modules.html#global-section
func readGlobals(body []byte) ([]global, error) {
	r := &wasmbin.Reader{B: body}
	var globals []global
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		g := global{kind: r.Byte(), mutable: r.Byte() == 1}
		r.SkipExpr()
		globals = append(globals, g)
	}
	if r.Bad || len(r.B) > 0 {
		return nil, shape("malformed global section")
	}
	return globals, nil
}

// appendSegment appends an active data segment: i32.const address, end, then the bytes.
func appendSegment(b []byte, address uint32, data []byte) []byte {
	b = wasmbin.AppendAddress(append(b, 0), address)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}
