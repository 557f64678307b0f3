package main

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
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
		"rustc": "rustc", "cargo": "cargo", "rust-std-wasm32": "libstd-rust-dev-wasm32",
		"go": "golang-go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "libclang-rt-dev-wasm32",
		"llvm-ar":                       "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja-build",
		"git": "git", "qemu": "qemu-user",
		"meson": "meson", "autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "autopoint",
		"libc++": "libc++-dev-wasm32", "sh": "dash",
	}},
	{"dnf", "dnf install -y", true, map[string]string{
		"rustc": "rust", "cargo": "cargo", "rust-std-wasm32": "rust-std-static-wasm32-wasip1",
		"go": "golang", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc-devel",
		"libclang_rt.builtins-wasm32.a": "compiler-rt", "llvm-ar": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja-build", "git": "git", "qemu": "qemu-user",
		"meson": "meson", "autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext-devel",
		"sh": "bash",
	}},
	{"apk", "apk add", true, map[string]string{
		"rustc": "rust", "cargo": "cargo", "rust-std-wasm32": "rust-wasm",
		"go": "go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-compiler-rt", "llvm-ar": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "samurai", "git": "git", "libc++": "wasi-libcxx", "sh": "busybox",
		"meson": "meson", "autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext-dev",
		"qemu": "qemu-aarch64 qemu-riscv64 qemu-s390x qemu-ppc64le qemu-arm qemu-i386 qemu-x86_64",
	}},
	{"pacman", "pacman -S --needed", true, map[string]string{
		"rustc": "rust", "cargo": "rust", "rust-std-wasm32": "rust-wasm",
		"go": "go", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-compiler-rt", "llvm-ar": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja", "git": "git", "qemu": "qemu-user-static",
		"meson": "meson", "autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext",
		"libc++": "wasi-libc++ wasi-libc++abi", "sh": "bash",
	}},
	{"brew", "brew install", false, map[string]string{
		"rustc": "rustup", "cargo": "rustup", "rust-std-wasm32": "rustup",
		"go": "go", "clang": "llvm", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-runtimes", "llvm-ar": "llvm",
		"cmake": "cmake", "make": "make", "ninja": "ninja", "git": "git", "libc++": "wasi-runtimes",
		"meson": "meson", "autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext",
	}},
	{"winget", "winget install", false, map[string]string{
		"rustc": "Rustlang.Rustup", "cargo": "Rustlang.Rustup", "rust-std-wasm32": "Rustlang.Rustup",
		"go": "GoLang.Go", "cmake": "Kitware.CMake", "git": "Git.Git", "clang": "zig.zig", "ninja": "Ninja-build.Ninja",
		"meson": "mesonbuild.meson", "libc++": "zig.zig",
	}},
}

// versioned are apt's packages that must fit the clang which is there: a
// linker of another major version does not read its objects.
var versioned = map[string]string{
	"clang": "clang-", "wasm-ld": "lld-", "llvm-ar": "llvm-", "libclang_rt.builtins-wasm32.a": "libclang-rt-%-dev-wasm32",
	"libc++": "libc++-%-dev-wasm32",
}

// installCommand is the command that installs the pieces on this system, or ""
// when no package manager that is here has them. Version is a major version
// that they must have; "" is any.
func installCommand(version string, pieces ...string) string {
	for _, m := range packageManagers {
		if _, err := exec.LookPath(m.program); err != nil {
			continue
		}
		if command := m.command(version, pieces, needsSudo()); command != "" {
			return command
		}
	}
	return ""
}

func (m packageManager) command(version string, pieces []string, sudo bool) string {
	var packages []string
	for _, piece := range pieces {
		name, ok := m.packages[piece]
		if form, exact := versioned[piece]; exact && version != "" && m.program == "apt-get" {
			name = withVersion(form, version)
		}
		if ok && !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	if len(packages) == 0 {
		return ""
	}
	command := m.install + " " + strings.Join(packages, " ")
	if m.sudo && sudo {
		command = "sudo " + command
	}
	return command
}

// withVersion puts a version in the place of "%", or at the end.
func withVersion(form, version string) string {
	if strings.Contains(form, "%") {
		return strings.Replace(form, "%", version, 1)
	}
	return form + version
}

func needsSudo() bool { return runtime.GOOS != "windows" && os.Geteuid() != 0 }
