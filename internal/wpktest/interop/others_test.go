package interop

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// other is a sample of a language whose compiler comes with a package manager.
type other struct {
	name, dir string // below testdata
	build     []string
	prepare   func(t *testing.T, copied string) // what a person would install
	stdin     string
	want      string
	missing   string // what the error names on a machine without anything
}

// useZig puts the fixture's Zig where wpk looks first.
func useZig(t *testing.T, _ string) {
	t.Helper()
	t.Setenv("ZIG", filepath.Join(wpktest.Fixture(t, "ziglang"), "ziglang", "zig"))
}

func useAsc(t *testing.T, copied string) {
	t.Helper()
	wpktest.Need(t, "node")
	modules := filepath.Join(wpktest.Npm(t, "assemblyscript"), "node_modules")
	if err := os.Symlink(modules, filepath.Join(copied, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

var others = []other{
	{name: "zig", dir: "zig-hello", prepare: useZig, stdin: "one\ntwo", want: "7 bytes, 1 lines\n", missing: `"zig"`},
	{name: "assemblyscript", dir: "assemblyscript-hello", prepare: useAsc, stdin: "one\ntwo\n", want: "8 bytes, 2 lines\n", missing: `"node"`},
}

// TestOtherLanguages builds each sample in two folders, runs it on every
// architecture, and looks at the error of a machine without the compiler.
func TestOtherLanguages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: real compilers and emulators")
	}
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			w := newWpk(t)
			var digests []string
			for _, folder := range []string{"a", "another/and deeper/folder"} {
				copied := filepath.Join(t.TempDir(), filepath.FromSlash(folder))
				if err := os.CopyFS(copied, os.DirFS(filepath.Join("..", "..", "..", "testdata", o.dir))); err != nil {
					t.Fatal(err)
				}
				o.prepare(t, copied)
				digests = append(digests, w.build(t, copied, program{build: o.build}, "localhost/other/"+o.name+":1").Digest)
			}
			if digests[0] != digests[1] {
				t.Errorf("%s in one folder, %s in another", digests[0], digests[1])
			}
			ref := "localhost/other/" + o.name + ":1"
			if out := w.run(t, []byte(o.stdin), "run", ref); string(out) != o.want {
				t.Errorf("prints %q, want %q", out, o.want)
			}
			w.smoke(t, ref, nil, []byte(o.stdin), []byte(o.want))
			w.lacks(t, filepath.Join("..", "..", "..", "testdata", o.dir), o.missing)
		})
	}
}

// lacks builds on a machine without any tool.
func (w wpk) lacks(t *testing.T, dir, piece string) {
	t.Helper()
	said, code := w.fail(t, []string{"PATH=" + t.TempDir(), "ZIG="}, "build", dir)
	if code != 3 || !strings.Contains(said, "missing tool "+piece) || !strings.Contains(said, "hint: ") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

// fail runs wpk and returns what it says on stderr, and its exit code.
func (w wpk) fail(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := command(t, binary, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(append(os.Environ(), "WPK_DATA_DIR="+w.store, "WPK_CACHE_DIR="+cache), env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stderr.String(), cmd.ProcessState.ExitCode()
}

// TestZigAsCompilerOfC builds a C sample by Zig's clang in two folders.
func TestZigAsCompilerOfC(t *testing.T) {
	zig := filepath.Join(wpktest.Fixture(t, "ziglang"), "ziglang", "zig")
	src := filepath.Join("..", "..", "..", "testdata", "c-hello")
	w, p, ref := newWpk(t), program{build: []string{"--no-source-annotations", "--cc", zig + " cc"}}, "localhost/other/c:1"
	one, two := w.build(t, src, p, ref), w.build(t, wpktest.CopyDir(t, src), p, ref)
	if one.Digest != two.Digest {
		t.Errorf("%s in one folder, %s in another", one.Digest, two.Digest)
	}
	if out := w.run(t, []byte("one two"), "run", ref); !strings.Contains(string(out), "2 words") {
		t.Errorf("prints %q", out)
	}
}

// TestCgoIsRefused builds a program of others on SQLite's C, which Go compiles
// for WebAssembly without a word.
func TestCgoIsRefused(t *testing.T) {
	src := wpktest.Fixture(t, "sqlite3")
	w := newWpk(t)
	said, code := w.fail(t, nil, "build", src, "--package", "./_example/simple")
	if code != 4 || !strings.Contains(said, "needs cgo") || !strings.Contains(said, "This is a stub") || !strings.Contains(said, "hint: ") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}
