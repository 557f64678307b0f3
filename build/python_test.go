package build

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// packFolder is a Runtimes of one pack on this machine.
type packFolder string

func (p packFolder) Runtime(context.Context, string) (*runtimepack.Pack, error) {
	return &runtimepack.Pack{Config: runtimepack.Config{Language: LanguagePython, Version: "3.13.5"}, Dir: string(p)}, nil
}

func needPython(t *testing.T) packFolder {
	t.Helper()
	return packFolder(filepath.Join(wpktest.Runtime(t, LanguagePython), "pack"))
}

// cache keeps what is compiled beside the runtime, for the next test run too.
func (p packFolder) cache() string { return filepath.Join(filepath.Dir(string(p)), "cache", "build") }

func TestDetectPython(t *testing.T) {
	for name, test := range map[string]struct {
		files  map[string]string
		python bool
	}{
		"pyproject":                 {map[string]string{"pyproject.toml": "[project]\nname='a'\n", "Makefile": "", "a.c": ""}, true},
		"tools only beside C":       {map[string]string{"pyproject.toml": "[tool.ruff]\n", "a.c": ""}, false},
		"main.py and Makefile":      {map[string]string{"main.py": "", "Makefile": ""}, true},
		"one script":                {map[string]string{"tool.py": ""}, true},
		"requirements only":         {map[string]string{"requirements.txt": ""}, true},
		"a script beside C":         {map[string]string{"gen.py": "", "a.c": ""}, false},
		"main.py beside C":          {map[string]string{"main.py": "", "main.c": ""}, false},
		"setup.py only is no start": {map[string]string{"setup.py": "", "Makefile": ""}, false},
		"rust first":                {map[string]string{"pyproject.toml": "[project]\nname='a'\n", "Cargo.toml": ""}, false},
	} {
		found, err := detect(newTestJob(t, Options{Dir: project(t, test.files)}))
		_, python := found.(pythonToolchain)
		if python != test.python {
			t.Errorf("%s: %T, %v", name, found, err)
		}
	}
}

func TestPythonWithoutRuntime(t *testing.T) {
	_, err := Build(t.Context(), Options{Dir: project(t, map[string]string{"main.py": ""}), Cache: t.TempDir()})
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Kind != KindRuntime || missing.Name != LanguagePython {
		t.Error(err)
	}
	// What is wrong with the project comes first.
	_, err = Build(t.Context(), Options{Dir: project(t, map[string]string{"main.py": "", "requirements.txt": "-e ./x\n"}), Cache: t.TempDir()})
	var file *ProjectFileError
	if !errors.As(err, &file) || file.File != "requirements.txt" || file.Line != 1 {
		t.Error(err)
	}
}

func TestIndexes(t *testing.T) {
	for _, test := range []struct {
		env   []string
		index string
		want  string
	}{
		{nil, "", defaultIndex},
		{nil, PythonNoIndex, ""},
		{[]string{"PIP_NO_INDEX=1"}, "", ""},
		{[]string{"PIP_NO_INDEX=1"}, "https://a/", "https://a/"},
		{[]string{"PIP_INDEX_URL=https://p/", "UV_DEFAULT_INDEX=name=https://u/"}, "", "https://u/"},
		{[]string{"UV_INDEX=x=https://x/ https://y/", "PIP_EXTRA_INDEX_URL=https://z/?a=b"}, "", "https://x/ https://y/ https://z/?a=b " + defaultIndex},
	} {
		dir := project(t, map[string]string{"main.py": ""})
		j := newTestJob(t, Options{Dir: dir, Env: test.env})
		j.Python.Index = test.index
		p, err := readPython(j)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(indexes(j, p), " "); got != test.want {
			t.Errorf("%v: %s, want %s", test.env, got, test.want)
		}
	}
}

