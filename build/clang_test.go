package build

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindCompiler(t *testing.T) {
	sdk := project(t, map[string]string{"bin/": "", "share/wasi-sysroot/": ""})
	onlyWasi := func(c Command) (string, int) { // a clang from before wasm32-wasip1
		if slices.Contains(c.Args, "--target=wasm32-wasip1") {
			return "", 1
		}
		return fakeClang(c)
	}
	zig := func(c Command) (string, int) {
		if c.Args[len(c.Args)-1] == "version" {
			return "0.17.0", 0
		}
		return fakeClang(c)
	}
	for name, tt := range map[string]struct {
		tools  map[string]fakeTool
		cc     string
		env    string
		path   string
		target string
		tool   Tool
	}{
		"clang": {
			tools: map[string]fakeTool{"clang": fakeClang, "clang-14": fakeClang, "zig": zig},
			path:  "/fake/clang", target: "--target=wasm32-wasip1", tool: Tool{Name: "clang", Version: "99.1.2"},
		},
		"newest clang that works": {
			tools: map[string]fakeTool{"clang": brokenTool, "clang-14": onlyWasi, "clang-13": onlyWasi, "clang-22": brokenTool},
			path:  "/fake/clang-14", target: "--target=wasm32-wasi", tool: Tool{Name: "clang", Version: "99.1.2"},
		},
		"chosen": {
			tools: map[string]fakeTool{"clang": fakeClang, "mycc": fakeClang}, cc: "mycc -v", env: "CC=clang",
			path: "/fake/mycc", target: "--target=wasm32-wasip1", tool: Tool{Name: "mycc", Version: "99.1.2"},
		},
		"CC that can": {
			tools: map[string]fakeTool{"clang": fakeClang, "clang-13": fakeClang}, env: "CC=clang-13",
			path: "/fake/clang-13", target: "--target=wasm32-wasip1", tool: Tool{Name: "clang", Version: "99.1.2"},
		},
		"CC that cannot": {
			tools: map[string]fakeTool{"clang": fakeClang, "gcc": brokenTool}, env: "CC=gcc",
			path: "/fake/clang", target: "--target=wasm32-wasip1", tool: Tool{Name: "clang", Version: "99.1.2"},
		},
		"zig": {
			tools: map[string]fakeTool{"clang": brokenTool, "zig": zig},
			path:  "/fake/zig", target: "-target wasm32-wasip1", tool: Tool{Name: "zig", Version: "0.17.0"},
		},
		"zig for python": {
			tools: map[string]fakeTool{"python3": zig},
			path:  "/fake/python3", target: "-target wasm32-wasip1", tool: Tool{Name: "zig", Version: "0.17.0"},
		},
		"sdk": {
			tools: map[string]fakeTool{"clang": fakeClang, "gcc": fakeClang}, env: "WASI_SDK_PATH=" + sdk,
			path: filepath.Join(sdk, "bin", "clang"), target: "--target=wasm32-wasip1", tool: Tool{Name: "clang", Version: "99.1.2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeExec{tools: tt.tools}
			j := newTestJob(t, Options{Settings: Settings{C: COptions{CC: tt.cc}}, Env: []string{tt.env}, Exec: sdkExec{fake, sdk}})
			c, err := findCompiler(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(c.target, " "); c.path != tt.path || got != tt.target || c.tool != tt.tool {
				t.Errorf("got %s %s %v, want %s %s %v", c.path, got, c.tool, tt.path, tt.target, tt.tool)
			}
			if name == "sdk" && !slices.Equal(c.headers, []string{"--sysroot=" + filepath.Join(sdk, "share", "wasi-sysroot")}) {
				t.Errorf("the sdk's sysroot is not used: %q", c.headers)
			}
		})
	}
}

// sdkExec is a fakeExec on which the compiler of a WASI SDK lies, too.
type sdkExec struct {
	*fakeExec
	sdk string
}

func (e sdkExec) LookPath(name string, env []string) (string, error) {
	if name == filepath.Join(e.sdk, "bin", "clang") {
		return name, nil
	}
	return e.fakeExec.LookPath(name, env)
}

// TestMissingPieces takes the pieces of a toolchain away, one after the other.
func TestMissingPieces(t *testing.T) {
	there := filepath.Join(project(t, map[string]string{"lib.a": ""}), "lib.a")
	// clang answers as one that lacks a piece does: it says the name instead of a path, or a path where nothing is.
	clang := func(backend, libc, builtins bool) fakeTool {
		return func(c Command) (string, int) {
			answer := func(has bool, path, otherwise string) (string, int) {
				if has {
					return path, 0
				}
				return otherwise, 0
			}
			switch {
			case slices.Contains(c.Args, "-dumpversion"):
				return "14.0.6", 0
			case slices.Contains(c.Args, "-print-file-name=libc.a"):
				return answer(libc, there, "libc.a")
			case slices.Contains(c.Args, "-print-libgcc-file-name"):
				return answer(builtins, there, "/nowhere/libclang_rt.builtins-wasm32.a")
			case slices.Contains(c.Args, "-c") && backend:
				return "", 0
			}
			return "", 1
		}
	}
	ld, all := fakeTool(brokenTool), []string{pieceLibc, pieceLinker, pieceBuiltins}
	for name, tt := range map[string]struct {
		tools map[string]fakeTool
		cc    string
		env   string
		want  MissingError
	}{
		"clang":    {want: MissingError{Kind: KindTool, Name: "clang", Also: all}},
		"backend":  {tools: map[string]fakeTool{"clang": clang(false, false, false)}, want: MissingError{Kind: KindTool, Name: "clang", Also: all}},
		"libc":     {tools: map[string]fakeTool{"clang": clang(true, false, false)}, want: MissingError{Kind: KindSysroot, Name: "wasi-libc", Version: "14", Also: all[1:]}},
		"linker":   {tools: map[string]fakeTool{"clang-14": clang(true, true, false)}, want: MissingError{Kind: KindTool, Name: "wasm-ld", Version: "14", Also: all[2:]}},
		"builtins": {tools: map[string]fakeTool{"clang": clang(true, true, false), "wasm-ld-14": ld}, want: MissingError{Kind: KindTarget, Name: "libclang_rt.builtins-wasm32.a", Version: "14"}},
		"misfit":   {tools: map[string]fakeTool{"clang": clang(true, true, true), "wasm-ld": ld}, want: MissingError{Kind: KindSysroot, Name: "wasi-libc", Version: "14"}},
		"the most complete one counts": {
			tools: map[string]fakeTool{"clang": clang(false, false, false), "clang-13": clang(true, true, false)},
			want:  MissingError{Kind: KindTool, Name: "wasm-ld", Version: "14", Also: all[2:]},
		},
		"chosen":            {cc: "mycc", want: MissingError{Kind: KindTool, Name: "mycc"}},
		"chosen and unable": {tools: map[string]fakeTool{"gcc": brokenTool, "clang": fakeClang}, cc: "gcc", want: MissingError{Kind: KindTarget, Name: "wasm32-wasip1"}},
		"zig unable":        {tools: map[string]fakeTool{"zig": brokenTool}, cc: "zig cc", want: MissingError{Kind: KindTarget, Name: "wasm32-wasip1"}},
		"sdk":               {tools: map[string]fakeTool{"clang": fakeClang}, env: "WASI_SDK_PATH=/nowhere", want: MissingError{Kind: KindTool, Name: "wasi-sdk"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := newTestJob(t, Options{Settings: Settings{C: COptions{CC: tt.cc}}, Env: []string{tt.env}, Exec: &fakeExec{tools: tt.tools}})
			_, err := findCompiler(t.Context(), j)
			var got *MissingError
			if !errors.As(err, &got) || got.Kind != tt.want.Kind || got.Name != tt.want.Name || got.Version != tt.want.Version || !slices.Equal(got.Also, tt.want.Also) {
				t.Errorf("got %v, want %v", err, &tt.want)
			}
		})
	}
}
