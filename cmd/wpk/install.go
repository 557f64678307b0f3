package main

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// packageManager is one way to install programs, with wpk's names of pieces
// mapped to its packages. A piece that it has no package of is mapped to "":
// a test looks that none was forgotten.
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
// wasi-libc by itself once the three other packages are there. Fedora has the
// archives of wasi-libc in a package of their own. Homebrew's rust-wasm wants
// flags of its own for cargo, so rustup it is there.
var packageManagers = []packageManager{
	{"apt-get", "apt-get install -y", true, map[string]string{
		"rustc": "rustc", "cargo": "cargo", "rust-std": "libstd-rust-dev", "rust-std-wasm32": "libstd-rust-dev-wasm32",
		"go": "golang-go", "tinygo": "", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "libclang-rt-dev-wasm32", "libc++": "libc++-dev-wasm32",
		"llvm-ar": "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja-build", "meson": "meson",
		"zig": "", "git": "git", "qemu": "qemu-user", "sh": "dash",
		"node": "nodejs", "npm": "npm", "pip3": "python3-pip", "python3": "python3", "pipx": "pipx",
		"cc": "gcc libc6-dev", "patch": "patch", "xz": "xz-utils", "tclsh": "tcl", "zic": "libc-bin",
		"jco": "", "wasi-adapter": "", "wasm-tools": "", "asc": "", "componentize-py": "", "wasm-opt": "binaryen",
		"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "autopoint", "debian-archive-keyring": "debian-archive-keyring",
	}},
	{"dnf", "dnf install -y", true, map[string]string{
		"rustc": "rust", "cargo": "cargo", "rust-std": "rust-std-static", "rust-std-wasm32": "rust-std-static-wasm32-wasip1",
		"go": "golang", "tinygo": "tinygo", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc-devel wasi-libc-static",
		"libclang_rt.builtins-wasm32.a": "compiler-rt", "libc++": "",
		"llvm-ar": "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja-build", "meson": "meson",
		"zig": "zig", "git": "git", "qemu": "qemu-user", "sh": "bash",
		"node": "nodejs", "npm": "nodejs-npm", "pip3": "python3-pip", "python3": "python3", "pipx": "pipx",
		"cc": "gcc", "patch": "patch", "xz": "xz", "tclsh": "tcl", "zic": "glibc-common",
		"jco": "", "wasi-adapter": "", "wasm-tools": "", "asc": "", "componentize-py": "", "wasm-opt": "binaryen",
		"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext-devel", "debian-archive-keyring": "debian-keyring",
	}},
	{"apk", "apk add", true, map[string]string{
		"rustc": "rust", "cargo": "cargo", "rust-std": "rust", "rust-std-wasm32": "rust-wasm",
		"go": "go", "tinygo": "", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-compiler-rt", "libc++": "wasi-libcxx",
		"llvm-ar": "llvm", "cmake": "cmake", "make": "make", "ninja": "samurai", "meson": "meson",
		"zig": "zig", "git": "git", "sh": "busybox",
		"qemu": "qemu-aarch64 qemu-riscv64 qemu-s390x qemu-ppc64le qemu-arm qemu-i386 qemu-x86_64",
		"node": "nodejs", "npm": "npm", "pip3": "py3-pip", "python3": "python3", "pipx": "pipx",
		"cc": "build-base", "patch": "patch", "xz": "xz", "tclsh": "tcl", "zic": "tzdata-utils",
		"jco": "", "wasi-adapter": "", "wasm-tools": "wasm-tools", "asc": "", "componentize-py": "", "wasm-opt": "binaryen",
		"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext-dev", "debian-archive-keyring": "debian-archive-keyring",
	}},
	{"pacman", "pacman -S --needed", true, map[string]string{
		"rustc": "rust", "cargo": "rust", "rust-std": "rust", "rust-std-wasm32": "rust-wasm",
		"go": "go", "tinygo": "tinygo", "clang": "clang", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-compiler-rt", "libc++": "wasi-libc++ wasi-libc++abi",
		"llvm-ar": "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja", "meson": "meson",
		"zig": "zig", "git": "git", "qemu": "qemu-user-static", "sh": "bash",
		"node": "nodejs", "npm": "npm", "pip3": "python-pip", "python3": "python", "pipx": "python-pipx",
		"cc": "gcc", "patch": "patch", "xz": "xz", "tclsh": "tcl", "zic": "tzdata",
		"jco": "", "wasi-adapter": "", "wasm-tools": "wasm-tools", "asc": "", "componentize-py": "", "wasm-opt": "binaryen",
		"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext", "debian-archive-keyring": "debian-archive-keyring",
	}},
	{"brew", "brew install", false, map[string]string{
		"rustc": "rustup", "cargo": "rustup", "rust-std": "rustup", "rust-std-wasm32": "rustup",
		"go": "go", "tinygo": "tinygo", "clang": "llvm", "wasm-ld": "lld", "wasi-libc": "wasi-libc",
		"libclang_rt.builtins-wasm32.a": "wasi-runtimes", "libc++": "wasi-runtimes",
		"llvm-ar": "llvm", "cmake": "cmake", "make": "make", "ninja": "ninja", "meson": "meson",
		"zig": "zig", "git": "git", "qemu": "", "sh": "",
		"node": "node", "npm": "node", "pip3": "python", "python3": "python", "pipx": "pipx",
		"cc": "gcc", "patch": "gpatch", "xz": "xz", "tclsh": "tcl-tk", "zic": "",
		"jco": "", "wasi-adapter": "", "wasm-tools": "wasm-tools", "asc": "", "componentize-py": "", "wasm-opt": "binaryen",
		"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "autopoint": "gettext", "debian-archive-keyring": "",
	}},
	{"winget", "winget install", false, map[string]string{
		"rustc": "Rustlang.Rustup", "cargo": "Rustlang.Rustup", "rust-std": "Rustlang.Rustup", "rust-std-wasm32": "Rustlang.Rustup",
		"go": "GoLang.Go", "tinygo": "", "clang": "zig.zig", "wasm-ld": "", "wasi-libc": "",
		"libclang_rt.builtins-wasm32.a": "", "libc++": "",
		"llvm-ar": "", "cmake": "Kitware.CMake", "make": "ezwinports.make", "ninja": "Ninja-build.Ninja", "meson": "mesonbuild.meson",
		"zig": "zig.zig", "git": "Git.Git", "qemu": "", "sh": "Git.Git",
		"node": "OpenJS.NodeJS", "npm": "OpenJS.NodeJS", "pip3": "Python.Python.3.13", "python3": "Python.Python.3.13", "pipx": "",
		"cc": "", "patch": "Git.Git", "xz": "", "tclsh": "", "zic": "",
		"jco": "", "wasi-adapter": "", "wasm-tools": "", "asc": "", "componentize-py": "", "wasm-opt": "",
		"autoreconf": "", "automake": "", "libtoolize": "", "autopoint": "", "debian-archive-keyring": "",
	}},
}

