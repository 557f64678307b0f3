package build

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// needRust skips a test where no Rust can make WASI programs; in CI there is one.
func needRust(t *testing.T) {
	t.Helper()
	_, err := newRustFinder(newTestJob(t, Options{Env: os.Environ()})).next(t.Context(), "")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
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
			options: RustOptions{Bin: "app", Package: "pkg", Features: []string{"a", "b"}, NoDefaultFeatures: true, Profile: "small", LDFlags: []string{"--gc"}},
			cargo:   "1.77.0", env: []string{"RUSTFLAGS=-Clto=fat  --cfg x"},
			args: []string{
				"build", "--message-format=json-render-diagnostics", "--locked", "--target=wasm32-wasi", "--profile=small",
				"--no-default-features", "--features=a,b", "--bin=app",
			},
			flags: []string{"-Clto=fat", "--cfg", "x", "-Clink-arg=--gc"},
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
			m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Rust: tt.options}, Env: env, Jobs: 3, Cache: t.TempDir(), Exec: pathExec{
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
			slices.Sort(want)
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
			if f.Language != LanguageRust || f.Name != "app" || f.Package != "pkg" || f.Tools[0] != (Tool{Name: "rustc", Version: "1.63.0"}) || f.Tools[1] != (Tool{Name: "cargo", Version: tt.cargo}) {
				t.Errorf("facts %+v", f)
			}
			if got := f.Flags[len(f.Flags)-len(tt.flags):]; !slices.Equal(got, tt.flags) || !slices.Equal(f.Env, []string{"CARGO_PROFILE_RELEASE_LTO=true", "SOURCE_DATE_EPOCH=0"}) {
				t.Errorf("facts' flags %q, environment %q", f.Flags, f.Env)
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
