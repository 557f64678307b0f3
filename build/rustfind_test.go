package build

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const stdPath = "/lib/libstd-1a2b.rlib"

func TestFindRust(t *testing.T) {
	std := project(t, map[string]string{
		"none/":                                 "",
		"old/lib/rustlib/wasm32-wasi" + stdPath: "", "new/lib/rustlib/wasm32-wasip1" + stdPath: "",
		"toolchains/stable/": "", "own/lib/rustlib/wasm32-wasip1" + stdPath: "", "own/lib/rustlib/host/bin/rust-lld": "",
	})
	at := func(name string) string { return filepath.Join(std, name) }
	rustup := fakeRustc("1.95.0", at("toolchains/stable"), "wasm32-wasip1", "wasm32-wasip2")
	old := fakeRustc("1.63.0", at("old"), "wasm32-wasi")
	bothNames := fakeRustc("1.80.0", at("old"), "wasm32-wasi", "wasm32-wasip1")
	recent := fakeRustc("1.96.0", at("new"), "wasm32-wasip1")
	modern := func(c Command) (string, int) {
		out, exit := recent(c)
		return strings.Replace(out, "release:", "LLVM version: 22.1.8\nrelease:", 1), exit
	}
	cargo, lld := fakeCargo("1.65.0", cargoWorkspace{}), fakeTool(brokenTool)
	for name, tt := range map[string]struct {
		tools pathExec
		env   []string
		want  rustCompiler // path, target, cargo and linker
		err   *MissingError
	}{
		"behind rustup": {
			tools: pathExec{"/home/rustc": rustup, "/home/cargo": cargo, "/usr/rustc": old, "/usr/cargo": cargo, "/usr/rust-lld": lld},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasi", cargo: "/usr/cargo"},
		},
		"behind a broken one": {
			tools: pathExec{"/home/rustc": brokenTool, "/usr/rustc": recent, "/usr/cargo": cargo, "/usr/rust-lld": lld},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasip1", cargo: "/usr/cargo"},
		},
		"the older name installed": {
			tools: pathExec{"/usr/rustc": bothNames, "/usr/cargo": cargo, "/usr/rust-lld": lld},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasi", cargo: "/usr/cargo"},
		},
		"RUSTC with a version": {
			tools: pathExec{"/opt/rustc-1.96": recent, "/opt/cargo-1.96": cargo, "/opt/cargo": cargo, "/usr/rustc": old, "/usr/rust-lld": lld},
			env:   []string{"RUSTC=/opt/rustc-1.96"},
			want:  rustCompiler{path: "/opt/rustc-1.96", target: "wasm32-wasip1", cargo: "/opt/cargo-1.96"},
		},
		"RUSTC that cannot": {
			tools: pathExec{"/home/rustc": rustup, "/usr/rustc": old, "/home/cargo": cargo, "/usr/rust-lld": lld},
			env:   []string{"RUSTC=/home/rustc"},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasi", cargo: "/home/cargo"},
		},
		"a linker to name": {
			tools: pathExec{"/usr/rustc": old, "/usr/cargo": cargo, "/usr/wasm-ld-14": lld},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasi", cargo: "/usr/cargo", linker: "/usr/wasm-ld-14"},
		},
		"the linker of its LLVM": {
			tools: pathExec{"/usr/rustc": modern, "/usr/cargo": cargo, "/usr/rust-lld": lld, "/usr/wasm-ld-22": lld},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasip1", cargo: "/usr/cargo", linker: "/usr/wasm-ld-22"},
		},
		"the caller's linker": {
			tools: pathExec{"/usr/rustc": old, "/usr/cargo": cargo, "/usr/wasm-ld-14": lld},
			env:   []string{"CARGO_TARGET_WASM32_WASI_LINKER=mine"},
			want:  rustCompiler{path: "/usr/rustc", target: "wasm32-wasi", cargo: "/usr/cargo"},
		},
		"its own linker": {
			tools: pathExec{
				"/usr/rustc": fakeRustc("1.95.0", at("own"), "wasm32-wasip1"), "/usr/cargo": cargo, "/usr/wasm-ld": lld,
				at("own/lib/rustlib/host/bin/rust-lld"): lld,
			},
			want: rustCompiler{path: "/usr/rustc", target: "wasm32-wasip1", cargo: "/usr/cargo"},
		},
		"nothing": {err: &MissingError{Kind: KindTool, Name: "rustc", Also: []string{"cargo", "rust-std-wasm32", "wasm-ld"}}},
		"rustup without the target": {
			tools: pathExec{"/home/rustc": rustup, "/home/cargo": cargo},
			err:   &MissingError{Kind: KindTarget, Name: "rust-std-wasm32", Rustup: "wasm32-wasip1"},
		},
		"neither has the target": {
			tools: pathExec{"/home/rustc": rustup, "/home/cargo": cargo, "/usr/rustc": fakeRustc("1.85.0", at("none"), "wasm32-wasip1")},
			err:   &MissingError{Kind: KindTarget, Name: "rust-std-wasm32", Also: []string{"wasm-ld"}},
		},
		"no cargo":  {tools: pathExec{"/usr/rustc": old}, err: &MissingError{Kind: KindTool, Name: "cargo", Also: []string{"wasm-ld"}}},
		"no linker": {tools: pathExec{"/usr/rustc": old, "/usr/cargo": cargo}, err: &MissingError{Kind: KindTool, Name: "wasm-ld"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := "PATH=" + strings.Join([]string{"/home", "/usr"}, string(filepath.ListSeparator))
			j := newTestJob(t, Options{Env: append(tt.env, path), Exec: tt.tools})
			r, err := newRustFinder(j).next(t.Context(), "")
			if tt.err != nil {
				var got *MissingError
				if !errors.As(err, &got) || got.Kind != tt.err.Kind || got.Name != tt.err.Name || got.Rustup != tt.err.Rustup || !slices.Equal(got.Also, tt.err.Also) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := (rustCompiler{path: r.path, target: r.target, cargo: r.cargo, linker: r.linker}); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
