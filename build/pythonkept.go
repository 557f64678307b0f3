package build

import (
	"encoding/binary"

	"github.com/wpkdev/wpk/build/internal/cpython"
)

// encodeCompiled writes what sources were compiled to: the number of them, and each field behind its length. JSON would
// read megabytes of bytecode several times slower, and encoding/gob takes longer to start than all of `wpk version`'s
// own work.
func encodeCompiled(all []cpython.Compiled) []byte {
	var out []byte
	number := func(n int) { out = binary.AppendUvarint(out, uint64(n)) } // #nosec G115 -- a length
	text := func(s string) {
		number(len(s))
		out = append(out, s...)
	}
	number(len(all))
	for _, c := range all {
		text(string(c.Bytecode))
		text(c.Failed)
		text(c.Line)
		number(len(c.Imports))
		for _, name := range c.Imports {
			text(name)
		}
	}
	return out
}

// decodeCompiled reads it again; nil when the bytes are anything else.
func decodeCompiled(data []byte) []cpython.Compiled {
	whole := true
	// Each of what is counted has a byte at least, so a number is no larger than the rest.
	number := func() int {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) { // #nosec G115 -- not below 0
			whole, data = false, nil
			return 0
		}
		data = data[size:]
		return int(n) // #nosec G115 -- below len
	}
	bytes := func() []byte {
		b := data[:number()]
		data = data[len(b):]
		return b
	}
	var all []cpython.Compiled
	for range number() {
		c := cpython.Compiled{Bytecode: bytes(), Failed: string(bytes()), Line: string(bytes())}
		for range number() {
			c.Imports = append(c.Imports, string(bytes()))
		}
		if !whole {
			return nil
		}
		all = append(all, c)
	}
	if len(data) > 0 || !whole {
		return nil
	}
	return all
}
