package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// almanac is a program of several modules on distributions from the package
// index, locked with their digests; resources, argparse, asyncio and SQLite.
var almanac = filepath.Join("..", "..", "..", "testdata", "python-almanac")

// newPython is wpk with the real Python runtime in its store, and no Python on
// its PATH. What is compiled, half a minute of it, is kept beside the runtime
// for the next test run.
func newPython(t *testing.T) wpk {
	t.Helper()
	made := wpktest.Runtime(t, "python")
	w := newWpk(t)
	var packs []packResult
	w.toolchain(t, &packs, "install", "oci:"+filepath.Join(made, "layout")+":python")
	w.env = append(w.env, "WPK_CACHE_DIR="+filepath.Join(made, "cache"), "PATH="+pathWithout(t, "python3", "python", "pip"))
	return w
}

// pathWithout is a folder of links to what a smoke run needs; the programs that
// are named are not there.
func pathWithout(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		found, _ := filepath.Glob(filepath.Join(folder, "qemu-*"))
		for _, tool := range append(found, filepath.Join(folder, "go"), filepath.Join(folder, "git")) {
			if _, err := os.Stat(tool); err == nil {
				_ = os.Symlink(tool, filepath.Join(dir, filepath.Base(tool)))
			}
		}
	}
	for _, name := range names {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			t.Fatalf("%s is there", name)
		}
	}
	return dir
}

// TestPython builds the almanac in two folders, takes it through a registry,
// runs it on seven architectures, and measures its start.
func TestPython(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: a real program under emulators")
	}
	w := newPython(t)
	host := wpktest.Distribution(t)
	ref := host + "/interop/almanac:1.0"
	module := filepath.Join(t.TempDir(), "almanac.wasm")
	var first, second pythonResult
	w.json(t, &first, "build", almanac, "--entry", "almanac", "-t", ref, "-o", module)
	w.json(t, &second, "build", wpktest.CopyDir(t, almanac), "--entry", "almanac", "-t", "localhost/almanac:2")
	if first.Module != second.Module {
		t.Errorf("%s in one folder, %s in another", first.Module, second.Module)
	}
	var names []string
	for _, d := range first.Build.Dependencies {
		if d.Type != "pypi" || d.Version == "" || len(d.SHA256) != 64 {
			t.Errorf("%+v", d)
		}
		names = append(names, d.Name)
	}
	if got := strings.Join(names, " "); got != "click docutils jinja2 markdown-it-py markupsafe mdurl pygments pyyaml rich" {
		t.Errorf("the module is said to have %s", got)
	}
	out := w.run(t, []byte("\n"), "run", module, "--", "page")
	for _, want := range []string{"<p>A <em>hard</em> fruit; see <span class=\"docutils literal\">cook</span>.</p>", "ink &amp; paper", `<span class="nt">weight</span>`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the page lacks %s:\n%s", want, out)
		}
	}
	if got := string(w.run(t, nil, "run", module, "--", "--version")); got != "almanac, version 2.1.0\n" {
		t.Errorf("%q", got)
	}
	w.start(t, "almanac table", module, "table")
	w.run(t, nil, "push", ref)
	table := w.run(t, []byte("\n"), "run", module, "--", "table")
	w.smoke(t, ref, []string{"table"}, []byte("\n"), table)
}

// TestPythonQuery is the almanac's other command: argparse and SQL.
func TestPythonQuery(t *testing.T) {
	w := newPython(t)
	module := filepath.Join(t.TempDir(), "query.wasm")
	w.run(t, nil, "build", almanac, "--entry", "almanac-query", "-t", "localhost/query:1", "-o", module)
	got := string(w.run(t, []byte("\n"), "run", module, "--", "SELECT kind, count(*) FROM item GROUP BY kind ORDER BY 1"))
	if got != "fruit\t2\ntool\t1\n" {
		t.Errorf("%q", got)
	}
}

// TestPythonHello measures the start of a small program: at most 0.2 s with
// machine code in the cache.
func TestPythonHello(t *testing.T) {
	w := newPython(t)
	module := filepath.Join(t.TempDir(), "hello.wasm")
	w.run(t, nil, "build", filepath.Join(almanac, "..", "python-hello"), "-t", "localhost/hello:1", "-o", module)
	w.start(t, "python-hello", module)
}

// start logs the fastest of some runs.
func (w wpk) start(t *testing.T, what, module string, args ...string) {
	t.Helper()
	best := time.Hour
	for range 6 {
		begin := time.Now()
		w.run(t, []byte("\n"), append([]string{"run", module, "--"}, args...)...)
		best = min(best, time.Since(begin))
	}
	info, err := os.Stat(module)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes, starts and ends in %v", what, info.Size(), best)
}

// TestNumpyIsRefused asks the real index.
func TestNumpyIsRefused(t *testing.T) {
	w := newWpk(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte("numpy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.py"), []byte("import numpy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, code := w.fails(t, os.Environ(), "lock", dir)
	if code != 4 || !strings.Contains(said, "numpy ") || !strings.Contains(said, "has native code") || !strings.Contains(said, "hint: wpk needs pure Python") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	said, code = w.fails(t, os.Environ(), "build", dir)
	if code != 3 || !strings.Contains(said, `missing runtime "python"`) {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

// pythonResult is what these tests need of wpk build --json.
type pythonResult struct {
	Module struct{ Digest string }
	Build  struct {
		Dependencies []struct{ Type, Name, Version, SHA256 string }
	}
}
