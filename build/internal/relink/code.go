package relink

import (
	"encoding/binary"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// code numbers the functions that the bodies call anew, and adds more bodies.
func (l *linker) code(section []byte, added [][]byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	n := r.U32()
	out := binary.AppendUvarint(make([]byte, 0, len(section)+1<<12), n+uint64(len(added)))
	var body []byte
	for ; n > 0 && !r.Bad; n-- {
		b := &wasmbin.Reader{B: r.Take(r.U32())}
		var err error
		if body, err = l.function(body[:0], b); err != nil {
			return nil, err
		}
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	for _, a := range added {
		out = append(out, a...)
	}
	return out, malformed(r, "code")
}

// function appends a function's locals and code, with new numbers.
func (l *linker) function(out []byte, r *wasmbin.Reader) ([]byte, error) {
	copied := r.B // from where on nothing is in out yet
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		r.U32()
		r.Byte() // the type of so many locals
	}
	for len(r.B) > 0 && !r.Bad {
		op := r.Byte()
		switch op {
		case 0x10, 0x12, 0xd2: // call, return_call, ref.func
			out = append(out, copied[:len(copied)-len(r.B)]...)
			out = binary.AppendUvarint(out, uint64(l.checked(r, r.U32())))
			copied = r.B
		default:
			if !skipImmediates(r, op) {
				return nil, shape("an instruction that is not known here: %#x", op)
			}
		}
	}
	return append(out, copied...), malformed(r, "code")
}

// skipImmediates passes over what follows an instruction's first byte, and reports whether it may be there.
// https://webassembly.github.io/spec/core/binary/instructions.html
func skipImmediates(r *wasmbin.Reader, op byte) bool {
	switch {
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	case op >= 0x02 && op <= 0x04: // block, loop, if: the type is a signed number of 33 bits
		r.SkipLEB(5)
	case op == 0x0c, op == 0x0d, op >= 0x20 && op <= 0x26, op == 0x3f, op == 0x40, op == 0x41, op == 0xd0:
		r.SkipLEB(5)
	case op == 0x0e: // br_table
		for n := r.U32() + 1; n > 0 && !r.Bad; n-- {
			r.U32()
		}
	case op == 0x11, op == 0x13: // call_indirect, return_call_indirect
		r.U32()
		r.U32()
	case op == 0x1c: // select with types
		r.Take(r.U32())
	case op >= 0x28 && op <= 0x3e:
		skipMemory(r)
	case op == 0x42:
		r.SkipLEB(10)
	case op == 0x43:
		r.Take(4)
	case op == 0x44:
		r.Take(8)
	case op == 0xfc:
		return skipMisc(r, r.U32())
	case op == 0xfd:
		return skipVector(r, r.U32())
	default: // exceptions, threads, garbage collection
		return false
	}
	return true
}

// skipMemory passes over an alignment and an offset.
func skipMemory(r *wasmbin.Reader) {
	if r.U32() >= 1<<6 {
		r.Fail() // of another memory
	}
	r.SkipLEB(10)
}

// skipMisc is for the instructions after 0xfc. Those that ask for data of a module are refused: it is gone.
func skipMisc(r *wasmbin.Reader, op uint64) bool {
	switch {
	case op <= 7: // truncations
	case op == 11, op == 13, op >= 15 && op <= 17: // memory.fill, elem.drop, table.grow, table.size, table.fill
		r.U32()
	case op == 10, op == 12, op == 14: // memory.copy, table.init, table.copy
		r.U32()
		r.U32()
	default: // memory.init, data.drop
		return false
	}
	return true
}

// skipVector is for the instructions after 0xfd.
func skipVector(r *wasmbin.Reader, op uint64) bool {
	switch {
	case op <= 11, op == 92, op == 93: // loads and stores
		skipMemory(r)
	case op == 12, op == 13: // v128.const, i8x16.shuffle
		r.Take(16)
	case op >= 21 && op <= 34: // lanes
		r.Take(1)
	case op >= 84 && op <= 91: // loads and stores of lanes
		skipMemory(r)
		r.Take(1)
	}
	return op <= 275
}
