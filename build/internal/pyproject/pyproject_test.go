package pyproject

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/internal/pypi"
)

// folder writes a project. A value that begins with "->" is a link.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func reqs(p *Project) string {
	var all []string
	for _, r := range p.Requirements {
		all = append(all, r.String())
	}
	return strings.Join(all, "|")
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		files  map[string]string
		extras []string
		want   string // name version | requirements | commands
	}{
		{
			"standard",
			map[string]string{File: "[project]\nname = 'n'\nversion = '1'\ndependencies = ['a>1']\noptional-dependencies = {x = ['b', 'n[y]'], y = ['c']}\nscripts = {run = 'm:f'}\n"},
			[]string{"X"},
			"n 1|a>1|b|c|run=m:f",
		},
		{
			"dynamic in files",
			map[string]string{File: "[project]\nname = 'n'\ndynamic = ['version', 'dependencies']\n[tool.setuptools.dynamic]\ndependencies = {file = ['r.txt']}\n", "r.txt": "a\n"},
			nil, "n |a",
		},
		{"tools only", map[string]string{File: "[tool.ruff]\nline-length = 9\n", RequirementsFile: "a==1\n"}, nil, " |a==1"},
		{"requirements beside a project do not count", map[string]string{File: "[project]\nname = 'n'\nversion = '1'\n", RequirementsFile: "a==1\n"}, nil, "n 1|"},
		{"poetry", map[string]string{File: `[tool.poetry]
name = "n"
version = "2"
[tool.poetry.dependencies]
python = "^3.11"
a = "^1.2"
b = {version = "~2.1", extras = ["x"], markers = "os_name == 'posix'"}
c = {version = "*", optional = true}
d = {version = "0.3", optional = true}
e = [{version = "1", python = "<3.12"}, {version = "^0.0.3", python = ">=3.12"}]
[tool.poetry.extras]
more = ["d"]
[tool.poetry.scripts]
run = "m:f"
`}, []string{"more"}, "n 2|a>=1.2,<2|b[x]>=2.1,<2.2 ; os_name == 'posix'|d==0.3|e==1 ; python_full_version < \"3.12\"|e>=0.0.3,<0.0.4 ; python_full_version >= \"3.12\"|run=m:f"},
	} {
		p, err := Read(folder(t, test.files), Options{Extras: test.extras})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := p.Name + " " + p.Version + "|" + reqs(p)
		for _, c := range p.Commands {
			got += "|" + c.Name + "=" + c.Module + ":" + c.Object
		}
		if got != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, words := range map[string]string{
		"[project":                                       "pyproject.toml:1",
		"[project]\nname = 1\n":                          "pyproject.toml",
		"[project]\ndependencies = ['a b']\n":            "dependencies",
		"[project]\ndynamic = ['dependencies']\n":        "dynamic",
		"[project]\ndynamic = ['scripts']\n":             "dynamic",
		"[project]\nscripts = {a = 'b'}\n":               "entry point",
		"[tool.poetry.dependencies]\na = {git = 'x'}\n":  "git is not supported",
		"[tool.poetry.dependencies]\na = '^1 || ^2'\n":   "alternatives",
		"[tool.poetry.dependencies]\na = '^x'\n":         "numbers",
		"[tool.poetry]\npackages = [{include='../a'}]\n": "outside",
	} {
		if _, err := Read(folder(t, map[string]string{File: text}), Options{}); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Read(folder(t, map[string]string{File: "[project]\nname='a'\n"}), Options{Extras: []string{"x"}}); err == nil {
		t.Error("an extra that is not there")
	}
}

func TestSources(t *testing.T) {
	project := "[project]\nname = 'n'\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			"src",
			map[string]string{File: project, "src/p/__init__.py": "", "src/p/data/x.json": "", "src/p/c.so": "", "src/p/__pycache__/c.pyc": "", "tests/t.py": "", "other.py": "", "src/n.egg-info/PKG-INFO": ""},
			"p/__init__.py p/data/x.json",
		},
		{
			"flat",
			map[string]string{File: project, "p/__init__.py": "", "p/templates/a.html": "", "m.py": "", "setup.py": "", "tests/t.py": "", "docs/conf.py": "", ".venv/x.py": "", "data/x.csv": ""},
			"m.py p/__init__.py p/templates/a.html",
		},
		{
			"scripts",
			map[string]string{"main.py": "", "h/x.py": "", "data/x.csv": "", RequirementsFile: "", "pylock.toml": "", ".git/x": "", "env/pyvenv.cfg": "", "my/pyvenv.cfg": "", "my/lib/x.py": "", "wheels/a.whl": ""},
			"data/x.csv h/x.py main.py",
		},
		{"hatch", map[string]string{File: project + "[tool.hatch.build.targets.wheel]\npackages = ['lib/p']\n", "lib/p/__init__.py": "", "q/__init__.py": ""}, "p/__init__.py"},
		{"poetry", map[string]string{File: "[tool.poetry]\npackages = [{include = 'p', from = 'lib'}]\n", "lib/p/__init__.py": ""}, "p/__init__.py"},
		{"flit", map[string]string{File: project + "[tool.flit.module]\nname = 'm'\n", "src/m.py": "", "x.py": ""}, "m.py"},
		{"setuptools", map[string]string{File: project + "[tool.setuptools.packages.find]\nwhere = ['lib']\n", "lib/p/__init__.py": "", "x.py": ""}, "p/__init__.py"},
		{"links", map[string]string{"main.py": "", "in.txt": "->main.py", "out.txt": "->../../../etc/passwd", "gone": "->nothing"}, "in.txt main.py"},
	} {
		p, err := Read(folder(t, test.files), Options{})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		all, err := p.Sources(t.Context())
		var got []string
		for _, s := range all {
			got = append(got, s.Path)
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, %v; want %s", test.name, got, err, test.want)
		}
	}
}

