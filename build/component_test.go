package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tinyComponent is an empty component.
var tinyComponent = []byte("\x00asm\x0d\x00\x01\x00")

// tinyAdapter begins as an adapter must.
const tinyAdapter = "\x00asm\x01\x00\x00\x00"

// moduleOf is a module that exports one function under a name, may import env.f, and may have a custom section.
func moduleOf(export, imported, custom string) []byte {
	section := func(id byte, content string) string { return string([]byte{id, byte(len(content))}) + content }
	name := func(s string) string { return string([]byte{byte(len(s))}) + s }
	m := tinyAdapter
	if custom != "" {
		m += section(0, name(custom))
	}
	m += section(1, "\x01\x60\x00\x00")
	if imported != "" {
		module, field, _ := strings.Cut(imported, ".")
		m += section(2, "\x01"+name(module)+name(field)+"\x00\x00")
	}
	return []byte(m + section(3, "\x01\x00") + section(7, "\x01"+name(export)+"\x00\x00") + section(10, "\x01\x02\x00\x0b"))
}

// compiles is a clang that leaves the same file whatever it is asked for.
func compiles(wasm []byte) fakeTool {
	return func(c Command) (string, int) {
		out, exit := fakeClang(c)
		if o := after(c.Args, "-o"); filepath.IsAbs(o) {
			_ = os.WriteFile(o, wasm, 0o600)
		}
		return out, exit
	}
}

// fakeComponents is a jco or wasm-tools that says its version and records its calls.
func fakeComponents(version string, calls *[][]string) fakeTool {
	return func(c Command) (string, int) {
		if slices.Equal(c.Args, []string{"--version"}) {
			return version, 0
		}
		out := after(c.Args, "-o")
		line := []string{filepath.Base(c.Path)}
		for _, a := range c.Args {
			if filepath.IsAbs(a) {
				a = filepath.Base(a)
			}
			line = append(line, a)
		}
		*calls = append(*calls, line)
		if adapter := after(c.Args, "--adapt"); adapter != "" {
			b, _ := os.ReadFile(filepath.Join(c.Dir, adapter))
			*calls = append(*calls, []string{"adapter", strings.TrimPrefix(string(b), tinyAdapter)})
		}
		made := tinyComponent
		if slices.Contains(c.Args, "embed") {
			made = moduleOf("_initialize", "", worldSection)
		}
		return "", map[bool]int{false: 0, true: 1}[os.WriteFile(out, made, 0o600) != nil]
	}
}

// A componentCase is one machine with some of the tools.
type componentCase struct {
	tools   []string // "jco", "wasm-tools", "broken-jco"
	files   map[string]string
	env     []string
	options ComponentOptions
	module  []byte     // nil = a command without imports
	calls   [][]string // the tools' command lines, and which adapter lay there
	missing string
	looked  string // in the error's text
	err     error
}

