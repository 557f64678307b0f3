package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// needRust skips a test where no Rust can make WASI programs; in CI there is one.
func needRust(t *testing.T) {
	t.Helper()
	_, err := findRust(t.Context(), newTestJob(t, Options{Env: os.Environ()}))
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
}

// A pathExec is an Executor without processes on which each tool lies in a folder of its own: its keys are paths.
type pathExec map[string]fakeTool

func (e pathExec) LookPath(name string, env []string) (string, error) {
	paths := []string{name}
	if filepath.Base(name) == name {
		paths = nil
		for _, dir := range filepath.SplitList(getenv(env, "PATH")) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, p := range paths {
		if e[p] != nil {
			return p, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

func (e pathExec) Run(_ context.Context, c Command) error {
	out, exit := e[c.Path](c)
	_, _ = c.Stdout.Write([]byte(out))
	if exit != 0 {
		return &ToolError{Tool: filepath.Base(c.Path), ExitCode: exit}
	}
	return nil
}

// fakeRustc is a rustc that knows some targets; sysroot has libraries for some of them.
func fakeRustc(version, sysroot string, targets ...string) fakeTool {
	return func(c Command) (string, int) {
		switch c.Args[0] {
		case "-vV":
			return "rustc " + version + "\ncommit-hash: abc\nrelease: " + version + "\n", 0
		case "--print=sysroot":
			return sysroot, 0
		case "--print=target-list":
			return "wasm32-unknown-unknown\n" + strings.Join(targets, "\n"), 0
		case "--print=target-libdir":
			return filepath.Join(sysroot, "lib/rustlib", strings.TrimPrefix(c.Args[1], "--target="), "lib"), 0
		}
		return "", 1
	}
}

// fakeCargo is a cargo of some version that knows a project, and makes the tiny module of whatever program it should.
func fakeCargo(version string, ws cargoWorkspace) fakeTool {
	return func(c Command) (string, int) {
		switch c.Args[0] {
		case "-V":
			return "cargo " + version + " (abc 2026-01-01)", 0
		case "metadata":
			b, _ := json.Marshal(ws)
			return string(b), 0
		}
		out := filepath.Join(c.Dir, "out.wasm")
		_ = os.WriteFile(out, tinyModule, 0o600)
		bin := strings.TrimPrefix(c.Args[len(c.Args)-1], "--bin=")
		message, _ := json.Marshal(map[string]any{"reason": "compiler-artifact", "executable": out, "target": map[string]string{"name": bin}})
		return `{"reason":"build-script-executed","executable":null}` + "\n" + string(message) + "\nnot a message\n", 0
	}
}

// rustPackage is a package as cargo metadata tells it, in a folder.
func rustPackage(dir, name string, bins ...string) cargoPackage {
	p := cargoPackage{ID: name + " 1.0.0", Name: name, Version: "1.0.0", Manifest: filepath.Join(dir, cargoFile)}
	for kind, names := range map[string][]string{"bin": bins, "lib": {name}} {
		for _, n := range names {
			p.Targets = append(p.Targets, struct {
				Name string
				Kind []string
			}{n, []string{kind}})
		}
	}
	return p
}

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
			r, err := findRust(t.Context(), j)
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
			if got := (rustCompiler{path: r.path, target: r.target, cargo: r.cargo, linker: r.linker}); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// recorded keeps the last call of a tool with a first argument.
func recorded(c *Command, first string, tool fakeTool) fakeTool {
	return func(call Command) (string, int) {
		if call.Args[0] == first {
			*c = call
		}
		return tool(call)
	}
}

func TestRustArguments(t *testing.T) {
	sysroot := project(t, map[string]string{"lib/rustlib/wasm32-wasi" + stdPath: ""})
	for name, tt := range map[string]struct {
		files   map[string]string
		options RustOptions
		cargo   string
		env     []string
		args    []string // without --config, --jobs and --target-dir
		flags   []string // of rustc, without --remap-path-prefix
	}{
		"default": {
			cargo: "1.65.0",
			args:  []string{"build", "--message-format=json-render-diagnostics", "--target=wasm32-wasi", "--profile=release", "--bin=app"},
			flags: []string{"-Cstrip=debuginfo"},
		},
		"everything": {
			files:   map[string]string{"Cargo.lock": ""},
			options: RustOptions{Bin: "app", Package: "pkg", Features: []string{"a", "b"}, NoDefaultFeatures: true, Profile: "small"},
			cargo:   "1.77.0", env: []string{"RUSTFLAGS=-Clto=fat  --cfg x"},
			args: []string{
				"build", "--message-format=json-render-diagnostics", "--locked", "--target=wasm32-wasi", "--profile=small",
				"--no-default-features", "--features=a,b", "--bin=app",
			},
			flags: []string{"-Clto=fat", "--cfg", "x"},
		},
		"debug information asked for": {
			cargo: "1.65.0", env: []string{"CARGO_ENCODED_RUSTFLAGS=-C\x1fdebuginfo=2", "RUSTFLAGS=-Cnot-this"},
			args:  []string{"build", "--message-format=json-render-diagnostics", "--target=wasm32-wasi", "--profile=release", "--bin=app"},
			flags: []string{"-C", "debuginfo=2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{cargoFile: ""})
			for file := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ws := cargoWorkspace{Root: dir, Packages: []cargoPackage{rustPackage(dir, "pkg", "app")}}
			var c Command
			env := append(tt.env, "PATH=/usr", "HOME=/home/me", "CARGO_TARGET_DIR=x", "CARGO_NET_OFFLINE=true", "CARGO_PROFILE_RELEASE_LTO=true")
			m, err := Build(t.Context(), Options{Dir: dir, Rust: tt.options, Env: env, Jobs: 3, Cache: t.TempDir(), Exec: pathExec{
				"/usr/rustc": fakeRustc("1.63.0", sysroot, "wasm32-wasi"), "/usr/cargo": recorded(&c, "build", fakeCargo(tt.cargo, ws)), "/usr/rust-lld": brokenTool,
			}})
			if err != nil {
				t.Fatal(err)
			}
			config, work := "", ""
			args := slices.DeleteFunc(slices.Clone(c.Args), func(a string) bool {
				if v, ok := strings.CutPrefix(a, "--config="); ok {
					config = v
				}
				if v, ok := strings.CutPrefix(a, "--target-dir="); ok {
					work = filepath.Dir(v)
				}
				return a == "--jobs=3" || strings.HasPrefix(a, "--config=") || strings.HasPrefix(a, "--target-dir=")
			})
			if !slices.Equal(args, tt.args) || c.Dir != dir {
				t.Errorf("arguments %q in %s, want %q in %s", args, c.Dir, tt.args, dir)
			}
			_, list, _ := strings.Cut(config, ".rustflags=")
			var flags []string
			if err := json.Unmarshal([]byte(list), &flags); err != nil {
				t.Fatalf("%s: %v", config, err)
			}
			remap := func(m string) string { return "--remap-path-prefix=" + m }
			want := []string{
				remap(filepath.Join(sysroot, "lib/rustlib/src/rust") + "=/rustc/abc"), remap("/home/me/.cargo=cargo"),
				remap(dir + "=."), remap(work + "=work"),
			}
			if want = append(want, tt.flags...); !slices.Equal(flags, want) {
				t.Errorf("rustc's flags %q, want %q", flags, want)
			}
			for _, kv := range []string{"RUSTC=/usr/rustc", "CARGO_INCREMENTAL=0", "CARGO_NET_OFFLINE=true", "SOURCE_DATE_EPOCH=0"} {
				if !slices.Contains(c.Env, kv) {
					t.Errorf("environment %q lacks %q", c.Env, kv)
				}
			}
			if v := getenv(c.Env, "CARGO_TARGET_DIR") + getenv(c.Env, "RUSTFLAGS") + getenv(c.Env, "CARGO_ENCODED_RUSTFLAGS"); v != "" {
				t.Errorf("environment keeps %q", v)
			}
			f := m.Facts
			if f.Language != LanguageRust || f.Name != "app" || f.Package != "pkg" || f.Tools[0] != (Tool{"rustc", "1.63.0"}) || f.Tools[1] != (Tool{"cargo", tt.cargo}) {
				t.Errorf("facts %+v", f)
			}
			if got := f.Flags[len(f.Flags)-len(tt.flags):]; !slices.Equal(got, tt.flags) || !slices.Equal(f.Env, []string{"CARGO_PROFILE_RELEASE_LTO=true", "SOURCE_DATE_EPOCH=0"}) {
				t.Errorf("facts' flags %q, environment %q", f.Flags, f.Env)
			}
		})
	}
}

func TestRustPrograms(t *testing.T) {
	dir := t.TempDir()
	here := rustPackage(dir, "here", "x")
	one, two := rustPackage(filepath.Join(dir, "one"), "one", "x", "y"), rustPackage(filepath.Join(dir, "two"), "two", "x")
	lib, usual := rustPackage(filepath.Join(dir, "lib"), "lib"), rustPackage(filepath.Join(dir, "usual"), "usual", "a", "b")
	usual.DefaultRun = "b"
	for name, tt := range map[string]struct {
		packages   []cargoPackage
		defaults   []string
		options    RustOptions
		want       string // package/bin
		candidates []string
		what       string
		err        error
	}{
		"only one":            {packages: []cargoPackage{lib, two}, want: "two/x"},
		"the folder's own":    {packages: []cargoPackage{here, one, two}, want: "here/x"},
		"the default members": {packages: []cargoPackage{one, two}, defaults: []string{two.ID}, want: "two/x"},
		"the default program": {packages: []cargoPackage{usual}, want: "usual/b"},
		"another program":     {packages: []cargoPackage{usual}, options: RustOptions{Bin: "a"}, want: "usual/a"},
		"by package":          {packages: []cargoPackage{here, one, two}, options: RustOptions{Package: "two"}, want: "two/x"},
		"by folder":           {packages: []cargoPackage{here, one, two}, options: RustOptions{Package: "./two"}, want: "two/x"},
		"by program":          {packages: []cargoPackage{one, two}, options: RustOptions{Bin: "y"}, want: "one/y"},
		"several":             {packages: []cargoPackage{one}, what: "programs", candidates: []string{"x", "y"}},
		"of the same name":    {packages: []cargoPackage{two, one}, options: RustOptions{Bin: "x"}, what: "packages", candidates: []string{"one", "two"}},
		"a library":           {packages: []cargoPackage{lib}, err: ErrNoRustProgram},
		"no such program":     {packages: []cargoPackage{one}, options: RustOptions{Bin: "z"}, err: ErrNoRustProgram},
		"no such package":     {packages: []cargoPackage{one}, options: RustOptions{Package: "z"}, err: ErrNoRustProgram},
	} {
		t.Run(name, func(t *testing.T) {
			ws := &cargoWorkspace{Root: dir, Packages: tt.packages, Defaults: tt.defaults}
			p, err := ws.program(&job{Options: Options{Dir: dir, Rust: tt.options}})
			var several *AmbiguousError
			switch {
			case tt.candidates != nil:
				if !errors.As(err, &several) || several.What != tt.what || !slices.Equal(several.Candidates, tt.candidates) {
					t.Errorf("got %v, want the %s %q", err, tt.what, tt.candidates)
				}
			case !errors.Is(err, tt.err):
				t.Errorf("got %v, want %v", err, tt.err)
			case err == nil && p.pkg.Name+"/"+p.bin != tt.want:
				t.Errorf("got %s/%s, want %s", p.pkg.Name, p.bin, tt.want)
			}
		})
	}
}

// TestRustPathsStayOut builds a workspace with a build script's code, a library beside the program and a dependency
// below CARGO_HOME, all of which panic, in two folders with two homes.
func TestRustPathsStayOut(t *testing.T) {
	needRust(t)
	one, two := buildWorkspace(t, "a"), buildWorkspace(t, "another folder/x=y")
	if one.Digest != two.Digest {
		t.Errorf("%s in one folder, %s in another", one.Digest, two.Digest)
	}
	for _, place := range []string{"app/src/main.rs", "lib/src/lib.rs", "cargo/vendor/dep-1.0.0/src/lib.rs"} {
		if !bytes.Contains(one.Wasm, []byte(place)) {
			t.Errorf("no place in %s", place)
		}
	}
}

func buildWorkspace(t *testing.T, folder string) *Module {
	t.Helper()
	const code = "pub fn f(n: usize) -> usize { if n > 9 { panic!(\"too many: {}\", n) }; n }\n"
	const dep = "cargo home/vendor/dep-1.0.0/"
	root := project(t, map[string]string{
		"src/Cargo.toml":             "[workspace]\nmembers = [\"app\", \"lib\"]\n",
		"src/lib/Cargo.toml":         "[package]\nname = \"lib\"\nversion = \"1.0.0\"\n",
		"src/lib/src/lib.rs":         code,
		"src/app/Cargo.toml":         "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\nlib = { path = \"../lib\" }\ndep = \"1\"\n",
		"src/app/build.rs":           "fn main() { std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/g.rs\", r#\"" + code + "\"#).unwrap() }\n",
		"src/app/src/main.rs":        "mod g { include!(concat!(env!(\"OUT_DIR\"), \"/g.rs\")); }\nfn main() { let n = std::env::args().count(); println!(\"{}\", g::f(n) + lib::f(n) + dep::f(n)); if n > 7 { panic!(\"seven\") } }\n",
		dep + "Cargo.toml":           "[package]\nname = \"dep\"\nversion = \"1.0.0\"\n",
		dep + "src/lib.rs":           code,
		dep + ".cargo-checksum.json": `{"files":{},"package":"` + strings.Repeat("0", 64) + `"}`,
	})
	dir, home := filepath.Join(root, "src"), filepath.Join(root, "cargo home")
	config := "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = '" + filepath.Join(home, "vendor") + "'\n"
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), filepath.FromSlash(folder))
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := listFiles(t, moved)
	var said strings.Builder
	m, err := Build(t.Context(), Options{Dir: moved, Env: setenv(os.Environ(), "CARGO_HOME="+home, "CARGO_NET_OFFLINE=true"), Cache: t.TempDir(), Output: &said})
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if after := listFiles(t, moved); !slices.Equal(before, after) {
		t.Errorf("the build changed the sources: %q, before %q", after, before)
	}
	if i := bytes.Index(m.Wasm, []byte(os.TempDir()+"/")); i >= 0 {
		t.Errorf("the module names a folder of this machine: %q", m.Wasm[i:min(i+100, len(m.Wasm))])
	}
	return m
}
