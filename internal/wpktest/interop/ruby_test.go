package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/smoke"
)

const rubyText = "drei kleine Wörter, drei große Sätze\n"

// TestRuby builds a Ruby program of several files in two folders, runs it
// natively, and looks at how it fails and at the error of a machine without
// Ruby's package.
func TestRuby(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: 30 MB of interpreter")
	}
	modules := filepath.Join(wpktest.Npm(t, "ruby"), "node_modules")
	source := filepath.Join("..", "..", "..", "testdata", "ruby-hello")
	w, ref := newWpk(t), "localhost/other/ruby:1"
	var digests []string
	for _, folder := range []string{"a", "another/and deeper/folder"} {
		copied := filepath.Join(t.TempDir(), filepath.FromSlash(folder))
		if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(modules, filepath.Join(copied, "node_modules")); err != nil {
			t.Fatal(err)
		}
		digests = append(digests, w.build(t, copied, program{}, ref).Digest)
		cache := filepath.Join(cache, "build", "ruby") // the second build is a build
		if err := os.RemoveAll(cache); err != nil {
			t.Fatal(err)
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("%s in one folder, %s in another", digests[0], digests[1])
	}
	for want, args := range map[string][]string{
		"Hello, Ada!\nHello, --fail!\n5 words, the longest \"kleine\", f6b5802e\n":  {"run", ref, "--", "Ada", "--", "--fail"},
		`{"names":["Bob"],"words":5,"longest":"kleine","digest":"f6b5802e"}` + "\n": {"run", "--env", "USER_NAME=Bob", ref, "--", "--format=json"},
	} {
		if out := w.run(t, []byte(rubyText), args...); string(out) != want {
			t.Errorf("%q prints %q, want %q", args, out, want)
		}
	}
	w.rubyFails(t, ref)
	w.rubySmoke(t, ref)
	w.lacks(t, source, `"@ruby/3.4-wasm-wasi"`)
}

// rubyFails looks at exit codes and backtraces.
func (w wpk) rubyFails(t *testing.T, ref string) {
	t.Helper()
	if said, code := w.fail(t, nil, "run", ref); code != 3 || said != "done\n" {
		t.Errorf("without input: exit code %d, %q", code, said)
	}
	said, code := w.fail(t, nil, "run", ref, "--", "--fail", "on purpose")
	const want = "/app/main.rb:18:in 'block (2 levels) in <main>': on purpose (ArgumentError)\n"
	if code != 1 || !strings.HasPrefix(said, want) || strings.Contains(said, "eval") || strings.Contains(said, "/wpk/") {
		t.Errorf("exit code %d, %q", code, said)
	}
}

// rubySmoke runs the program under one emulator only, and what needs little
// of Ruby's library: it is an interpreter in an interpreter in an emulator.
func (w wpk) rubySmoke(t *testing.T, ref string) {
	t.Helper()
	input := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(input, []byte(rubyText), 0o600); err != nil {
		t.Fatal(err)
	}
	var report smoke.Report
	w.json(t, &report, "smoke", ref, "--timeout", "5m", "--arch", "s390x", "--stdin", input, "--", "--count")
	if !report.OK || len(report.Cells) != 1 {
		t.Errorf("smoke of %s: %+v", ref, report)
	}
	for _, cell := range report.Cells {
		t.Logf("%-8s %-11s compile %v run %v total %v", cell.Arch, cell.Engine, cell.Compile, cell.Run, cell.Total)
		if want := "6 words\n"; cell.Stdout.Digest != sum([]byte(want)) {
			t.Errorf("%s wrote %d bytes, want %q", cell.Arch, cell.Stdout.Size, want)
		}
	}
}
