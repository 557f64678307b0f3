package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestComponents makes a component of every language's sample and of real
// programs, with every tool that makes components and is here, in two folders,
// and runs it with jco on Node.js: it prints what the module prints under wpk.
func TestComponents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: real programs")
	}
	jco := filepath.Join(wpktest.Npm(t, "jco"), "node_modules", ".bin")
	tools := map[string]string{"jco": jco}
	if dir := wasmTools(t); dir != "" {
		tools["wasm-tools"] = dir + string(filepath.ListSeparator) + jco // whose adapter it takes
	}
	for tool, dir := range tools {
		for _, p := range componentPrograms(t, tool) {
			t.Run(tool+"/"+p.name, func(t *testing.T) {
				t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
				checkComponent(t, tool, filepath.Join(jco, "jco"), p)
			})
		}
	}
}

// componentPrograms are the samples of every language and, for the tool that
// every machine has, those of the build systems that the table leaves out and
// two real programs, whose allocators once fell over the adapter's memory.
func componentPrograms(t *testing.T, tool string) []program {
	t.Helper()
	var all []program
	for _, s := range samples {
		// The interpreters are large: one tool is enough for them.
		if s.prepare == nil && (s.runtime == "" || tool == "jco") {
			all = append(all, program{name: s.language, src: s.src, build: s.build, args: s.args, stdin: s.stdin, runtime: s.runtime})
		}
	}
	if tool == "jco" {
		all = append(all,
			program{name: "CMake", src: "c-cmake", build: []string{"--bin", "primes"}, args: []string{"100"}},
			program{name: "make", src: "c-make", build: []string{"--bin", "rot13"}, stdin: compose})
	}
	for i := range all {
		all[i].src = filepath.Join("..", "..", "..", "testdata", all[i].src)
	}
	for _, p := range programs {
		if tool == "jco" && (p.name == "gojq" || p.name == "minigzip") {
			p.src = wpktest.Fixture(t, p.src)
			all = append(all, p)
		}
	}
	return all
}

func checkComponent(t *testing.T, tool, jco string, p program) {
	t.Helper()
	w := newWpk(t)
	w.useRuntime(t, p.runtime)
	const ref = "localhost:5000/interop/module:1.0"
	w.build(t, p.src, p, ref)
	want := w.run(t, []byte(p.stdin), append([]string{"run", ref, "--"}, p.args...)...)

	p.build = append([]string{"--target", "wasip2"}, p.build...)
	first, second := componentOf(t, p.src, p), componentOf(t, wpktest.CopyDir(t, p.src), p)
	if first.Digest != second.Digest || first.Module != second.Module {
		t.Errorf("%s in one folder, %s in another", first.Digest, second.Digest)
	}
	if m := first.Module; m.Kind != "component" || m.WASI != "wasip2" || first.Build.Target != "wasip2" {
		t.Errorf("%+v", first)
	}
	if !strings.Contains(strings.Join(first.toolNames(), " "), tool) {
		t.Errorf("made with %v, want %s", first.toolNames(), tool)
	}
	got := output(t, command(t, jco, append([]string{"run", first.file}, p.args...)...), []byte(p.stdin))
	if string(got) != string(want) {
		t.Errorf("%s as a component prints %q, as a module %q", p.name, got, want)
	}
}

// componentResult is what this test needs of wpk build --json.
type componentResult struct {
	Digest string
	Module struct{ Digest, Kind, WASI string }
	Build  struct {
		Target string
		Tools  []struct{ Name string }
	}
	file string
}

func (r componentResult) toolNames() []string {
	var names []string
	for _, t := range r.Build.Tools {
		names = append(names, t.Name)
	}
	return names
}

func componentOf(t *testing.T, dir string, p program) componentResult {
	t.Helper()
	res := componentResult{file: filepath.Join(t.TempDir(), "component.wasm")}
	args := append([]string{"build", dir, "-o", res.file, "--no-source-annotations", "-t", "localhost:5000/interop/component:1.0"}, p.build...)
	w := newWpk(t)
	w.useRuntime(t, p.runtime)
	w.json(t, &res, args...)
	return res
}

// wasmTools returns the folder of wasm-tools: the pinned one of
// scripts/cargo-tools.sh or the one on PATH, else "". It needs a Rust that not
// every distribution has, so that jco is what every machine tests.
func wasmTools(t *testing.T) string {
	t.Helper()
	if path := wpktest.CargoTool("wasm-tools"); path != "" {
		return filepath.Dir(path)
	}
	if path, err := exec.LookPath("wasm-tools"); err == nil {
		return filepath.Dir(path)
	}
	t.Log("wasm-tools is not here: scripts/cargo-tools.sh builds it")
	return ""
}
