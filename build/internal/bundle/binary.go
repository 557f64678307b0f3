package bundle

import (
	"math"
)

// reader decodes values of the binary format. After the first one that is not well-formed it is bad, and everything
// that it returns is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	b := r.take(1)
	if r.bad {
		return 0
	}
	return b[0]
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// u32 decodes an unsigned LEB128 of at most 32 bits:
// https://webassembly.github.io/spec/core/binary/values.html#integers
func (r *reader) u32() uint64 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			break
		}
		if shift == 28 {
			r.bad = true
		}
	}
	if r.bad || v > math.MaxUint32 {
		r.bad = true
		return 0
	}
	return v
}

// skipLEB passes over a LEB128 of at most so many bytes.
func (r *reader) skipLEB(limit int) {
	for range limit {
		if r.byte()&0x80 == 0 {
			return
		}
	}
	r.bad = true
}

// skipExpr passes over a constant expression:
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
func (r *reader) skipExpr() {
	for !r.bad {
		switch op := r.byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x23, 0xd0, 0xd2: // i32.const, global.get, ref.null, ref.func
			r.skipLEB(5)
		case 0x42: // i64.const
			r.skipLEB(10)
		case 0x43: // f32.const
			r.take(4)
		case 0x44: // f64.const
			r.take(8)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub, mul of both integers
		default:
			r.bad = true
		}
	}
}

// checkData refuses data that code copies into memory by itself: what is added here would have to know when.
// https://webassembly.github.io/spec/core/binary/modules.html#data-section
func checkData(body []byte) error {
	r := &reader{b: body}
	for n := r.u32(); n > 0 && !r.bad; n-- {
		switch flag := r.u32(); flag {
		case 0:
			r.skipExpr()
		case 2:
			if memory := r.u32(); memory != 0 {
				return shape("data of a second memory")
			}
			r.skipExpr()
		default:
			return shape("passive data")
		}
		r.take(r.u32())
	}
	if r.bad || len(r.b) > 0 {
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
	r := &reader{b: body}
	var globals []global
	for n := r.u32(); n > 0 && !r.bad; n-- {
		g := global{kind: r.byte(), mutable: r.byte() == 1}
		r.skipExpr()
		globals = append(globals, g)
	}
	if r.bad || len(r.b) > 0 {
		return nil, shape("malformed global section")
	}
	return globals, nil
}

func uleb(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func sleb32(b []byte, v int32) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// appendSegment appends an active data segment: i32.const address, end, then the bytes.
func appendSegment(b []byte, address uint32, data []byte) []byte {
	b = append(b, 0, 0x41)
	b = sleb32(b, int32(address)) //nolint:gosec // the format's addresses are signed, with the same bits
	b = append(b, 0x0b)
	b = uleb(b, uint64(len(data)))
	return append(b, data...)
}
