package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writesOutput is a compiler that writes the tiny module where a flag says.
func writesOutput(version, flag string) fakeTool {
	return func(c Command) (string, int) {
		if slices.Contains(c.Args, "version") || slices.Contains(c.Args, "--version") {
			return version, 0
		}
		for _, arg := range c.Args {
			if out, ok := strings.CutPrefix(arg, flag+"="); ok {
				_ = os.WriteFile(out, tinyModule, 0o600)
			}
		}
		if out := after(c.Args, flag); out != "" {
			_ = os.WriteFile(out, tinyModule, 0o600)
		}
		return "", 0
	}
}

func TestTinyGo(t *testing.T) {
	dir := project(t, map[string]string{"go.mod": "", "main.go": "package main\n"})
	const answer = "tinygo version 0.39.0 linux/amd64 (using go version go1.25.0 and LLVM version 19.1.2)"
	for name, tt := range map[string]struct {
		version string
		options GoOptions
		target  string
		lacks   bool
		args    []string // after -p and -o
		missing string
	}{
		"default":                {version: answer, args: []string{"-target=wasip1", "-no-debug", "."}},
		"everything":             {version: answer, options: GoOptions{Tags: []string{"a", "b"}, LDFlags: "-X main.v=1", Reactor: true}, args: []string{"-target=wasip1", "-no-debug", "-tags=a b", "-ldflags=-X main.v=1", "-buildmode=c-shared", "."}},
		"old":                    {version: "tinygo version 0.31.2 linux/amd64", missing: "tinygo's wasip1"},
		"too old for components": {version: "tinygo version 0.32.0 linux/amd64", target: TargetWASIP2, missing: "tinygo's wasip2"},
		"no wasm-tools":          {version: answer, target: TargetWASIP2, missing: "wasm-tools"},
		"not installed":          {lacks: true, missing: "tinygo"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeExec{tools: map[string]fakeTool{
				"go": fakeGo("go1.25.0", "-mod=vendor", "main example.com/m "+dir), "tinygo": writesOutput(tt.version, "-o"),
			}}
			if tt.lacks {
				delete(fake.tools, "tinygo")
			}
			tt.options.Compiler = CompilerTinyGo
			m, err := Build(t.Context(), Options{
				Dir: dir, Target: tt.target, Settings: Settings{Go: tt.options}, Env: []string{"GOOS=linux"}, Jobs: 3, Cache: t.TempDir(), Exec: fake,
			})
			var missing *MissingError
			if tt.missing != "" {
				if !errors.As(err, &missing) || missing.Name != tt.missing {
					t.Errorf("got %v, want %s to be missing", err, tt.missing)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c := fake.call(t, "tinygo", "build", "-p=3")
			if got := c.Args[4:]; !slices.Equal(got, tt.args) {
				t.Errorf("arguments %q, want %q", got, tt.args)
			}
			if !slices.Contains(c.Env, "GOFLAGS=-mod=vendor") || getenv(c.Env, "GOOS") != "" {
				t.Errorf("environment %q", c.Env)
			}
			if f := m.Facts; f.Tools[0] != (Tool{Name: "tinygo", Version: "0.39.0"}) || f.Tools[1].Name != "go" || f.Package != "example.com/m" {
				t.Errorf("facts %+v", f)
			}
		})
	}
}

// fakeZig is a zig that makes the tiny module.
func fakeZig(c Command) (string, int) {
	if prefix := after(c.Args, "--prefix"); prefix != "" {
		_ = os.MkdirAll(filepath.Join(prefix, "bin"), 0o700)
		_ = os.WriteFile(filepath.Join(prefix, "bin", "prog.wasm"), tinyModule, 0o600)
		return "", 0
	}
	return writesOutput("0.17.1", "-femit-bin")(c)
}

func TestZig(t *testing.T) {
	file := project(t, map[string]string{"src/main.zig": ""})
	described := project(t, map[string]string{"build.zig": "", "src/main.zig": "", "zig-out/old.wasm": "\x00asm"})
	for name, tt := range map[string]struct {
		dir     string
		tools   []string
		env     []string
		options ZigOptions
		tool    string // that is called
		args    []string
		name    string
	}{
		"a file":     {dir: file, tools: []string{"zig"}, tool: "zig", args: []string{"build-exe", "src/main.zig", "-target", "wasm32-wasi", "-O", "ReleaseSmall", "-fstrip"}},
		"a project":  {dir: described, tools: []string{"zig"}, tool: "zig", args: []string{"build", "-Dtarget=wasm32-wasi", "--release=small"}, name: "prog"},
		"fast":       {dir: described, tools: []string{"zig"}, options: ZigOptions{Release: "fast", Flags: []string{"-Dx"}}, tool: "zig", args: []string{"--release=fast", "-Dx"}, name: "prog"},
		"of Python":  {dir: described, tools: []string{"python3"}, tool: "python3", args: []string{"-m", "ziglang", "build"}, name: "prog"},
		"with ZIG":   {dir: described, tools: []string{"zig", "other"}, env: []string{"ZIG=other"}, tool: "other", args: []string{"build"}, name: "prog"},
		"the option": {dir: described, tools: []string{"zig", "mine", "other"}, env: []string{"ZIG=other"}, options: ZigOptions{Zig: "mine"}, tool: "mine", args: []string{"build"}, name: "prog"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeExec{tools: map[string]fakeTool{}}
			for _, tool := range tt.tools {
				fake.tools[tool] = fakeZig
			}
			m, err := Build(t.Context(), Options{Dir: tt.dir, Settings: Settings{Zig: tt.options}, Env: append(tt.env, "ZIG_LIB_DIR=/x"), Cache: t.TempDir(), Exec: fake})
			if err != nil {
				t.Fatal(err)
			}
			c := fake.call(t, tt.tool, tt.args...)
			if getenv(c.Env, "ZIG_LIB_DIR") != "" || getenv(c.Env, "ZIG_LOCAL_CACHE_DIR") == "" {
				t.Errorf("environment %q", c.Env)
			}
			if m.Facts.Name != tt.name || m.Facts.Tools[0] != (Tool{Name: "zig", Version: "0.17.1"}) || m.Facts.Language != LanguageZig {
				t.Errorf("facts %+v", m.Facts)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := Build(t.Context(), Options{Dir: file, Cache: t.TempDir(), Exec: &fakeExec{}})
		var missing *MissingError
		if !errors.As(err, &missing) || missing.Name != "zig" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAssemblyScript(t *testing.T) {
	shim := "node_modules/@assemblyscript/wasi-shim/asconfig.json"
	for name, tt := range map[string]struct {
		files   map[string]string
		options AssemblyScriptOptions
		lacks   string
		args    []string
		missing string
	}{
		"entry and shim": {
			files: map[string]string{"assembly/index.ts": "", shim: "{}", "package.json": `{"name":"@me/prog"}`},
			args:  []string{"assembly/index.ts", "--config", "./" + shim, "-O", "--noAssert"},
		},
		"a configuration": {
			files: map[string]string{"asconfig.json": `{"extends":"./node_modules/@assemblyscript/wasi-shim/asconfig.json","entries":["a.ts"],"targets":{"release":{"textFile":"build/x.wat"}}}`, "package.json": `{"name":"prog"}`},
			args:  []string{"--target", "release", "--textFile"},
		},
		"options": {
			files: map[string]string{"package.json": `{"name":"prog","devDependencies":{"assemblyscript":"*"}}`, shim: "{}"}, options: AssemblyScriptOptions{Entry: "x.ts", Target: "debug", Flags: []string{"--debug"}},
			args: []string{"x.ts", "--target", "debug", "--debug"},
		},
		"no shim": {files: map[string]string{"assembly/index.ts": ""}, missing: ascShim},
		"no asc":  {files: map[string]string{"assembly/index.ts": ""}, lacks: "asc", missing: "asc"},
		"no node": {files: map[string]string{"assembly/index.ts": ""}, lacks: "node", missing: "node"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeExec{tools: map[string]fakeTool{"node": writesOutput("v20.1.0", "-"), "asc": writesOutput("Version 0.27.37", "--outFile")}}
			delete(fake.tools, tt.lacks)
			m, err := Build(t.Context(), Options{Dir: project(t, tt.files), Settings: Settings{AssemblyScript: tt.options}, Cache: t.TempDir(), Exec: fake})
			var missing *MissingError
			if tt.missing != "" {
				if !errors.As(err, &missing) || missing.Name != tt.missing {
					t.Errorf("got %v, want %s to be missing", err, tt.missing)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			fake.call(t, "asc", tt.args...)
			if f := m.Facts; f.Name != "prog" || !slices.Equal(f.Tools, []Tool{{Name: "asc", Version: "0.27.37"}, {Name: "node", Version: "20.1.0"}}) {
				t.Errorf("facts %+v", f)
			}
		})
	}
}

func TestCommand(t *testing.T) {
	needTools(t, "sh")
	dir := project(t, map[string]string{"in.wasm": string(tinyModule), "x.txt": ""})
	for name, tt := range map[string]struct {
		options CommandOptions
		name    string
		err     error
	}{
		"WPK_OUTPUT":        {options: CommandOptions{Run: `test "$SOURCE_DATE_EPOCH" = 0 && cat in.wasm >"$WPK_OUTPUT"`}},
		"the only one":      {options: CommandOptions{Run: "mkdir out && cat in.wasm >out/prog.wasm"}, name: "prog"},
		"one that is named": {options: CommandOptions{Run: "cp in.wasm a.wasm && cp in.wasm b.wasm", Output: "b.wasm"}, name: "b"},
		"nothing":           {options: CommandOptions{Run: "true"}, err: ErrNoProgram},
		"not there":         {options: CommandOptions{Run: "true", Output: "b.wasm"}, err: os.ErrNotExist},
		"outside":           {options: CommandOptions{Run: "true", Output: "../b.wasm"}, err: ErrNoProgram},
	} {
		t.Run(name, func(t *testing.T) {
			before := listFiles(t, dir)
			m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Command: tt.options}, Env: os.Environ(), Cache: t.TempDir()})
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil && (m.Facts.Name != tt.name || m.Facts.Language != LanguageCommand || m.Facts.Flags[0] != tt.options.Run) {
				t.Errorf("facts %+v", m.Facts)
			}
			if after := listFiles(t, dir); !slices.Equal(before, after) {
				t.Errorf("the sources changed: %q", after)
			}
		})
	}
	t.Run("fails", func(t *testing.T) {
		var said strings.Builder
		_, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Command: CommandOptions{Run: "echo no >&2; exit 3"}}, Env: os.Environ(), Cache: t.TempDir(), Output: &said})
		var failed *ToolError
		if !errors.As(err, &failed) || failed.ExitCode != 3 || said.String() != "no\n" {
			t.Errorf("got %v, %q", err, said.String())
		}
	})
}
