package build

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/wpkdev/wpk/build/internal/cpython"
)

func TestCompiledIsKept(t *testing.T) {
	all := []cpython.Compiled{
		{Bytecode: []byte("\xcb\r\r\n"), Imports: []string{"os", "sys"}},
		{Bytecode: []byte{}, Failed: "/app/x.py:1:1: SyntaxError", Line: "x ="},
	}
	kept := encodeCompiled(all)
	if got := decodeCompiled(kept); !reflect.DeepEqual(got, all) {
		t.Errorf("got %+v", got)
	}
	for n := range kept {
		if got := decodeCompiled(kept[:n]); got != nil {
			t.Errorf("the first %d bytes are %+v", n, got)
		}
	}
	if got := decodeCompiled(append(kept, 0)); got != nil {
		t.Errorf("with one byte more: %+v", got)
	}
}

// FuzzCompiled reads what a damaged cache may hold: it is refused, or it is what the same bytes stand for.
func FuzzCompiled(f *testing.F) {
	f.Add(encodeCompiled([]cpython.Compiled{{Bytecode: []byte("x"), Imports: []string{"a"}, Failed: "f", Line: "l"}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if all := decodeCompiled(data); all != nil && len(encodeCompiled(all)) > len(data) || !bytes.Equal(encodeCompiled(all), encodeCompiled(decodeCompiled(encodeCompiled(all)))) {
			t.Errorf("%q is %+v", data, all)
		}
	})
}
