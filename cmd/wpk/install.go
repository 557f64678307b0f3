package main

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// packageManager is one way to install programs, with wpk's names of pieces
// mapped to its packages.
type packageManager struct {
	program  string
	install  string
	sudo     bool
	packages map[string]string
}

// packageManagers in the order in which they are looked for: a system's own
// before those that people add to it.
//
// The clang of Debian 12, Ubuntu 22.04 and later finds the sysroot of
// wasi-libc by itself once the three other packages are there.
var packageManagers = []packageManager{
	{"apt-get", "apt-get install -y", true, map[string]string{
		"go": "golang-go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"compiler-rt": "libclang-rt-dev-wasm32", "libc++": "libc++-dev-wasm32",
		"llvm-ar": "llvm", "llvm-ranlib": "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja-build",
		"git": "git", "qemu": "qemu-user-static",
	}},
	{"dnf", "dnf install -y", true, map[string]string{
		"go": "golang", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc-devel",
		"compiler-rt": "compiler-rt", "libc++": "wasi-libc-devel", "llvm-ar": "llvm", "llvm-ranlib": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja-build", "git": "git", "qemu": "qemu-user-static",
	}},
	{"apk", "apk add", true, map[string]string{
		"go": "go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"compiler-rt": "wasi-compiler-rt", "libc++": "wasi-libcxx", "llvm-ar": "llvm", "llvm-ranlib": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "samurai", "git": "git",
		"qemu": "qemu-aarch64 qemu-riscv64 qemu-s390x qemu-ppc64le qemu-arm qemu-i386 qemu-x86_64",
	}},
	{"pacman", "pacman -S --needed", true, map[string]string{
		"go": "go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"compiler-rt": "wasi-compiler-rt", "libc++": "wasi-libc++", "llvm-ar": "llvm", "llvm-ranlib": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja", "git": "git", "qemu": "qemu-user-static",
	}},
	{"brew", "brew install", false, map[string]string{
		"go": "go", "clang": "llvm", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"compiler-rt": "wasi-runtimes", "libc++": "wasi-runtimes", "llvm-ar": "llvm", "llvm-ranlib": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja", "git": "git",
	}},
	{"winget", "winget install", false, map[string]string{
		"go": "GoLang.Go", "cmake": "Kitware.CMake", "git": "Git.Git", "clang": "zig.zig", "ninja": "Ninja-build.Ninja",
	}},
}

// installCommand is the command that installs a piece on this system, or ""
// when no known package manager has it.
func installCommand(piece string) string {
	for _, m := range packageManagers {
		if _, err := exec.LookPath(m.program); err != nil {
			continue
		}
		packages, ok := m.packages[piece]
		if !ok {
			continue
		}
		if m.sudo && needsSudo() {
			return "sudo " + m.install + " " + packages
		}
		return m.install + " " + packages
	}
	return ""
}

func needsSudo() bool { return runtime.GOOS != "windows" && os.Geteuid() != 0 }

// cCompiler are the pieces that together compile C to WASI. Whoever misses
// one gets the command for all: package managers skip what is there.
var cCompiler = []string{"clang", "wasm-ld", "compiler-rt", "wasi-libc"}

// installAll is installCommand for several pieces at once.
func installAll(pieces ...string) string {
	var command string
	var packages []string
	for _, piece := range pieces {
		one := installCommand(piece)
		if one == "" {
			continue
		}
		cut := strings.LastIndexByte(one, ' ')
		command = one[:cut]
		packages = append(packages, one[cut+1:])
	}
	if command == "" {
		return ""
	}
	return command + " " + strings.Join(packages, " ")
}
