package rubywasm

import (
	"encoding/binary"

	"github.com/wpkdev/wpk/build/internal/relink"
)

// The names under which Ruby's module exports what its JavaScript calls; they are those of an early draft of the
// component model: https://github.com/ruby/ruby.wasm/blob/main/packages/gems/js/ext/js/bindgen/legacy/rb-abi-guest.wit
const (
	exportInitialize = "_initialize"
	exportRealloc    = "cabi_realloc"
	exportRuby       = "ruby-init: func(args: list<string>) -> ()"
	exportEval       = "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>"
	exportPack       = "wasi_vfs_pack_fs"
)

// arguments are those of Ruby before the program's own: without RubyGems, which takes four fifths of the start; with
// UTF-8, since WASI has no locale; with a script that does nothing, since Ruby wants one.
var arguments = []string{"ruby", "--disable=gems", "-EUTF-8", "-e0", "--"}

// script is what is evaluated then.
const script = "eval(File.read('" + bootFile + "'), TOPLEVEL_BINDING, '" + bootFile + "')"

// i32 is the only type that the calls of the start function have.
const i32 = 0x7f

// imports are what it calls of WASI.
var imports = []relink.Import{
	{Name: "args_sizes_get", Params: []byte{i32, i32}, Results: []byte{i32}},
	{Name: "args_get", Params: []byte{i32, i32}, Results: []byte{i32}},
	{Name: "proc_exit", Params: []byte{i32}},
}

// exitSoftware is the exit code of a script that came back: EX_SOFTWARE of sysexits.h.
const exitSoftware = 70

// The instructions: https://webassembly.github.io/spec/core/binary/instructions.html
const (
	opBlock, opLoop, opEnd, opBr, opBrIf   = 0x02, 0x03, 0x0b, 0x0c, 0x0d
	opCall, opDrop                         = 0x10, 0x1a
	opLocalGet, opLocalSet                 = 0x20, 0x21
	opI32Load, opI32Load8U                 = 0x28, 0x2d
	opI32Store, opI64Store                 = 0x36, 0x37
	opI32Const, opI64Const                 = 0x41, 0x42
	opI32Eqz, opI32GeU, opI32Add, opI32Mul = 0x45, 0x4f, 0x6a, 0x6c
	blockEmpty                             = 0x40
)

// The start function's locals.
const (
	localText   = iota // the memory with arguments and script, and behind them the two sizes of WASI's answer
	localCount         // of the command line's arguments
	localArgv          // their addresses
	localList          // Ruby's list of arguments: pairs of address and length
	localEach          // counts them
	localString        // the address of one
	localLength        // and its length
	locals
)

// start is the body of the start function. In C it would be:
//
//	_initialize();
//	text = cabi_realloc(0, 0, 8, …); memcpy(text, "ruby\0--disable=gems\0…", …);
//	args_sizes_get(&count, &size); args_get(argv, cabi_realloc(…));
//	list = {{text, 4}, …}; for (i = 1; i < count; i++) list[i + …] = {argv[i], strlen(argv[i])};
//	ruby_init(list, …); rb_eval_string_protect(script, …); proc_exit(70);
func start(function func(string) uint32) []byte {
	a := &assembler{function: function}
	a.code = []byte{1, locals, i32}
	a.call(exportInitialize)
	text, at := texts()
	answer := uint32(len(text)) //nolint:gosec // some hundred bytes
	a.alloc(localText, 8, func() { a.constant(answer + 8) })
	for i := 0; i < len(text); i += 8 {
		a.get(localText)
		a.op(opI64Const).signed(int64(binary.LittleEndian.Uint64(text[i:]))) //nolint:gosec // the same bits
		a.memory(opI64Store, 3, uint32(i))
	}
	a.get(localText).constant(answer).op(opI32Add)
	a.get(localText).constant(answer + 4).op(opI32Add)
	a.call("args_sizes_get").op(opDrop)
	a.get(localText).memory(opI32Load, 2, answer).set(localCount)
	a.alloc(localArgv, 4, func() { a.get(localCount).constant(4).op(opI32Mul).constant(4).op(opI32Add) })
	a.alloc(localString, 1, func() { a.get(localText).memory(opI32Load, 2, answer+4).constant(1).op(opI32Add) })
	a.get(localArgv).get(localString).call("args_get").op(opDrop)

	own := uint32(len(arguments)) //nolint:gosec // likewise
	a.alloc(localList, 4, func() { a.get(localCount).constant(own).op(opI32Add).constant(8).op(opI32Mul) })
	for i, arg := range arguments {
		a.get(localList).get(localText).constant(at[i]).op(opI32Add).memory(opI32Store, 2, uint32(8*i))
		a.get(localList).constant(uint32(len(arg))).memory(opI32Store, 2, uint32(8*i+4)) //nolint:gosec // likewise
	}
	a.commandLine(own - 1)
	a.get(localList).get(localEach).constant(own - 1).op(opI32Add).call(exportRuby)
	a.get(localText).constant(at[len(arguments)]).op(opI32Add).constant(uint32(len(script))).call(exportEval).op(opDrop)
	a.constant(exitSoftware).call("proc_exit")
	a.op(opEnd)
	return a.code
}

