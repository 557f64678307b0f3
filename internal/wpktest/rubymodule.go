package wpktest

import "strings"

// RubyModule is a module with the shape of the one in Ruby's npm packages, and
// nothing of Ruby: a library with imports that only JavaScript has, among
// those of WASI. Its ruby-init prints the arguments, one behind the other; its
// rb-eval-string-protect prints the script, and then the name of the first
// folder that wasi_vfs_pack_fs saw. Its export "traps" calls JavaScript.
func RubyModule() []byte {
	const host = "rb-js-abi-host"
	const wasi = "wasi_snapshot_preview1"
	return []byte("\x00asm\x01\x00\x00\x00" +
		section(1, "\x60\x00\x00", "\x60\x02\x7f\x7f\x00", "\x60\x03\x7f\x7f\x7f\x00", "\x60\x04\x7f\x7f\x7f\x7f\x01\x7f",
			"\x60\x02\x7f\x7f\x01\x7f", "\x60\x00\x01\x7f", "\x60\x03\x7f\x7f\x7f\x01\x7f") +
		section(2,
			text(host)+text("eval-js: func(code: string)")+"\x00\x02", text(wasi)+text("fd_write")+"\x00\x03",
			text(host)+text("global-this: func()")+"\x00\x05", text(wasi)+text("fd_prestat_get")+"\x00\x04",
			text(wasi)+text("fd_prestat_dir_name")+"\x00\x06") +
		section(3, "\x00", "\x03", "\x01", "\x04", "\x00", "\x00", "\x00") +
		section(4, "\x70\x00\x02") +
		section(5, "\x00\x01") +
		section(6, "\x7f\x01\x41\x80\x08\x0b", "\x7f\x01\x41\x00\x0b", "\x70\x00\xd2\x0a\x0b") + // the last one: the function that is in the table
		section(7, text("memory")+"\x02\x00", text("_initialize")+"\x00\x05", text("cabi_realloc")+"\x00\x06",
			text("ruby-init: func(args: list<string>) -> ()")+"\x00\x07",
			text("rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>")+"\x00\x08",
			text("wasi_vfs_pack_fs")+"\x00\x09", text("traps")+"\x00\x0b") +
		section(9, "\x00\x41\x00\x0b\x01\x0a", "\x04\x41\x01\x0b\x01\xd2\x0a\x0b") + // function 10 in both places
		"\x0c\x01\x02" + // so much data there is
		section(10,
			code("", "\x41\x3c\x41\x01\x36\x02\x00"),
			// the word at 0 is the next free address
			code("\x01\x01\x7f", "\x41\x00\x28\x02\x00\x21\x04\x41\x00\x20\x04\x20\x03\x41\x0f\x6a\x41\x70\x71\x6a\x36\x02\x00\x20\x04"),
			code("", "\x41\x01\x20\x00\x20\x01\x41\x08\x10\x01\x1a"), // pairs of address and length are what fd_write takes
			code("", "\x41\x10\x20\x00\x36\x02\x00\x41\x14\x20\x01\x36\x02\x00\x41\x01\x41\x10\x41\x01\x41\x08\x10\x01\x1a"+
				"\x41\x01\x11\x00\x00\x41\x00"),
			code("", "\x41\x03\x41\xc0\x01\x10\x03\x1a\x41\x20\x41\xc8\x01\x36\x02\x00\x41\x24\x41\xc4\x01\x28\x02\x00\x36\x02\x00"+
				"\x41\x03\x41\xc8\x01\x41\x24\x28\x02\x00\x10\x04\x1a"),
			code("", "\x41\x01\x41\x20\x41\x01\x41\x08\x10\x01\x1a"),
			code("", "\x10\x02\x1a\x41\x00\x41\x00\x41\x00\x10\x00")) +
		section(11, "\x01"+text("gone"), "\x00\x41\x00\x0b"+text("\x00\x10\x00\x00")))
}

func section(id byte, items ...string) string {
	content := string(rune(len(items))) + strings.Join(items, "")
	return string([]byte{id}) + size(len(content)) + content
}

func text(s string) string { return size(len(s)) + s }

func code(locals, body string) string {
	if locals == "" {
		locals = "\x00"
	}
	return text(locals + body + "\x0b")
}

// size is a number below 2^14 as LEB128.
func size(n int) string {
	if n < 0x80 {
		return string([]byte{byte(n)})
	}
	return string([]byte{byte(n) | 0x80, byte(n >> 7)})
}
