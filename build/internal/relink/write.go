package relink

import (
	"slices"
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
			content = uleb(nil, uint64(len(l.imports)))
			content = append(content, slices.Concat(l.imports...)...)
		case idFunction:
			content, err = more(content, append(slices.Clone(l.traps), uleb(nil, start)))
		case idGlobal:
			content, err = l.globals(content)
		case idExport:
			content, err = l.exports(content)
		case idStart:
			return nil, shape("it has a start function")
		case idElement:
			content, err = l.elements(content)
		case idCode:
			content, err = l.code(content, append(traps, append(uleb(nil, uint64(len(body))), body...)))
		case idData:
			content, err = active(content)
		case idDataCount:
			keep = false // for code that asks for data, which is refused
		}
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(uleb(append(out, s.ID), uint64(len(content))), content...)
		}
	}
	return out, nil
}

// more adds entries to a section.
func more(section []byte, entries [][]byte) ([]byte, error) {
	r := &reader{b: section}
	out := uleb(nil, r.u32()+uint64(len(entries)))
	out = append(append(out, r.b...), slices.Concat(entries...)...)
	if r.bad {
		return nil, shape("malformed section")
	}
	return out, nil
}

// exports keeps what was asked for, and adds the start function, which is the last of all.
func (l *linker) exports(section []byte) ([]byte, error) {
	r := &reader{b: section}
	n, kept := uint64(1), []byte(nil)
	for count := r.u32(); count > 0 && !r.bad; count-- {
		name, kind, index := r.name(), r.byte(), r.u32()
		if r.bad || !slices.Contains(l.Exports, name) || name == startExport {
			continue
		}
		if kind == kindFunction {
			index = uint64(l.number(index))
		}
		kept = uleb(append(appendName(kept, name), kind), index)
		n++
	}
	last := l.first + l.old.defined + uint64(len(l.traps))
	kept = uleb(append(appendName(kept, startExport), kindFunction), last)
	return append(uleb(nil, n), kept...), malformed(r, "exports")
}

// globals numbers the functions in the globals' first values anew.
func (l *linker) globals(section []byte) ([]byte, error) {
	r := &reader{b: section}
	n := r.u32()
	out := uleb(nil, n)
	for ; n > 0 && !r.bad; n-- {
		out = append(out, r.take(2)...)
		out = l.expression(out, r)
	}
	return out, malformed(r, "globals")
}

// elements numbers the functions in the tables anew:
// https://webassembly.github.io/spec/core/binary/modules.html#element-section
func (l *linker) elements(section []byte) ([]byte, error) {
	r := &reader{b: section}
	n := r.u32()
	out := uleb(nil, n)
	for ; n > 0 && !r.bad; n-- {
		flags := r.u32()
		if flags > 7 {
			return nil, shape("elements of an unknown kind")
		}
		out = uleb(out, flags)
		passive, explicit, expressions := flags&1 != 0, flags&2 != 0, flags&4 != 0
		if !passive {
			if explicit {
				out = uleb(out, r.u32())
			}
			out = l.expression(out, r)
		}
		if passive || explicit {
			out = append(out, r.byte()) // the kind, or the type
		}
		count := r.u32()
		out = uleb(out, count)
		for ; count > 0 && !r.bad; count-- {
			if expressions {
				out = l.expression(out, r)
			} else {
				out = uleb(out, uint64(l.checked(r, r.u32())))
			}
		}
	}
	return out, malformed(r, "elements")
}

// expression copies a constant expression with the functions that it names. It is one that only ends at its first end.
func (l *linker) expression(out []byte, r *reader) []byte {
	for !r.bad {
		from := r.b
		op := r.byte()
		switch op {
		case 0x41, 0x23, 0xd0: // i32.const, global.get, ref.null
			r.skipLEB(5)
		case 0x42: // i64.const
			r.skipLEB(10)
		case 0x43: // f32.const
			r.take(4)
		case 0x44: // f64.const
			r.take(8)
		case 0xd2: // ref.func
			out = uleb(append(out, op), uint64(l.checked(r, r.u32())))
			continue
		case 0x0b:
		default:
			r.bad = true
		}
		out = append(out, from[:len(from)-len(r.b)]...)
		if op == 0x0b {
			break
		}
	}
	return out
}

// checked is the new number of a function, which must be one.
func (l *linker) checked(r *reader, old uint64) uint32 {
	if r.bad || old >= l.old.imported+l.old.defined {
		r.bad = true
		return 0
	}
	return l.number(old)
}

// active keeps the data that is put into memory at the start: https://webassembly.github.io/spec/core/binary/modules.html#data-section
func active(section []byte) ([]byte, error) {
	r := &reader{b: section}
	n, kept := uint64(0), []byte(nil)
	for count := r.u32(); count > 0 && !r.bad; count-- {
		from := r.b
		flag := r.u32()
		switch flag {
		case 0:
			r.skipConst()
		case 1:
		default:
			return nil, shape("data of a second memory")
		}
		r.take(r.u32())
		if flag == 0 && !r.bad {
			kept = append(kept, from[:len(from)-len(r.b)]...)
			n++
		}
	}
	return append(uleb(make([]byte, 0, len(kept)+5), n), kept...), malformed(r, "data")
}

func malformed(r *reader, what string) error {
	if r.bad || len(r.b) > 0 {
		return shape("malformed %s", what)
	}
	return nil
}
