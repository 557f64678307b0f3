package build

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestBuildTarget(t *testing.T) {
	for config, want := range map[string]string{
		"[build]\ntarget = \"wasm32-unknown-unknown\"\n":                                        "wasm32-unknown-unknown",
		"# [build]\nbuild.target='x'":                                                           "x",
		"[ build ] # mine\r\n  target = [\"a\", \"b\"]\r\n":                                     "a",
		"[target.wasm32-unknown-unknown]\nrunner = \"x\"\n[build]\njobs = 1\n":                  "",
		"[build]\ntarget-dir = \"x\"\n[alias]\ntarget = \"y\"\n":                                "",
		"[build]\n#target = \"x\"\n":                                                            "",
		"target = \"x\"\n[build":                                                                "",
		"[build]\ntarget = wasm32\n[env]\nbuild.target = \"wasm32-unknown-unknown\"\n[build]\n": "",
	} {
		if got := buildTarget([]byte(config)); got != want {
			t.Errorf("%q: %q, want %q", config, got, want)
		}
	}
}

func TestChannel(t *testing.T) {
	for text, want := range map[string]string{
		"1.70\n": "1.70", "[toolchain]\nchannel = \"nightly-2026-01-01\"\ntargets = [\"x\"]\n": "nightly-2026-01-01",
		"[toolchain]\npath = \"/x\"\n": "", "": "", "a\nb": "",
	} {
		if got := channelOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzRustFiles(f *testing.F) {
	f.Add([]byte("[build]\ntarget = ['x']"))
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"b\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = buildTarget(b)
		_ = channelOf(string(b))
		name := filepath.Join(t.TempDir(), cargoLock)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = readLock(name)
		_, _ = readMessages(b, &rustProgram{bin: "a"})
		_, _ = neededRust(string(b))
	})
}

func TestReadLock(t *testing.T) {
	dir := project(t, map[string]string{cargoLock: "version = 3\r\n\r\n[[package]]\r\nname = \"a\"\r\nversion = \"1\"\r\nsource = \"registry+https://x\"\r\n" +
		"\r\n[[package]]\nname = \"b\"\nversion = \"1\"\ndependencies = [\n \"a\",\n]\n"})
	want := []lockedPackage{{"a", false}, {"b", true}}
	if got := readLock(filepath.Join(dir, cargoLock)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := readLock(filepath.Join(dir, "none")); got != nil {
		t.Errorf("got %v", got)
	}
	ws := &cargoWorkspace{Packages: []cargoPackage{{Name: "c"}}}
	if !ws.patched(want) || ws.patched([]lockedPackage{{"c", true}, {"a", false}}) {
		t.Error("a patched package is taken for a member, or a member for a patched one")
	}
}

// TestCrateNamer runs the script that stands before rustc, with folders that a shell has to be told about.
func TestCrateNamer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no shell")
	}
	dir := project(t, map[string]string{"a 'b/rustc": "#!/bin/sh\nfor a; do echo \"$a\"; done\n", "home/": "", "k $x/": ""})
	rustc := filepath.Join(dir, "a 'b", "rustc")
	if err := os.Chmod(rustc, 0o700); err != nil { // #nosec G302 -- a program
		t.Fatal(err)
	}
	c := &cargoCommand{
		job:  &job{Options: Options{Env: []string{"CARGO_HOME=" + filepath.Join(dir, "home")}}},
		rust: &rustCompiler{path: rustc}, ws: &cargoWorkspace{Root: filepath.Join(dir, "ws")}, kept: &kept{dir: filepath.Join(dir, "k $x")},
	}
	if err := c.nameCrates(); err != nil {
		t.Fatal(err)
	}
	named := getenv(c.env, "RUSTC")
	for name, tt := range map[string]struct {
		manifest string
		args     []string
		want     []string
	}{
		"a question": {args: []string{"-vV", "--print", "a b"}, want: []string{"-vV", "--print", "a b"}},
		"inside": {
			manifest: filepath.Join(dir, "ws", "lib"), args: []string{"--crate-name", "x", "-C", "metadata=1f", "-C", "extra-filename=-1f", "a b"},
			want: []string{"--crate-name", "x", "-C", "metadata=lib 1.0.0 x", "-C", "extra-filename=-1f", "a b"},
		},
		"outside": {
			manifest: filepath.Join(dir, "beside"), args: []string{"--cfg", `feature="s"`, "-C", "metadata=1f", "--target", "t"},
			want: []string{"--cfg", `feature="s"`, "-C", `metadata=lib 1.0.0 feature="s" t`, "--target", "t", "--remap-path-prefix=" + filepath.Join(dir, "beside") + "=lib-1.0.0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(named, tt.args...)
			cmd.Env = []string{"CARGO_PKG_NAME=lib", "CARGO_PKG_VERSION=1.0.0", "CARGO_MANIFEST_DIR=" + tt.manifest}
			out, err := cmd.CombinedOutput()
			if got := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%v: got %q, want %q", err, got, tt.want)
			}
		})
	}
}

