package relink

import (
	"encoding/binary"
	"slices"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// trap is the body of a function without locals that traps.
var trap = string([]byte{3, 0, 0x00, 0x0b})

// write puts the module together.
func (l *linker) write() ([]byte, error) {
	start := l.addType(nil, nil)
	lacks := ""
	body := l.Start(func(name string) uint32 {
		n, has := l.names[name]
		if !has {
			lacks = name
		}
		return n
	})
	if lacks != "" {
		return nil, shape("it has no function %q", lacks)
	}
	traps := make([][]byte, len(l.traps), len(l.traps)+1)
	for i := range traps {
		traps[i] = []byte(trap)
	}
	out := append(make([]byte, 0, len(l.module)+1<<16), l.module[:8]...)
	for _, s := range l.info.Sections {
		content, keep := l.module[s.Offset:s.Offset+s.Size], true
		var err error
		switch s.ID {
		case idCustom:
			keep = s.Custom == "producers"
		case idType:
			content, err = more(content, l.types)
		case idImport:
			content = binary.AppendUvarint(nil, uint64(len(l.imports)))
			content = append(content, slices.Concat(l.imports...)...)
		case idFunction:
			content, err = more(content, append(slices.Clone(l.traps), binary.AppendUvarint(nil, start)))
		case idGlobal:
			content, err = l.globals(content)
		case idExport:
			content, err = l.exports(content)
		case idStart:
			return nil, shape("it has a start function")
		case idElement:
			content, err = l.elements(content)
		case idCode:
			content, err = l.code(content, append(traps, append(binary.AppendUvarint(nil, uint64(len(body))), body...)))
		case idData:
			content, err = active(content)
		case idDataCount:
			keep = false // for code that asks for data, which is refused
		}
		if err != nil {
			return nil, err
		}
		if keep {
			out = wasmbin.AppendSection(out, s.ID, content)
		}
	}
	return out, nil
}

// more adds entries to a section.
func more(section []byte, entries [][]byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	out := binary.AppendUvarint(nil, r.U32()+uint64(len(entries)))
	out = append(append(out, r.B...), slices.Concat(entries...)...)
	if r.Bad {
		return nil, shape("malformed section")
	}
	return out, nil
}

// exports keeps what was asked for, and adds the start function, which is the last of all.
func (l *linker) exports(section []byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	n, kept := uint64(1), []byte(nil)
	for count := r.U32(); count > 0 && !r.Bad; count-- {
		name, kind, index := r.Name(), r.Byte(), r.U32()
		if r.Bad || !slices.Contains(l.Exports, name) || name == startExport {
			continue
		}
		if kind == kindFunction {
			index = uint64(l.number(index))
		}
		kept = binary.AppendUvarint(append(wasmbin.AppendName(kept, name), kind), index)
		n++
	}
	last := l.first + l.old.defined + uint64(len(l.traps))
	kept = binary.AppendUvarint(append(wasmbin.AppendName(kept, startExport), kindFunction), last)
	return append(binary.AppendUvarint(nil, n), kept...), malformed(r, "exports")
}

// globals numbers the functions in the globals' first values anew.
func (l *linker) globals(section []byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	n := r.U32()
	out := binary.AppendUvarint(nil, n)
	for ; n > 0 && !r.Bad; n-- {
		out = append(out, r.Take(2)...)
		out = l.expression(out, r)
	}
	return out, malformed(r, "globals")
}

// elements numbers the functions in the tables anew:
// https://webassembly.github.io/spec/core/binary/modules.html#element-section
func (l *linker) elements(section []byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	n := r.U32()
	out := binary.AppendUvarint(nil, n)
	for ; n > 0 && !r.Bad; n-- {
		flags := r.U32()
		if flags > 7 {
			return nil, shape("elements of an unknown kind")
		}
		out = binary.AppendUvarint(out, flags)
		passive, explicit, expressions := flags&1 != 0, flags&2 != 0, flags&4 != 0
		if !passive {
			if explicit {
				out = binary.AppendUvarint(out, r.U32())
			}
			out = l.expression(out, r)
		}
		if passive || explicit {
			out = append(out, r.Byte()) // the kind, or the type
		}
		count := r.U32()
		out = binary.AppendUvarint(out, count)
		for ; count > 0 && !r.Bad; count-- {
			if expressions {
				out = l.expression(out, r)
			} else {
				out = binary.AppendUvarint(out, uint64(l.checked(r, r.U32())))
			}
		}
	}
	return out, malformed(r, "elements")
}

// expression copies a constant expression with the functions that it names. It is one that only ends at its first end.
func (l *linker) expression(out []byte, r *wasmbin.Reader) []byte {
	for !r.Bad {
		from := r.B
		op := r.Byte()
		switch op {
		case 0x41, 0x23, 0xd0: // i32.const, global.get, ref.null
			r.SkipLEB(5)
		case 0x42: // i64.const
			r.SkipLEB(10)
		case 0x43: // f32.const
			r.Take(4)
		case 0x44: // f64.const
			r.Take(8)
		case 0xd2: // ref.func
			out = binary.AppendUvarint(append(out, op), uint64(l.checked(r, r.U32())))
			continue
		case 0x0b:
		default:
			r.Fail()
		}
		out = append(out, from[:len(from)-len(r.B)]...)
		if op == 0x0b {
			break
		}
	}
	return out
}

// checked is the new number of a function, which must be one.
func (l *linker) checked(r *wasmbin.Reader, old uint64) uint32 {
	if r.Bad || old >= l.old.imported+l.old.defined {
		r.Fail()
		return 0
	}
	return l.number(old)
}

// active keeps the data that is put into memory at the start: https://webassembly.github.io/spec/core/binary/modules.html#data-section
func active(section []byte) ([]byte, error) {
	r := &wasmbin.Reader{B: section}
	n, kept := uint64(0), []byte(nil)
	for count := r.U32(); count > 0 && !r.Bad; count-- {
		from := r.B
		flag := r.U32()
		switch flag {
		case 0:
			r.Address()
		case 1:
		default:
			return nil, shape("data of a second memory")
		}
		r.Take(r.U32())
		if flag == 0 && !r.Bad {
			kept = append(kept, from[:len(from)-len(r.B)]...)
			n++
		}
	}
	return append(binary.AppendUvarint(make([]byte, 0, len(kept)+5), n), kept...), malformed(r, "data")
}

func malformed(r *wasmbin.Reader, what string) error {
	if r.Bad || len(r.B) > 0 {
		return shape("malformed %s", what)
	}
	return nil
}
