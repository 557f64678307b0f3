package runtimepack_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestPythonPrograms runs testdata/python/p_*.py, all in one module, attached and from a snapshot: what people's programs
// do with the standard library, their files and their surroundings.
func TestPythonPrograms(t *testing.T) {
	library := openPython(t)
	program := library.program(t, "script /app/start.py", "testdata/python")
	for _, kind := range []string{"attached", "snapshot"} {
		t.Run(kind, func(t *testing.T) {
			module := library.module(t, program, kind == "snapshot")
			if !bytes.Equal(module, library.module(t, program, kind == "snapshot")) {
				t.Error("made twice, the modules differ")
			}
			engine := newHost(t, module, wazero.NewRuntimeConfigCompiler())
			drawsAnew(t, engine)
			for _, test := range pythonTests {
				t.Run(test.name, func(t *testing.T) {
					got := engine.run(t, call{
						args: append([]string{"program.wasm", "p_" + test.name}, test.args...), env: test.env,
						stdin: test.stdin, mount: t.TempDir(),
					})
					test.check(t, got)
				})
			}
		})
	}
}

type pythonTest struct {
	name   string
	args   []string
	env    map[string]string
	stdin  string
	code   uint32
	stdout string // all of it, as a regular expression of lines; "": any
	stderr string // likewise
}

func (p *pythonTest) check(t *testing.T, got result) {
	t.Helper()
	if got.code != p.code {
		t.Errorf("exit code %d, want %d", got.code, p.code)
	}
	for _, stream := range []struct{ name, got, want string }{{"stdout", got.stdout, p.stdout}, {"stderr", got.stderr, p.stderr}} {
		want := regexp.MustCompile(`(?s)\A` + strings.TrimPrefix(stream.want, "\n") + `\z`)
		if !want.MatchString(stream.got) {
			t.Errorf("%s:\n%s\nwant:\n%s", stream.name, stream.got, stream.want)
		}
	}
	if t.Failed() {
		t.Logf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
	}
}

// TestPythonEntries starts programs in the other ways that .main knows.
func TestPythonEntries(t *testing.T) {
	library := openPython(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pkg/__init__.py":       "",
		"pkg/__main__.py":       "import sys\nfrom . import cli\nprint(__name__, __package__, __file__, __spec__.name, sys.argv)\n",
		"pkg/cli.py":            "import sys\nclass App:\n    @staticmethod\n    def run():\n        print(sys.argv)\n        return 'failed'\n",
		"lib/extra/__init__.py": "import json\nprint(json.__file__)\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	for _, test := range []struct {
		name, main, stdout, stderr string
		code                       uint32
	}{
		{"package", "module pkg", "__main__ pkg /app/pkg/__main__.py pkg.__main__ ['x.wasm', 'é']\n", "", 0},
		{"function", "module pkg.cli\nfunction App.run\nprog tool", "['tool', 'é']\n", "failed\n", 1},
		{"path", "module extra\npath /app/lib", "", "ModuleNotFoundError: No module named 'extra.__main__'\n", 1},
		{"absent", "module nothing", "", "ModuleNotFoundError: No module named 'nothing'\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			module := library.module(t, library.program(t, test.main, dir), true)
			got := newHost(t, module, wazero.NewRuntimeConfigInterpreter()).run(t, call{args: []string{"x.wasm", "é"}})
			if test.name == "path" {
				got.stdout = "" // from pkg/__init__.py
			}
			if got.stdout != test.stdout || !strings.HasSuffix(got.stderr, test.stderr) || got.code != test.code {
				t.Errorf("%+v, want %+v", got, test)
			}
		})
	}
}

// drawsAnew: two processes of one snapshot have no random number in common.
func drawsAnew(t *testing.T, h *host) {
	drawn := regexp.MustCompile(`drawn .*`)
	var lines []string
	for range 2 {
		got := h.run(t, call{args: []string{"x", "p_world"}, mount: t.TempDir()})
		lines = append(lines, drawn.FindString(got.stdout))
	}
	words := strings.Fields(lines[0])
	if len(words) < 5 {
		t.Errorf("drawn: %q", lines)
	}
	for _, word := range words[1:] {
		if strings.Contains(lines[1], word) {
			t.Errorf("both processes drew %s: %q", word, lines)
		}
	}
}

// TestPythonSyntaxError: the compile service says where a file is no Python.
func TestPythonSyntaxError(t *testing.T) {
	library := openPython(t)
	answers := library.compile(t, []source{
		{"good", "/app/good.py", []byte("import a.b\nfrom .. import c\nfrom x import y as z\n__import__('late.one')\n"), false},
		{"bad", "/app/bad.py", []byte("# coding: latin-1\nx = '\xe9'\nprint 1\n"), false},
		{"p", "/app/p/__init__.py", []byte("from . import inner\nfrom .deep.er import *\nimport os.path\n"), true},
		{"null", "/app/null.py", []byte("\x00"), false},
	})
	for i, want := range []struct {
		status uint32
		text   string
		more   string
	}{
		{0, "", "a.b\nlate.one\nx\nx.y"},
		{1, "/app/bad.py:3:1: SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?", "print 1"},
		{0, "", "os.path\np\np.deep.er\np.inner"},
		{1, "/app/null.py: SyntaxError: source code string cannot contain null bytes", ""},
	} {
		got := answers[i]
		if got.status != want.status || want.status == 1 && string(got.a) != want.text || string(got.b) != want.more {
			t.Errorf("%d: %d %.120q %q, want %+v", i, got.status, got.a, got.b, want)
		}
	}
	if alone := library.compile(t, []source{{"p", "/app/p/__init__.py", []byte("from . import inner\nfrom .deep.er import *\nimport os.path\n"), true}}); !bytes.Equal(alone[0].a, answers[2].a) {
		t.Error("the bytes depend on what was compiled before")
	}
	if magic, _ := binary.Uvarint(answers[0].a[4:8]); magic != 1 {
		t.Errorf("the .pyc is not one that is used unchecked: % x", answers[0].a[:16])
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
