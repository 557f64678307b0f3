package relink

// code numbers the functions that the bodies call anew, and adds more bodies.
func (l *linker) code(section []byte, added [][]byte) ([]byte, error) {
	r := &reader{b: section}
	n := r.u32()
	out := uleb(make([]byte, 0, len(section)+1<<12), n+uint64(len(added)))
	var body []byte
	for ; n > 0 && !r.bad; n-- {
		b := &reader{b: r.take(r.u32())}
		var err error
		if body, err = l.function(body[:0], b); err != nil {
			return nil, err
		}
		out = append(uleb(out, uint64(len(body))), body...)
	}
	for _, a := range added {
		out = append(out, a...)
	}
	return out, malformed(r, "code")
}

// function appends a function's locals and code, with new numbers.
func (l *linker) function(out []byte, r *reader) ([]byte, error) {
	copied := r.b // from where on nothing is in out yet
	for n := r.u32(); n > 0 && !r.bad; n-- {
		r.u32()
		r.byte() // the type of so many locals
	}
	for len(r.b) > 0 && !r.bad {
		op := r.byte()
		switch op {
		case 0x10, 0x12, 0xd2: // call, return_call, ref.func
			out = append(out, copied[:len(copied)-len(r.b)]...)
			out = uleb(out, uint64(l.checked(r, r.u32())))
			copied = r.b
		default:
			if !r.skipImmediates(op) {
				return nil, shape("an instruction that is not known here: %#x", op)
			}
		}
	}
	return append(out, copied...), malformed(r, "code")
}

// skipImmediates passes over what follows an instruction's first byte, and reports whether it may be there.
// https://webassembly.github.io/spec/core/binary/instructions.html
func (r *reader) skipImmediates(op byte) bool {
	switch {
	case op <= 0x01, op == 0x05, op == 0x0b, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	case op >= 0x02 && op <= 0x04: // block, loop, if: the type is a signed number of 33 bits
		r.skipLEB(5)
	case op == 0x0c, op == 0x0d, op >= 0x20 && op <= 0x26, op == 0x3f, op == 0x40, op == 0x41, op == 0xd0:
		r.skipLEB(5)
	case op == 0x0e: // br_table
		for n := r.u32() + 1; n > 0 && !r.bad; n-- {
			r.u32()
		}
	case op == 0x11, op == 0x13: // call_indirect, return_call_indirect
		r.u32()
		r.u32()
	case op == 0x1c: // select with types
		r.take(r.u32())
	case op >= 0x28 && op <= 0x3e:
		r.memory()
	case op == 0x42:
		r.skipLEB(10)
	case op == 0x43:
		r.take(4)
	case op == 0x44:
		r.take(8)
	case op == 0xfc:
		return r.skipMisc(r.u32())
	case op == 0xfd:
		return r.skipVector(r.u32())
	default: // exceptions, threads, garbage collection
		return false
	}
	return true
}

// memory passes over an alignment and an offset.
func (r *reader) memory() {
	if r.u32() >= 1<<6 {
		r.bad = true // of another memory
	}
	r.skipLEB(10)
}

// skipMisc is for the instructions after 0xfc. Those that ask for data of a module are refused: it is gone.
func (r *reader) skipMisc(op uint64) bool {
	switch {
	case op <= 7: // truncations
	case op == 11, op == 13, op >= 15 && op <= 17: // memory.fill, elem.drop, table.grow, table.size, table.fill
		r.u32()
	case op == 10, op == 12, op == 14: // memory.copy, table.init, table.copy
		r.u32()
		r.u32()
	default: // memory.init, data.drop
		return false
	}
	return true
}

// skipVector is for the instructions after 0xfd.
func (r *reader) skipVector(op uint64) bool {
	switch {
	case op <= 11, op == 92, op == 93: // loads and stores
		r.memory()
	case op == 12, op == 13: // v128.const, i8x16.shuffle
		r.take(16)
	case op >= 21 && op <= 34: // lanes
		r.take(1)
	case op >= 84 && op <= 91: // loads and stores of lanes
		r.memory()
		r.take(1)
	}
	return op <= 275
}
