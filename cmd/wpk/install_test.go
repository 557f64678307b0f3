package main

import (
	"slices"
	"testing"
)

// onMachine is a machine with some programs.
func onMachine(sudo bool, programs ...string) machine {
	return machine{has: func(p string) bool { return slices.Contains(programs, p) }, sudo: sudo}
}

func TestInstallCommand(t *testing.T) {
	tests := []struct {
		programs []string
		version  string
		pieces   []string
		sudo     bool
		want     string
	}{
		{[]string{"apt-get"}, "", []string{"go"}, true, "sudo apt-get install -y golang-go"},
		{[]string{"apt-get"}, "", []string{"clang", "wasi-libc", "wasm-ld", "libclang_rt.builtins-wasm32.a"}, false, "apt-get install -y clang wasi-libc lld libclang-rt-dev-wasm32"},
		{[]string{"apt-get"}, "19", []string{"wasm-ld", "libclang_rt.builtins-wasm32.a", "wasi-libc"}, false, "apt-get install -y lld-19 libclang-rt-19-dev-wasm32 wasi-libc"},
		{[]string{"apt-get"}, "14", []string{"libc++"}, false, "apt-get install -y libc++-14-dev-wasm32"},
		{[]string{"apk"}, "", []string{"libc++"}, false, "apk add wasi-libcxx"},
		{[]string{"dnf"}, "19", []string{"wasm-ld", "llvm-ar", "llvm-ar"}, true, "sudo dnf install -y lld llvm"},
		{[]string{"apt-get"}, "", []string{"rust-std-wasm32", "cargo", "wasm-ld"}, false, "apt-get install -y libstd-rust-dev-wasm32 cargo lld"},
		{[]string{"pacman"}, "", []string{"rustc", "cargo", "rust-std-wasm32"}, false, "pacman -S --needed rust rust-wasm"},
		{[]string{"brew"}, "", []string{"clang"}, true, "brew install llvm"},
		{[]string{"brew"}, "", []string{"qemu"}, true, ""},
		{[]string{"apt-get"}, "", []string{"no such piece"}, true, ""},
		{nil, "", []string{"go"}, true, ""},

		// What one system does not have, another one that is here may have.
		{[]string{"apt-get", "brew"}, "", []string{"tinygo"}, true, "brew install tinygo"},
		{[]string{"apt-get", "brew"}, "", []string{"clang"}, false, "apt-get install -y clang"},

		// What no system has comes from a language's own packages, after their installer.
		{[]string{"apt-get", "npm"}, "", []string{"jco"}, true, "npm install -g @bytecodealliance/jco"},
		{[]string{"apt-get"}, "", []string{"jco"}, true, "sudo apt-get install -y npm && npm install -g @bytecodealliance/jco"},
		{[]string{"apt-get", "npm"}, "", []string{"wasi-adapter"}, false, "npm install -g @bytecodealliance/jco"},
		{[]string{"npm"}, "", []string{"asc"}, false, "npm install -g assemblyscript"},
		{[]string{"winget"}, "", []string{"asc"}, false, "winget install OpenJS.NodeJS && npm install -g assemblyscript"},
		{[]string{"apt-get", "cargo"}, "", []string{"wasm-tools"}, false, "cargo install --locked wasm-tools"},
		{[]string{"apk", "cargo"}, "", []string{"wasm-tools"}, false, "apk add wasm-tools"},
		{[]string{"apt-get"}, "", []string{"cmake", "jco"}, false, "apt-get install -y cmake npm && npm install -g @bytecodealliance/jco"},
		{[]string{"apt-get", "pip3"}, "", []string{"zig"}, true, "pip3 install --user --break-system-packages ziglang"},
		{[]string{"dnf"}, "", []string{"zig"}, true, "sudo dnf install -y zig"},
		{nil, "", []string{"jco"}, true, "npm install -g @bytecodealliance/jco"},
	}
	for _, tt := range tests {
		if got := onMachine(tt.sudo, tt.programs...).command(tt.version, tt.pieces); got != tt.want {
			t.Errorf("%v %v: %q, want %q", tt.programs, tt.pieces, got, tt.want)
		}
	}
}
