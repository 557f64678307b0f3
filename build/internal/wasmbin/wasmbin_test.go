package wasmbin

import (
	"math"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, want := range []uint32{0, 1, 63, 64, 65536, 1 << 27, math.MaxInt32, 1 << 31, math.MaxUint32 - 64, math.MaxUint32} {
		r := &Reader{B: AppendAddress(nil, want)}
		if got := r.Address(); got != want || !r.Ended() {
			t.Errorf("%d is read as %d, %+v", want, got, r)
		}
		r = &Reader{B: AppendAddress(nil, want)}
		if r.SkipExpr(); !r.Ended() {
			t.Errorf("%d is not passed over: %+v", want, r)
		}
	}
}

func TestAppendI32(t *testing.T) {
	for value, want := range map[uint32]string{0: "\x00", 63: "\x3f", 64: "\xc0\x00", 65542: "\x86\x80\x04", 1<<32 - 1: "\x7f", 1 << 31: "\x80\x80\x80\x80\x78"} {
		if got := AppendI32(nil, value); string(got) != want {
			t.Errorf("%d: %x, want %x", value, got, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes string
		read  func(*Reader)
	}{
		"number cut short":       {"\x80", func(r *Reader) { r.U32() }},
		"number of six bytes":    {"\x80\x80\x80\x80\x80\x00", func(r *Reader) { r.U32() }},
		"number of 33 bits":      {"\xff\xff\xff\xff\x1f", func(r *Reader) { r.U32() }},
		"name beyond the end":    {"\x05wasm", func(r *Reader) { _ = r.Name() }},
		"nothing":                {"", func(r *Reader) { r.Byte() }},
		"address of a global":    {"\x23\x00\x0b", func(r *Reader) { r.Address() }},
		"address without an end": {"\x41\x00\x41", func(r *Reader) { r.Address() }},
		"address of six bytes":   {"\x41\x80\x80\x80\x80\x80\x00\x0b", func(r *Reader) { r.Address() }},
		"expression, cut short":  {"\x44\x00", func(r *Reader) { r.SkipExpr() }},
		"expression that calls":  {"\x10\x00\x0b", func(r *Reader) { r.SkipExpr() }},
	} {
		r := &Reader{B: []byte(tt.bytes)}
		tt.read(r)
		if !r.Bad || len(r.B) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if r.U32() != 0 || r.Name() != "" || r.Address() != 0 {
			t.Errorf("%s: it goes on", name)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x41\x80\x80\x04\x0b\x05wasm\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func(*Reader){(*Reader).SkipExpr, func(r *Reader) { r.Address() }, func(r *Reader) { _ = r.Name() }} {
			r := &Reader{B: b}
			if read(r); r.Bad != (r.B == nil && len(b) > 0) && len(b) > 0 || len(r.B) > len(b) {
				t.Errorf("%+v of %x", r, b)
			}
		}
	})
}
