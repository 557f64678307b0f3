// Package wasmbin reads and writes the values of WebAssembly's binary format, for those who change modules that the
// decoder has accepted: https://webassembly.github.io/spec/core/binary/values.html
package wasmbin

import (
	"encoding/binary"
	"math"
)

// A Reader decodes values. After the first one that is not well-formed it is bad and empty, and everything that it
// returns is zero.
type Reader struct {
	B   []byte // what is left
	Bad bool
}

// Fail makes the reader bad.
func (r *Reader) Fail() { r.Bad, r.B = true, nil }

// Ended reports whether everything was well-formed and nothing is left.
func (r *Reader) Ended() bool { return !r.Bad && len(r.B) == 0 }

// Byte returns the next byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Take returns the next n bytes.
func (r *Reader) Take(n uint64) []byte {
	if r.Bad || n > uint64(len(r.B)) {
		r.Fail()
		return nil
	}
	b := r.B[:n]
	r.B = r.B[n:]
	return b
}

// Name returns a string behind its length.
func (r *Reader) Name() string { return string(r.Take(r.U32())) }

// U32 decodes an unsigned LEB128 of at most 32 bits.
func (r *Reader) U32() uint64 {
	v, n := binary.Uvarint(r.B)
	if n <= 0 || n > 5 || v > math.MaxUint32 {
		r.Fail()
		return 0
	}
	r.B = r.B[n:]
	return v
}

// SkipLEB passes over a LEB128 of at most so many bytes.
func (r *Reader) SkipLEB(limit int) {
	for range limit {
		if r.Byte()&0x80 == 0 {
			return
		}
	}
	r.Fail()
}

// The instructions of constant expressions that are known here:
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
const (
	opEnd       = 0x0b
	opGlobalGet = 0x23
	opI32Const  = 0x41
	opI64Const  = 0x42
	opF32Const  = 0x43
	opF64Const  = 0x44
	opRefNull   = 0xd0
	opRefFunc   = 0xd2
)

// SkipExpr passes over a constant expression, of numbers or of a reference.
func (r *Reader) SkipExpr() {
	for !r.Bad {
		switch op := r.Byte(); op {
		case opEnd:
			return
		case opI32Const, opGlobalGet, opRefNull, opRefFunc:
			r.SkipLEB(5)
		case opI64Const:
			r.SkipLEB(10)
		case opF32Const:
			r.Take(4)
		case opF64Const:
			r.Take(8)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub, mul of both integers
		default:
			r.Fail()
		}
	}
}

// Address reads the expression of a place in memory: one constant.
func (r *Reader) Address() uint32 {
	if r.Byte() != opI32Const {
		r.Fail()
	}
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.Byte()
		v |= uint32(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if shift+7 < 32 && b&0x40 != 0 {
			v |= ^uint32(0) << (shift + 7)
		}
		if r.Byte() != opEnd {
			r.Fail()
		}
		if r.Bad {
			return 0
		}
		return v
	}
	r.Fail()
	return 0
}

// AppendAddress appends the expression of a place in memory. Addresses are signed in the format, with the same bits.
func AppendAddress(b []byte, address uint32) []byte {
	return append(AppendI32(append(b, opI32Const), address), opEnd)
}

// AppendI32 appends a signed LEB128 number.
func AppendI32(b []byte, value uint32) []byte {
	v := int32(value) //nolint:gosec // the same bits
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && low&0x40 == 0) || (v == -1 && low&0x40 != 0) {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// AppendSection appends a section: https://webassembly.github.io/spec/core/binary/modules.html#sections
func AppendSection(b []byte, id byte, content []byte) []byte {
	return append(binary.AppendUvarint(append(b, id), uint64(len(content))), content...)
}

// AppendName appends a string behind its length.
func AppendName(b []byte, name string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(name))), name...)
}