func TestChoose(t *testing.T) {
	one := []pypi.EntryPoint{{Name: "run", Module: "m", Object: "f"}}
	two := append(one, pypi.EntryPoint{Name: "walk", Module: "m", Object: "g"})
	files := func(names ...string) (all []Source) {
		for _, n := range names {
			all = append(all, Source{Path: n, Origin: "src/" + n})
		}
		return all
	}
	for _, test := range []struct {
		word     string
		own, dep []pypi.EntryPoint
		sources  []Source
		want     string
	}{
		{"", one, nil, nil, "run m f"},
		{"", two, nil, nil, "? run walk"},
		{"walk", two, nil, nil, "walk m g"},
		{"", nil, nil, files("__main__.py", "main.py", "p/__main__.py"), "name __main__.py"},
		{"", nil, nil, files("main.py", "x.py"), "name main.py"},
		{"", nil, nil, files("p/__main__.py", "p/__init__.py", "x.py"), "p p "},
		{"", nil, nil, files("p/__main__.py", "q/__main__.py"), "? p q"},
		{"", nil, nil, files("tool.py"), "tool tool.py"},
		{"", nil, nil, files("a.py", "b.py"), "? a.py b.py"},
		{"", nil, one, nil, "run m f"},
		{"", nil, nil, nil, "?"},
		{"p.cli:App.run", nil, nil, nil, "name p.cli App.run"},
		{"src/a.py", nil, nil, files("a.py"), "a a.py"},
		{"p.a", nil, nil, files("p/a.py"), "a p.a "},
		{"nothing", two, nil, files("a.py"), "? run walk a.py"},
	} {
		p := &Project{Name: "name", Commands: test.own}
		e, candidates := p.Choose(test.word, test.sources, test.dep)
		got := e.Name + " " + e.Module + " " + e.Function
		if e.Script != "" {
			got = e.Name + " " + e.Script
		}
		if e == (Entry{}) {
			got = strings.TrimSpace("? " + strings.Join(candidates, " "))
		}
		if got != test.want {
			t.Errorf("%q of %v: %q, want %q", test.word, test.sources, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("[project]\nname='a'\ndependencies=['b']\n[tool.poetry.dependencies]\na='^1'\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		file, err := parse(b)
		if err != nil {
			return
		}
		p := &Project{Dir: "/nowhere"}
		if file.Project != nil {
			_ = p.standard(file, Options{})
		}
		if file.Tool.Poetry != nil {
			_ = p.poetry(file.Tool.Poetry, Options{})
		}
		_, _ = file.tree("/nowhere", true)
	})
}