// languageInstallers bring what systems do not package. The installer itself
// is a piece that a system has. jco carries the adapter that wasm-tools lacks.
var languageInstallers = []packageManager{
	{"npm", "npm install -g", false, map[string]string{
		"jco": "@bytecodealliance/jco", "wasi-adapter": "@bytecodealliance/jco",
		"asc": "assemblyscript", "wasm-opt": "binaryen",
	}},
	{"cargo", "cargo install --locked", false, map[string]string{"wasm-tools": "wasm-tools"}},
	{"pipx", "pipx install", false, map[string]string{"componentize-py": "componentize-py"}},
	// Distributions keep pip from their own packages; --user stays away from them.
	{"pip3", "pip3 install --user --break-system-packages", false, map[string]string{"zig": "ziglang"}},
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
	return machine{
		has:  func(program string) bool { _, err := exec.LookPath(program); return err == nil },
		sudo: needsSudo(),
	}.command(version, pieces)
}

// A machine is what the command depends on.
type machine struct {
	has  func(program string) bool
	sudo bool
}

// command puts the system's packages first, and among them the installer of
// the packages that no system has.
func (m machine) command(version string, pieces []string) string {
	var left, commands []string
	for _, piece := range pieces {
		switch i := slices.IndexFunc(languageInstallers, func(i packageManager) bool { return i.packages[piece] != "" }); {
		case m.system([]string{piece}) != nil, i < 0:
			left = append(left, piece)
		default:
			installer := languageInstallers[i]
			if !m.has(installer.program) {
				left = append(left, installer.program)
			}
			if command := installer.command("", []string{piece}, false); !slices.Contains(commands, command) {
				commands = append(commands, command)
			}
		}
	}
	if s := m.system(left); s != nil {
		commands = append([]string{s.command(version, left, m.sudo)}, commands...)
	}
	return strings.Join(commands, " && ")
}

// system is the first package manager here that has one of the pieces.
func (m machine) system(pieces []string) *packageManager {
	for i, p := range packageManagers {
		if m.has(p.program) && p.command("", pieces, false) != "" {
			return &packageManagers[i]
		}
	}
	return nil
}

func (m packageManager) command(version string, pieces []string, sudo bool) string {
	var packages []string
	for _, piece := range pieces {
		name := m.packages[piece]
		if form, exact := versioned[piece]; exact && version != "" && m.program == "apt-get" {
			name = withVersion(form, version)
		}
		if name != "" && !slices.Contains(packages, name) {
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