func TestRustToolchainFile(t *testing.T) {
	sysroot := project(t, map[string]string{"lib/rustlib/wasm32-wasi" + stdPath: ""})
	dir := project(t, map[string]string{cargoFile: "", "rust-toolchain.toml": "[toolchain]\nchannel = \"1.70\"\n"})
	ws := cargoWorkspace{Root: dir, Packages: []cargoPackage{rustPackage(dir, "pkg", "app")}}
	tools := pathExec{
		"/home/rustc": brokenTool, "/home/cargo": brokenTool, "/usr/rust-lld": brokenTool,
		"/usr/rustc": fakeRustc("1.63.0", sysroot, "wasm32-wasi"), "/usr/cargo": fakeCargo("1.65.0", ws),
	}
	options := Options{Dir: dir, Env: []string{"PATH=/home:/usr"}, Cache: t.TempDir(), Exec: tools}
	m, err := Build(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Warnings) != 1 || m.Warnings[0].Where != "rust-toolchain.toml" || !strings.Contains(m.Warnings[0].Text, "1.70") {
		t.Errorf("warnings %v", m.Warnings)
	}
	delete(tools, "/usr/rustc")
	_, err = Build(t.Context(), options)
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Toolchain != "1.70" || missing.Rustup != "wasm32-wasip1" {
		t.Errorf("got %v", err)
	}
}

// TestRustC looks at how build scripts are led to the C compiler.
func TestRustC(t *testing.T) {
	sysroot := project(t, map[string]string{"lib/rustlib/wasm32-wasip1" + stdPath: ""})
	dir := project(t, map[string]string{cargoFile: "", cargoLock: "[[package]]\nname = \"cc\"\nsource = \"registry+x\"\n"})
	ws := cargoWorkspace{Root: dir, Packages: []cargoPackage{rustPackage(dir, "pkg", "app")}}
	var c Command
	tools := pathExec{
		"/usr/rust-lld": brokenTool, "/usr/clang": fakeClang, "/usr/llvm-ar": brokenTool,
		"/usr/rustc": fakeRustc("1.96.0", sysroot, "wasm32-wasip1"), "/usr/cargo": recorded(&c, "build", fakeCargo("1.96.0", ws)),
	}
	options := Options{Dir: dir, Env: []string{"PATH=/usr"}, Cache: t.TempDir(), Exec: tools}
	if _, err := Build(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	if cc, ar := getenv(c.Env, "CC_wasm32_wasip1"), getenv(c.Env, "AR_wasm32_wasip1"); cc != "/usr/clang" || ar != "/usr/llvm-ar" {
		t.Errorf("CC %q, AR %q", cc, ar)
	}
	if flags := getenv(c.Env, "CFLAGS_wasm32_wasip1"); !strings.Contains(flags, "--target=wasm32-wasi") || !strings.Contains(flags, "-ffile-prefix-map="+dir+"=.") {
		t.Errorf("CFLAGS %q", flags)
	}
	options.Env = append(options.Env, "CC_wasm32_wasip1=mine")
	if _, err := Build(t.Context(), options); err != nil || getenv(c.Env, "CC_wasm32_wasip1") != "mine" || getenv(c.Env, "CFLAGS_wasm32_wasip1") != "" {
		t.Errorf("the caller's compiler is not left alone: %v", err)
	}
}

func TestRustComponents(t *testing.T) {
	both := project(t, map[string]string{"lib/rustlib/wasm32-wasip1" + stdPath: "", "lib/rustlib/wasm32-wasip2" + stdPath: ""})
	for name, tt := range map[string]struct {
		target, want string
		linker       bool
	}{
		"a module":            {TargetWASIP1, "wasm32-wasip1", true},
		"a component":         {TargetWASIP2, "wasm32-wasip2", true},
		"no linker for those": {TargetWASIP2, "wasm32-wasip1", false},
	} {
		t.Run(name, func(t *testing.T) {
			tools := pathExec{"/usr/rustc": fakeRustc("1.96.0", both, "wasm32-wasip1", "wasm32-wasip2"), "/usr/cargo": fakeCargo("1.96.0", cargoWorkspace{}), "/usr/rust-lld": brokenTool}
			if tt.linker {
				tools["/usr/wasm-component-ld"] = brokenTool
			}
			j := newTestJob(t, Options{Target: tt.target, Env: []string{"PATH=/usr"}, Exec: tools})
			r, err := newRustFinder(j).next(t.Context(), "")
			if err != nil || r.target != tt.want {
				t.Errorf("got %+v, %v, want %s", r, err, tt.want)
			}
		})
	}
}
