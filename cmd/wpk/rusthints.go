package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/wpkdev/wpk/build"
)

// rustWASI is the target that rustup has to add.
const rustWASI = "wasm32-wasip1"

// dependencyHints say why packages that many programs depend on do not build
// for WASI preview 1, and what helps.
var dependencyHints = map[string]string{
	"tokio":             "works there with its features sync, macros, io-util, rt and time only: leave out full, net, fs, process, signal and rt-multi-thread",
	"mio":               "needs sockets, which WASI preview 1 does not have: leave out what waits for the network (tokio's net)",
	"socket2":           "needs sockets, which WASI preview 1 does not have: leave out what talks to the network",
	"hyper":             "needs sockets, which WASI preview 1 does not have: leave out what talks to the network",
	"openssl-sys":       "needs OpenSSL built for WASI: leave out TLS (for reqwest and others: default-features = false)",
	"ring":              "has code for each system, and none for this one: leave out TLS, or choose another provider of cryptography",
	"nix":               "is for Unix: leave it out with cfg(unix)",
	"signal-hook":       "needs signals, which WASI does not have: leave it out with cfg(unix)",
	"notify":            "watches files through the system, which WASI cannot: leave it out",
	"jemalloc-sys":      "is an allocator for real systems: leave it out, the one of the standard library serves",
	"mimalloc":          "is an allocator for real systems: leave it out, the one of the standard library serves",
	"libmimalloc-sys":   "is an allocator for real systems: leave it out, the one of the standard library serves",
	"tikv-jemalloc-sys": "is an allocator for real systems: leave it out, the one of the standard library serves",
}

// rustHint is the command that installs what is missing of Rust. rustup's
// compilers get their pieces from rustup, the others from the distribution.
func rustHint(e *build.MissingError) string {
	switch {
	case e.Toolchain != "":
		return "rustup toolchain install " + e.Toolchain + " --target " + e.Rustup
	case e.Rustup != "":
		return "rustup target add " + e.Rustup
	case e.Name == "rust-std-wasm32" && isDebianWeb():
		return "rustc-web has no package with it; " + installCommand("", "rustc", "cargo", e.Name, "wasm-ld") + " replaces it by a Rust that has"
	}
	command := installCommand("", append([]string{e.Name}, e.Also...)...)
	switch {
	case command == "":
		return "install Rust from https://rustup.rs, then rustup target add " + rustWASI
	case strings.Contains(strings.ToLower(command), "rustup"): // of systems whose own Rust has no WASI
		return command + ", then rustup default stable, then rustup target add " + rustWASI
	}
	return command
}

// isDebianWeb reports whether the machine's Rust is the one that Debian keeps
// for its web browsers: newer, and without a library for WebAssembly.
func isDebianWeb() bool {
	_, err := os.Stat("/usr/share/doc/rustc-web")
	return !errors.Is(err, fs.ErrNotExist)
}

// newerHint says how to get a newer Rust than the distribution's.
func newerHint(wanted string) string {
	hint := "the project needs " + wanted + " or newer: "
	if wanted == "Rust" {
		hint = "the project needs a newer Rust: "
	}
	if _, err := exec.LookPath("rustup"); err == nil {
		return hint + "rustup toolchain install stable --target " + rustWASI
	}
	return hint + "https://rustup.rs has it, then rustup target add " + rustWASI
}

// targetHint says what a project for web pages can do.
func targetHint(e *build.TargetError) string {
	if strings.HasPrefix(e.Where, "the dependency ") {
		return "wpk builds programs for WASI; keep wasm-bindgen to the web with [target.'cfg(target_os = \"unknown\")'.dependencies]"
	}
	return "wpk builds programs for WASI; when it also is one, CARGO_BUILD_TARGET=" + rustWASI + " says so (wasm-pack builds what is for web pages)"
}
