package engine

import "encoding/binary"

// A tiny assembler, for modules that no compiler makes.

func section(id byte, body ...byte) []byte {
	return append(append([]byte{id}, leb(len(body))...), body...)
}

func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func named(s string) []byte { return append(leb(len(s)), s...) }

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func wasm(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), join(sections...)...)
}

// program is a module with one function of the given code (without its final
// end), exported under a name, and a memory of so many pages.
func program(export string, pages int, code ...byte) []byte {
	return assemble(export, pages, join([]byte{0}, code, []byte{0x0b})) // no locals … end
}

// declaring is a command with many local variables.
func declaring(locals int) []byte {
	return assemble("_start", 1, join([]byte{1}, leb(locals), []byte{0x7f, 0x0b}))
}

func assemble(export string, pages int, body []byte) []byte {
	return wasm(
		section(1, 1, 0x60, 0, 0), // type: func () ()
		section(3, 1, 0),
		section(5, join([]byte{1, 0}, leb(pages))...),
		section(7, join([]byte{2}, named(export), []byte{0, 0}, named("memory"), []byte{2, 0})...),
		section(10, join([]byte{1}, leb(len(body)), body)...),
	)
}

// importing is a command that imports one function () ().
func importing(module, name string) []byte {
	return wasm(
		section(1, 1, 0x60, 0, 0),
		section(2, join([]byte{1}, named(module), named(name), []byte{0, 0})...),
		section(7, join([]byte{1}, named("_start"), []byte{0, 0})...),
	)
}

var (
	opUnreachable = []byte{0x00}
	opLoop        = []byte{0x03, 0x40, 0x0c, 0x00, 0x0b}                                              // loop br 0 end
	opGrow        = []byte{0x41, 0xff, 0xff, 0x03, 0x40, 0x00, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b} // i32.const 65535 memory.grow 0 lt_s if unreachable end
	opLoad        = []byte{0x41, 0x7f, 0x2d, 0, 0, 0x1a}                                              // i32.const -1 load8_u drop
	opRecurse     = []byte{0x10, 0x00}                                                                // call 0
)