// commandLine appends the arguments but the first, the program's name, to the list, from place own+1 on.
func (a *assembler) commandLine(own uint32) {
	a.constant(1).set(localEach)
	a.op(opBlock, blockEmpty, opLoop, blockEmpty)
	a.get(localEach).get(localCount).op(opI32GeU, opBrIf, 1)
	a.get(localArgv).get(localEach).constant(4).op(opI32Mul, opI32Add).memory(opI32Load, 2, 0).set(localString)
	a.constant(0).set(localLength)
	a.op(opBlock, blockEmpty, opLoop, blockEmpty)
	a.get(localString).get(localLength).op(opI32Add).memory(opI32Load8U, 0, 0).op(opI32Eqz, opBrIf, 1)
	a.get(localLength).constant(1).op(opI32Add).set(localLength)
	a.op(opBr, 0, opEnd, opEnd)
	for offset, value := range []byte{localString, localLength} {
		a.get(localList).get(localEach).constant(8).op(opI32Mul, opI32Add)
		a.get(value).memory(opI32Store, 2, 8*own+uint32(4*offset))
	}
	a.get(localEach).constant(1).op(opI32Add).set(localEach)
	a.op(opBr, 0, opEnd, opEnd)
}

// texts are the arguments and the script, each with a NUL behind it, to a multiple of eight bytes, and where they begin.
func texts() (text []byte, at []uint32) {
	for _, s := range append(append([]string{}, arguments...), script) {
		at = append(at, uint32(len(text))) //nolint:gosec // some hundred bytes
		text = append(append(text, s...), 0)
	}
	return append(text, make([]byte, -len(text)&7)...), at
}

// An assembler writes a function's code.
type assembler struct {
	code     []byte
	function func(string) uint32
}

func (a *assembler) op(code ...byte) *assembler {
	a.code = append(a.code, code...)
	return a
}

func (a *assembler) unsigned(v uint32) *assembler {
	a.code = binary.AppendUvarint(a.code, uint64(v))
	return a
}

// signed appends a signed LEB128 number.
func (a *assembler) signed(v int64) *assembler {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && low&0x40 == 0) || (v == -1 && low&0x40 != 0) {
			return a.op(low)
		}
		a.op(low | 0x80)
	}
}

func (a *assembler) constant(v uint32) *assembler { return a.op(opI32Const).signed(int64(int32(v))) } //nolint:gosec // the same bits
func (a *assembler) get(local byte) *assembler    { return a.op(opLocalGet, local) }
func (a *assembler) set(local byte)               { a.op(opLocalSet, local) }
func (a *assembler) call(name string) *assembler  { return a.op(opCall).unsigned(a.function(name)) }

func (a *assembler) memory(op, align byte, offset uint32) *assembler {
	return a.op(op, align).unsigned(offset)
}

// alloc sets a local to new memory; size pushes how much.
func (a *assembler) alloc(local byte, align uint32, size func()) {
	a.constant(0).constant(0).constant(align)
	size()
	a.call(exportRealloc).set(local)
}
