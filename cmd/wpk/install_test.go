package main

import (
	"strings"
	"testing"
)

// managerNamed fails the test when the table has no such package manager.
func managerNamed(t *testing.T, program string) packageManager {
	t.Helper()
	for _, m := range packageManagers {
		if m.program == program {
			return m
		}
	}
	t.Fatalf("no package manager %q", program)
	return packageManager{}
}

func TestInstallCommand(t *testing.T) {
	tests := []struct {
		program, version string
		pieces           []string
		sudo             bool
		want             string
	}{
		{"apt-get", "", []string{"go"}, true, "sudo apt-get install -y golang-go"},
		{"apt-get", "", []string{"clang", "wasi-libc", "wasm-ld", "libclang_rt.builtins-wasm32.a"}, false, "apt-get install -y clang wasi-libc lld libclang-rt-dev-wasm32"},
		{"apt-get", "19", []string{"wasm-ld", "libclang_rt.builtins-wasm32.a", "wasi-libc"}, false, "apt-get install -y lld-19 libclang-rt-19-dev-wasm32 wasi-libc"},
		{"apt-get", "14", []string{"libc++"}, false, "apt-get install -y libc++-14-dev-wasm32"},
		{"apk", "", []string{"libc++"}, false, "apk add wasi-libcxx"},
		{"dnf", "19", []string{"wasm-ld", "llvm-ar", "llvm-ar"}, true, "sudo dnf install -y lld llvm"},
		{"apt-get", "", []string{"rust-std-wasm32", "cargo", "wasm-ld"}, false, "apt-get install -y libstd-rust-dev-wasm32 cargo lld"},
		{"pacman", "", []string{"rustc", "cargo", "rust-std-wasm32"}, false, "pacman -S --needed rust rust-wasm"},
		{"brew", "", []string{"clang"}, true, "brew install llvm"},
		{"brew", "", []string{"qemu"}, true, ""},
		{"apt-get", "", []string{"no such piece"}, true, ""},
	}
	for _, tt := range tests {
		if got := managerNamed(t, tt.program).command(tt.version, tt.pieces, tt.sudo); got != tt.want {
			t.Errorf("%s %v: %q, want %q", tt.program, tt.pieces, got, tt.want)
		}
	}
}

// Every piece that build and smoke can miss has packages on the systems where
// most users are.
func TestEveryPieceHasAPackage(t *testing.T) {
	pieces := []string{"go", "clang", "wasm-ld", "wasi-libc", "libclang_rt.builtins-wasm32.a", "llvm-ar", "make", "cmake", "ninja", "meson", "autoreconf", "automake", "libtoolize", "qemu", "rustc", "cargo", "rust-std-wasm32"}
	for _, program := range []string{"apt-get", "dnf", "apk", "pacman"} {
		for _, piece := range pieces {
			if got := managerNamed(t, program).command("", []string{piece}, false); !strings.HasPrefix(got, program+" ") {
				t.Errorf("%s has no package for %s: %q", program, piece, got)
			}
		}
	}
}