func TestComponentTool(t *testing.T) {
	jcoNew := []string{"jco", "new", "module-for-adapter.wasm", "-o", "component.wasm", "--wasi-command"}
	toolsNew := []string{"wasm-tools", "component", "new", "module-for-adapter.wasm", "-o", "component.wasm", "--adapt", "wasi_snapshot_preview1.wasm"}
	const crates = "home/registry/src/index-1/wasi-preview1-component-adapter-provider-"
	const beside = "bin/wasi_snapshot_preview1.command.wasm"
	runComponentCases(t, map[string]componentCase{
		"jco":                     {tools: []string{"jco"}, calls: [][]string{jcoNew}},
		"both, jco's adapter":     {tools: []string{"jco", "wasm-tools"}, files: map[string]string{"lib/wasi_snapshot_preview1.command.wasm": "jco's"}, calls: [][]string{toolsNew, {"adapter", "jco's"}}},
		"both, no adapter":        {tools: []string{"jco", "wasm-tools"}, calls: [][]string{jcoNew}},
		"adapter beside":          {tools: []string{"wasm-tools"}, files: map[string]string{beside: "beside", crates + "1.0.0/artefacts/wasi_snapshot_preview1.command.wasm": "crate"}, calls: [][]string{toolsNew, {"adapter", "beside"}}},
		"the newest crate":        {tools: []string{"wasm-tools"}, files: map[string]string{crates + "9.0.2/artefacts/wasi_snapshot_preview1.command.wasm": "9", crates + "50.0.1/artefacts/wasi_snapshot_preview1.command.wasm": "50"}, calls: [][]string{toolsNew, {"adapter", "50"}}},
		"environment":             {tools: []string{"wasm-tools"}, files: map[string]string{beside: "beside", "mine.wasm": "mine"}, env: []string{"WPK_WASI_ADAPTER=ROOT/mine.wasm"}, calls: [][]string{toolsNew, {"adapter", "mine"}}},
		"environment and jco":     {tools: []string{"jco"}, files: map[string]string{"mine/wasi_snapshot_preview1.command.wasm": "mine"}, env: []string{"WPK_WASI_ADAPTER=ROOT/mine"}, calls: [][]string{append(slices.Clone(jcoNew[:5]), "--adapt", "wasi_snapshot_preview1.wasm"), {"adapter", "mine"}}},
		"option before":           {tools: []string{"wasm-tools"}, files: map[string]string{"src/a.wasm": "option", "mine.wasm": "mine"}, env: []string{"WPK_WASI_ADAPTER=ROOT/mine.wasm"}, options: ComponentOptions{Adapter: "a.wasm"}, calls: [][]string{toolsNew, {"adapter", "option"}}},
		"environment misled":      {tools: []string{"jco"}, env: []string{"WPK_WASI_ADAPTER=ROOT/none.wasm"}, err: fs.ErrNotExist},
		"environment is no wasm":  {tools: []string{"jco"}, env: []string{"WPK_WASI_ADAPTER=ROOT/src/main.c"}, err: &fs.PathError{}},
		"neither":                 {missing: pieceJco, looked: "(searched: jco and wasm-tools on PATH)"},
		"jco without Node.js":     {tools: []string{"broken-jco"}, missing: pieceJco},
		"wasm-tools, no adapter":  {tools: []string{"wasm-tools"}, missing: pieceAdapter, looked: "adapter-provider-"},
		"a library needs a world": {tools: []string{"jco"}, module: moduleOf("_initialize", "", ""), err: ErrNoWorld},
		"so does an import":       {tools: []string{"jco"}, module: moduleOf("_start", "env.f", ""), err: ErrNoWorld, looked: "env.f"},
		"WASI is no such import":  {tools: []string{"jco"}, module: moduleOf("_start", "wasi_snapshot_preview1.sched_yield", ""), calls: [][]string{jcoNew}},
		"a library with a world":  {tools: []string{"jco"}, module: moduleOf("_initialize", "", "component-type:x"), calls: [][]string{{"jco", "new", "module-for-adapter.wasm", "-o", "component.wasm", "--wasi-reactor"}}},
		"a library with wit": {tools: []string{"jco"}, files: map[string]string{"src/wit/w.wit": ""}, module: moduleOf("_initialize", "", ""), calls: [][]string{
			{"jco", "embed", "module-for-adapter.wasm", "--wit", "wit", "-o", "embedded.wasm"}, {"jco", "new", "embedded.wasm", "-o", "component.wasm", "--wasi-reactor"},
		}},
		"options": {
			tools: []string{"wasm-tools"}, files: map[string]string{"src/x.wit": "", beside: "a"}, options: ComponentOptions{WIT: "x.wit", World: "w"},
			calls: [][]string{{"wasm-tools", "component", "embed", "x.wit", "module-for-adapter.wasm", "-o", "embedded.wasm", "--world", "w"}, slices.Replace(slices.Clone(toolsNew), 3, 4, "embedded.wasm"), {"adapter", "a"}},
		},
		"jco knows no world": {tools: []string{"jco"}, files: map[string]string{"src/x.wit": ""}, options: ComponentOptions{WIT: "x.wit", World: "w"}, missing: pieceWasmTools},
		"no such wit":        {tools: []string{"jco"}, options: ComponentOptions{WIT: "x.wit"}, err: fs.ErrNotExist},
	})
}

