package relink

import "math"

// reader decodes values of the binary format. After the first one that is not well-formed it is bad, and everything
// that it returns is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) name() string { return string(r.take(r.u32())) }

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
		r.bad, r.b = true, nil
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
	r.bad, r.b = true, nil
}

// skipConst passes over an address: i32.const, end.
func (r *reader) skipConst() {
	if r.byte() != 0x41 {
		r.bad, r.b = true, nil
		return
	}
	r.skipLEB(5)
	if r.byte() != 0x0b {
		r.bad, r.b = true, nil
	}
}

func uleb(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendName(b []byte, name string) []byte {
	return append(uleb(b, uint64(len(name))), name...)
}
