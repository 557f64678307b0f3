package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// cProgram is a real C or C++ program of others, with the arguments that a
// person would build it with.
type cProgram struct {
	name, src string
	build     []string
	args      []string
	stdin     func(t *testing.T) []byte // nil = nothing
	dir       string                    // a folder of the sources that the program sees as its root
	want      []string                  // lines that stdout has
}

// sqliteFlags leave out what WASI has not: threads, plugins, locks, programs.
var sqliteFlags = []string{
	"--bin", "sqlite3", "--emulate", "signal,getpid,process-clocks",
	"--cflag", "-DSQLITE_THREADSAFE=0", "--cflag", "-DSQLITE_OMIT_LOAD_EXTENSION", "--cflag", "-DSQLITE_NOHAVE_SYSTEM",
	"--cflag", "-DSQLITE_OMIT_POPEN", "--cflag", `-DSQLITE_DEFAULT_UNIX_VFS="unix-none"`,
	"--cflag", "-Dchmod(file,mode)=(0)", "--ldflag", "-Wl,-z,stack-size=1048576",
}

const sqliteScript = `CREATE TABLE t(n INTEGER PRIMARY KEY, s TEXT);
INSERT INTO t SELECT value, printf('row %d', value) FROM (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM c WHERE value<500) SELECT value FROM c);
CREATE INDEX i ON t(s);
SELECT count(*), sum(n), max(s) FROM t;
PRAGMA integrity_check;
`

const outlineInput = "<shop>\n <item price=\"12\">pear</item>\n <item/>\n</shop>\n"

var cPrograms = []cProgram{
	{ // plain files
		name: "sqlite3", src: "sqlite", build: sqliteFlags, args: []string{":memory:"},
		stdin: text(sqliteScript), want: []string{"500|125250|row 99", "ok"},
	},
	{ // autotools with libtool; configure is there
		name: "xzdec", src: "xz",
		build: []string{"--driver", "autotools", "--bin", "xzdec", "--configure-arg", "--disable-threads", "--configure-arg", "--disable-xz"},
		stdin: compressed, want: []string{"services:"},
	},
	{ // autotools; configure is made first
		name: "outline", src: "expat", build: []string{"--driver", "autotools", "--bin", "outline", "--emulate", "process-clocks"},
		stdin: text(outlineInput), want: []string{"shop", "  item price='12'"},
	},
	{ // CMake
		name: "elements", src: "expat", build: []string{"--bin", "elements"},
		stdin: text(outlineInput), want: []string{"shop"},
	},
	{ // CMake and C++
		name: "xmltest", src: "tinyxml2", build: []string{"--bin", "xmltest", "--emulate", "process-clocks"},
		dir: "resources", want: []string{"Pass 517, Fail 0"},
	},
	{ // Meson and C++
		name: "xmltest-meson", src: "tinyxml2",
		build: []string{"--driver", "meson", "--bin", "xmltest", "--configure-arg=-Dtests=true", "--emulate", "process-clocks"},
		dir:   "resources", want: []string{"Pass 517, Fail 0"},
	},
	{ // plain files of C and C++
		name: "words", src: filepath.Join("..", "..", "..", "testdata", "cxx-hello"), build: []string{"--bin", "words"},
		stdin: text("b a b c\n"), want: []string{"   2  b", "4 letters"},
	},
}

func text(s string) func(*testing.T) []byte { return func(*testing.T) []byte { return []byte(s) } }

// compressed is input for xzdec, made by the machine's xz.
func compressed(t *testing.T) []byte {
	t.Helper()
	return output(t, command(t, wpktest.Need(t, "xz"), "-9", "-c"), []byte(strings.Repeat(compose, 500)))
}

func (p cProgram) source(t *testing.T) string {
	t.Helper()
	if strings.HasPrefix(p.src, "..") {
		return p.src
	}
	return wpktest.Fixture(t, p.src)
}

// TestC builds each program in two folders, and runs it here and on every
// other architecture.
func TestC(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: real programs under emulators")
	}
	for _, p := range cPrograms {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel() // configure scripts do one thing after another
			needC(t)
			src := p.source(t)
			ref := "localhost:5000/interop/" + p.name + ":1.0"
			w := newWpk(t)
			first := w.build(t, src, program{build: p.build}, ref)
			second := newWpk(t).build(t, wpktest.CopyDir(t, src), program{build: p.build}, ref)
			if first.Module.Digest != second.Module.Digest {
				t.Errorf("%s in one folder, %s in another", first.Module.Digest, second.Module.Digest)
			}
			var stdin []byte
			if p.stdin != nil {
				stdin = p.stdin(t)
			}
			args := slices.Concat([]string{"run"}, p.folder(t, src), []string{ref, "--"}, p.args)
			out := string(w.run(t, stdin, args...))
			t.Logf("%s has %d bytes", p.name, first.Module.Size)
			for _, line := range p.want {
				if !slices.Contains(strings.Split(out, "\n"), line) {
					t.Errorf("no line %q in\n%s", line, out)
				}
			}
			w.smokeC(t, p, src, ref, stdin)
		})
	}
}