func runComponentCases(t *testing.T, cases map[string]componentCase) {
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"src/main.c": "", "home/": "", "lib/": "", "bin/": ""}
			for f, text := range tt.files {
				files[f] = tinyAdapter + text
			}
			root := project(t, files)
			var calls [][]string
			jco := filepath.Join(root, "bin", "jco") // as npm links it: to a file of the package
			if err := os.MkdirAll(filepath.Join(root, "src2"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(filepath.Join(root, "src2", "jco.js"), nil, 0o600), os.Symlink(filepath.Join("..", "src2", "jco.js"), jco)); err != nil {
				t.Skip(err)
			}
			module := tt.module
			if module == nil {
				module = moduleOf("_start", "", "")
			}
			tools := pathExec{filepath.Join(root, "bin", "clang"): compiles(module)}
			for _, name := range tt.tools {
				switch name {
				case "jco":
					tools[jco] = fakeComponents("1.2.3\n", &calls)
				case "broken-jco":
					tools[jco] = brokenTool
				default:
					tools[filepath.Join(root, "bin", name)] = fakeComponents(name+" 1.220.0 (abc 2025-01-01)", &calls)
				}
			}
			env := []string{"PATH=" + filepath.Join(root, "bin"), "CARGO_HOME=" + filepath.Join(root, "home")}
			for _, kv := range tt.env {
				env = append(env, strings.ReplaceAll(kv, "ROOT", root))
			}
			m, err := Build(t.Context(), Options{
				Dir: filepath.Join(root, "src"), Target: TargetWASIP2, Env: env, Cache: t.TempDir(), Exec: tools, Settings: Settings{Component: tt.options},
			})
			checkComponentCase(t, tt, m, err, calls)
		})
	}
}

func checkComponentCase(t *testing.T, tt componentCase, m *Module, err error, calls [][]string) {
	t.Helper()
	var missing *MissingError
	var path *fs.PathError
	wantPath := errors.As(tt.err, &path)
	switch {
	case tt.missing != "" && (!errors.As(err, &missing) || missing.Name != tt.missing):
		t.Fatalf("got %v, want %s missing", err, tt.missing)
	case wantPath && !errors.As(err, &path), !wantPath && tt.err != nil && !errors.Is(err, tt.err):
		t.Fatalf("got %v, want %v", err, tt.err)
	case tt.looked != "" && !strings.Contains(err.Error(), tt.looked):
		t.Errorf("%v does not tell %q", err, tt.looked)
	}
	if tt.missing != "" || tt.err != nil {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(calls, tt.calls, slices.Equal[[]string]) {
		t.Errorf("called %q, want %q", calls, tt.calls)
	}
	f := m.Facts
	if f.Target != TargetWASIP2 || len(f.Tools) < 2 || (f.Tools[1] != Tool{Name: pieceJco, Version: "1.2.3"} && f.Tools[1] != Tool{Name: pieceWasmTools, Version: "1.220.0"}) {
		t.Errorf("facts %+v", f)
	}
	if adapted := slices.ContainsFunc(tt.calls, func(c []string) bool { return c[0] == "adapter" }); adapted != (len(f.Tools) == 3) {
		t.Errorf("tools %v", f.Tools)
	}
}

// Some toolchains make components whatever they are asked for, and some modules are not to be components.
func TestTarget(t *testing.T) {
	for name, tt := range map[string]struct {
		target string
		left   []byte
		want   string
		err    error
	}{
		"a module":             {"", moduleOf("_start", "", ""), TargetWASIP1, nil},
		"a module as asked":    {TargetWASIP1, moduleOf("_start", "", ""), TargetWASIP1, nil},
		"a component":          {"", tinyComponent, TargetWASIP2, nil},
		"a component as asked": {TargetWASIP2, tinyComponent, TargetWASIP2, nil},
		"a component instead":  {TargetWASIP1, tinyComponent, "", ErrOtherTarget},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"main.c": ""})
			fake := &fakeExec{tools: map[string]fakeTool{"clang": compiles(tt.left)}}
			m, err := Build(t.Context(), Options{Dir: dir, Target: tt.target, Cache: t.TempDir(), Exec: fake})
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil && m.Facts.Target != tt.want {
				t.Errorf("target %s, want %s", m.Facts.Target, tt.want)
			}
		})
	}
}

func TestOutdatedComponentTool(t *testing.T) {
	dir := project(t, map[string]string{"main.c": ""})
	jco := func(c Command) (string, int) {
		if c.Args[0] == "--version" {
			return "1.0.0", 0
		}
		return "1: module has duplicate import for `wasi_snapshot_preview1::fd_write`\n", 1
	}
	fake := &fakeExec{tools: map[string]fakeTool{"clang": compiles(moduleOf("_start", "", "")), "jco": jco}}
	_, err := Build(t.Context(), Options{Dir: dir, Target: TargetWASIP2, Cache: t.TempDir(), Exec: fake})
	var failed *ToolError
	if !errors.As(err, &failed) || !slices.Equal(failed.Causes, []Cause{{CauseOutdated, "jco"}}) {
		t.Errorf("got %v", err)
	}
}