// pythonApp has a resource, a package and something to warn of.
var pythonApp = map[string]string{
	"main.py":       "import socket\nimport h\nprint(h.text())\n",
	"h/__init__.py": "from importlib import resources\n\n\ndef text():\n    return resources.files('h').joinpath('a.txt').read_text()\n",
	"h/a.txt":       "resource",
}

func buildPython(t *testing.T, o Options) (*Module, error) {
	t.Helper()
	pack := needPython(t)
	o.Runtimes, o.Env = pack, os.Environ()
	if o.Cache == "" {
		o.Cache = pack.cache()
	}
	return Build(t.Context(), o)
}

func TestPythonSameBytesInTwoFolders(t *testing.T) {
	first, err := buildPython(t, Options{Dir: project(t, pythonApp)})
	if err != nil {
		t.Fatal(err)
	}
	deeper := map[string]string{}
	for name, text := range pythonApp {
		deeper["some/where/"+name] = text
	}
	// Without what the first build has kept, apart from the engine's own cache.
	cache := t.TempDir()
	if err := os.Symlink(filepath.Join(needPython(t).cache(), "engine"), filepath.Join(cache, "engine")); err != nil {
		t.Fatal(err)
	}
	second, err := buildPython(t, Options{Dir: filepath.Join(project(t, deeper), "some", "where"), Cache: cache, Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if first.Digest != second.Digest || !bytes.Equal(first.Wasm, second.Wasm) {
		t.Errorf("%s and %s", first.Digest, second.Digest)
	}
	if len(first.Warnings) != 1 || first.Warnings[0].Where != "main.py:1" || !strings.Contains(first.Warnings[0].Text, "socket") {
		t.Errorf("%+v", first.Warnings)
	}
	if first.Facts.Tools[0].Name != "cpython" || first.Facts.Name != "" {
		t.Errorf("%+v", first.Facts)
	}
}

func TestPythonAttachedAndWhole(t *testing.T) {
	dir := project(t, map[string]string{"main.py": "print(1)\n"})
	closure, err := buildPython(t, Options{Dir: dir, Settings: Settings{Python: PythonOptions{NoSnapshot: true}}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := buildPython(t, Options{Dir: dir, Settings: Settings{Python: PythonOptions{NoSnapshot: true, Library: PythonLibraryAll}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("closure %d, all %d bytes", len(closure.Wasm), len(all.Wasm))
	if len(closure.Wasm) >= len(all.Wasm) || slices.Contains(closure.Facts.Flags, "snapshot") {
		t.Errorf("%v", closure.Facts.Flags)
	}
}

func TestPythonSyntaxError(t *testing.T) {
	var out bytes.Buffer
	dir := project(t, map[string]string{"pyproject.toml": "[project]\nname='a'\n", "src/a/__main__.py": "import b\nx = = 1\n"})
	_, err := buildPython(t, Options{Dir: dir, Output: &out})
	var tool *ToolError
	if !errors.As(err, &tool) || tool.Tool != "python" || !strings.Contains(out.String(), "src/a/__main__.py:2:5: SyntaxError: invalid syntax\n    x = = 1\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestPythonEntryErrors(t *testing.T) {
	dir := project(t, map[string]string{"pyproject.toml": "[project]\nname='a'\nscripts={a='a:f', b='a:g'}\n", "a.py": ""})
	var several *AmbiguousError
	if _, err := buildPython(t, Options{Dir: dir}); !errors.As(err, &several) || !slices.Equal(several.Candidates, []string{"a", "b"}) {
		t.Error(err)
	}
	for _, entry := range []string{"", "c"} {
		dir := project(t, map[string]string{"pyproject.toml": "[project]\nname='a'\n", "a/__init__.py": ""})
		_, err := buildPython(t, Options{Dir: dir, Settings: Settings{Python: PythonOptions{Entry: entry}}})
		if !errors.Is(err, ErrNoPythonEntry) {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

func TestKeepRemovesTheOldest(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if err := keep(filepath.Join(dir, name), make([]byte, 10), 25); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != "b" {
		t.Errorf("%v, %v", left, err)
	}
}
