package build

import (
	"errors"
	"slices"
	"testing"
)

// TestRustCauses holds what cargo and rustc said, from 1.63 to 1.96.
func TestRustCauses(t *testing.T) {
	cc := &MissingError{Kind: KindTool, Name: "clang"}
	for name, tt := range map[string]struct {
		said    string
		sysroot string
		cc      error
		want    []Cause
		missing *MissingError
	}{
		"nothing known": {said: "error[E0425]: cannot find function `nothing`\nerror: could not compile `app` due to previous error\n"},
		"a dependency, old words": {
			said: "error: could not compile `mio` due to 43 previous errors\n", want: []Cause{{CauseDependency, "mio"}},
		},
		"a dependency, new words": {
			said: "error: could not compile `tokio` (lib) due to 1 previous error\nwarning: build failed\n", want: []Cause{{CauseDependency, "tokio"}},
		},
		"a build script": {
			said: "error: failed to run custom build command for `openssl-sys v0.9.103`\n", want: []Cause{{CauseDependency, "openssl-sys"}},
		},
		"C code without a compiler": {
			said: "error: failed to run custom build command for `ring v0.17.8`\n  error occurred: Failed to find tool. Is `clang` installed?\n", cc: cc,
			missing: &MissingError{Kind: KindTool, Name: "clang", Purpose: "compiles the C code of the dependency ring"},
		},
		"C code for another system": {
			said: "error: failed to run custom build command for `resolv-sys v0.3.0`\n  cargo:warning=src/lookup.c:3:10: fatal error: 'netdb.h' file not found\n",
			want: []Cause{{CauseDependency, "resolv-sys"}, {CauseSockets, "<netdb.h>"}},
		},
		"edition, 1.63": {
			said: "  feature `edition2024` is required\n", want: []Cause{{CauseOldTool, "Rust 1.85"}},
		},
		"edition, newer": {
			said: "this version of Cargo is older than the `2024` edition, and only supports `2015`, `2018`, and `2021` editions.\n",
			want: []Cause{{CauseOldTool, "Rust 1.85"}},
		},
		"a dependency for a newer Rust": {
			said: "error: package `libc v0.2.191` cannot be built because it requires rustc 1.65 or newer, while the currently active rustc version is 1.63.0\n",
			want: []Cause{{CauseOldTool, "Rust 1.65"}},
		},
		"the same, of 1.80 and later": {
			said: "error: rustc 1.80.0 is not supported by the following packages:\n  clap@4.6.0 requires rustc 1.85\n  time@0.4.0 requires rustc 1.88.0\n",
			want: []Cause{{CauseOldTool, "Rust 1.88.0"}},
		},
		"lock file": {
			said: "error: failed to parse lock file at: /x/Cargo.lock\n\nCaused by:\n  lock file version `4` was found, but this version of Cargo does not understand this lock file\n",
			want: []Cause{{CauseOldTool, "Rust 1.78"}},
		},
		"lock file, 1.78": {said: "lock file version 4 requires `-Znext-lockfile-bump`\n", want: []Cause{{CauseOldTool, "Rust 1.78"}}},
		"no network": {
			said: "error: failed to download from `https://index.crates.io/config.json`\n  [6] Could not resolve host\n", want: []Cause{{Kind: CauseDownload}},
		},
		"rustup's std": {
			said:    "error[E0463]: can't find crate for `std`\n  |\n  = note: the `wasm32-wasip1` target may not be installed\n  = help: consider downloading the target with `rustup target add wasm32-wasip1`\n",
			sysroot: "/home/me/.rustup/toolchains/stable", missing: &MissingError{Kind: KindTarget, Name: "rust-std-wasm32", Rustup: "wasm32-wasip1"},
		},
		"a distribution's std": {
			said:    "error[E0463]: can't find crate for `std`\n  = note: the `wasm32-wasi` target may not be installed\n",
			missing: &MissingError{Kind: KindTarget, Name: "rust-std-wasm32"},
		},
		"the machine's own std": {
			said:    "error[E0463]: can't find crate for `std`\n  = note: the `x86_64-unknown-linux-gnu` target may not be installed\n",
			missing: &MissingError{Kind: KindTarget, Name: "rust-std"},
		},
		"an unknown target": {
			said:    "error: Error loading target specification: Could not find specification for target \"wasm32-wasip1\". Run `rustc --print target-list`\n",
			missing: &MissingError{Kind: KindTarget, Name: "rust-std-wasm32"},
		},
		"an unknown target, 1.95": {
			said:    "error: error loading target specification: could not find specification for target \"wasm32-wasi\"\n",
			missing: &MissingError{Kind: KindTarget, Name: "rust-std-wasm32"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cargoCommand{rust: &rustCompiler{sysroot: tt.sysroot}, cc: tt.cc, ws: &cargoWorkspace{Packages: []cargoPackage{{Name: "app"}}}}
			err := c.explain(&ToolError{Tool: "cargo", ExitCode: 101}, tt.said)
			var missing *MissingError
			var failed *ToolError
			switch {
			case errors.As(err, &missing):
				if w := tt.missing; w == nil || missing.Kind != w.Kind || missing.Name != w.Name || missing.Rustup != w.Rustup || (w.Purpose != "" && w.Purpose != missing.Purpose) {
					t.Errorf("got %+v, want %+v", missing, w)
				}
			case !errors.As(err, &failed) || tt.missing != nil || !slices.Equal(failed.Causes, tt.want):
				t.Errorf("got %v with %v, want %v", err, failed.Causes, tt.want)
			}
		})
	}
}