// folder gives the program a copy of its folder, where it may write.
func (p cProgram) folder(t *testing.T, src string) []string {
	t.Helper()
	if p.dir == "" {
		return nil
	}
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, p.dir), os.DirFS(filepath.Join(src, p.dir))); err != nil {
		t.Fatal(err)
	}
	return []string{"--dir", root + ":/:rw"}
}

// smokeC lets smoke itself compare the output on every architecture.
func (w wpk) smokeC(t *testing.T, p cProgram, src, ref string, stdin []byte) {
	t.Helper()
	input := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(input, stdin, 0o600); err != nil {
		t.Fatal(err)
	}
	var report struct {
		OK    bool
		Cells []struct{ Arch string }
	}
	args := slices.Concat([]string{"smoke", ref, "--timeout", "5m", "--stdin", input}, p.folder(t, src), []string{"--"}, p.args)
	w.json(t, &report, args...)
	if !report.OK || len(report.Cells) != 7 {
		t.Errorf("smoke of %s: %+v", ref, report)
	}
}

// TestSQLiteFile keeps a database in a file, across two runs.
func TestSQLiteFile(t *testing.T) {
	needC(t)
	w := newWpk(t)
	const ref = "localhost:5000/interop/sqlite3:1.0"
	w.build(t, wpktest.Fixture(t, "sqlite"), program{build: sqliteFlags}, ref)
	data := t.TempDir()
	w.run(t, []byte(sqliteScript), "run", "--dir", data+":/data:rw", ref, "--", "/data/shop.db")
	out := w.run(t, []byte("SELECT count(*) FROM t;\nPRAGMA integrity_check;\n"), "run", "--dir", data+":/data:rw", ref, "--", "/data/shop.db")
	if string(out) != "500\nok\n" {
		t.Errorf("the second run finds %q", out)
	}
	if head, err := os.ReadFile(filepath.Join(data, "shop.db")); err != nil || !strings.HasPrefix(string(head), "SQLite format 3") {
		t.Errorf("the file is no database: %v", err)
	}
}

// TestLua is refused with the reason.
func TestLua(t *testing.T) {
	needC(t)
	args := []string{"build", wpktest.Fixture(t, "lua"), "--bin", "lua", "--configure-arg", "PLAT=generic", "--emulate", "signal,process-clocks"}
	said, code := newWpk(t).fails(t, os.Environ(), args...)
	if code != 4 || !strings.Contains(said, "--setjmp") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

const jumps = `#include <setjmp.h>
#include <stdio.h>
static jmp_buf place;
int main(void) { int n = setjmp(place); printf("%d\n", n); if (n < 3) longjmp(place, n + 1); return 0; }
`

// TestSetjmp runs where a clang and a C library with setjmp can be had.
func TestSetjmp(t *testing.T) {
	clang := newerClang()
	if clang == "" {
		t.Skip("no clang that makes setjmp")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jumps.c"), []byte(jumps), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWpk(t)
	const ref = "localhost:5000/interop/jumps:1.0"
	w.run(t, nil, "build", dir, "-t", ref, "--setjmp", "--cc", clang+" --sysroot="+wpktest.Fixture(t, "wasi-sysroot"))
	w.smoke(t, ref, nil, nil, []byte("0\n1\n2\n3\n"))
}

// newerClang is a clang that makes setjmp of the standard's exceptions.
func newerClang() string {
	for _, name := range []string{"clang-23", "clang-22", "clang-21", "clang-20"} {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return ""
}

// TestCMissing takes away what the projects need.
func TestCMissing(t *testing.T) {
	for src, tools := range map[string][]string{
		"expat": {"clang"}, "xz": {"clang", "wasi-libc"}, "sqlite": {"clang", "wasi-libc"}, "lua": {"clang", "wasi-libc"},
	} {
		said, code := newWpk(t).fails(t, []string{"PATH=" + t.TempDir(), "HOME=" + t.TempDir()}, "build", wpktest.Fixture(t, src))
		if code != 3 || !strings.Contains(said, "hint: ") || !slices.ContainsFunc(tools, func(tool string) bool { return strings.Contains(said, tool) }) {
			t.Errorf("%s: exit code %d, want a hint about %q:\n%s", src, code, tools, said)
		}
	}
}

// needC skips without a C compiler for WASI. In CI there is one.
func needC(t *testing.T) {
	t.Helper()
	for _, name := range []string{"make", "cmake", "ninja", "meson", "autoreconf"} {
		wpktest.Need(t, name)
	}
}
