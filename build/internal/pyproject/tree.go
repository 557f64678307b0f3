package pyproject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of a program's own files.
const (
	maxFiles = 50_000
	maxBytes = 256 << 20
)

// ErrTooLarge means that the program's files are above the limits.
var ErrTooLarge = errors.New("too large")

// Source is one of the program's files.
type Source struct {
	Path   string // where the program sees it, below its root
	Origin string // where it lies, below the project's folder; with slashes
	Data   []byte
}

// A tree says which of a folder's files are the program.
type tree struct {
	root    string   // the folder below the project's whose entries are importable; "." or "src", …
	entries []string // which of them, and folders and files elsewhere as paths below the project's folder; nil = by the rules
	strict  bool     // only packages and modules, not whatever lies beside them
}

// tree finds the folder of the modules, as the project's build back end would.
func (f *file) tree(dir string, described bool) (tree, error) {
	t := tree{root: ".", strict: described}
	s := f.Tool.Setuptools
	var listed []string
	switch {
	case f.Tool.Poetry != nil && len(f.Tool.Poetry.Packages) > 0:
		for _, p := range f.Tool.Poetry.Packages {
			listed = append(listed, path.Join(p.From, p.Include))
		}
	case len(f.Tool.Hatch.Build.Targets.Wheel.Packages) > 0:
		listed = f.Tool.Hatch.Build.Targets.Wheel.Packages
	case f.Tool.Flit.Module.Name != "":
		listed = []string{either(dir, f.Tool.Flit.Module.Name)}
	case s.PackageDir[""] != "":
		t.root = s.PackageDir[""]
	case where(s.Packages) != "":
		t.root = where(s.Packages)
	case described && hasPython(filepath.Join(dir, "src")):
		t.root = "src"
	}
	for _, name := range append(listed, t.root) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return t, refuse("%q lies outside of the project", name)
		}
	}
	t.entries = listed
	return t, nil
}

// either finds a module in src or beside pyproject.toml.
func either(dir, name string) string {
	for _, at := range []string{path.Join("src", name), path.Join("src", name+".py"), name, name + ".py"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(at))); err == nil {
			return at
		}
	}
	return name
}

// where reads setuptools' packages.find.where.
func where(packages any) string {
	table, _ := packages.(map[string]any)
	find, _ := table["find"].(map[string]any)
	list, _ := find["where"].([]any)
	if all := texts(list); len(all) > 0 {
		return all[0]
	}
	return ""
}

// hasPython tells whether a folder has modules or packages.
func hasPython(dir string) bool {
	for _, pattern := range []string{"*.py", "*/*.py", "*/*/*.py"} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// Names that are never part of a program: what tools leave, environments, and packages of other languages.
var junk = []string{"__pycache__", "__pypackages__", "node_modules", "venv", "env", "htmlcov"}

// notPackages lie beside a project's packages and are none: those of setuptools' own rule for flat layouts.
// https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout
var notPackages = []string{
	"ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news", "newsfragments", "changelog", "test", "tests", "unit_test",
	"unit_tests", "example", "examples", "scripts", "tools", "util", "utils", "python", "build", "dist", "benchmark", "benchmarks", "exercise", "exercises",
	"htmlcov", "tasks", "wheels",
}

// notModules are files of tools.
var notModules = []string{"setup.py", "conftest.py", "test.py", "tests.py", "example.py", "examples.py", "build.py", "noxfile.py", "toxfile.py", "pavement.py", "tasks.py", "fabfile.py", "dodo.py"}

// notData lie beside a script and describe the project.
var notData = []string{File, RequirementsFile, "setup.py", "setup.cfg", "conftest.py", "noxfile.py", "tox.ini", "pytest.ini", "Makefile", "Dockerfile", "wpk.yaml", "uv.lock", "poetry.lock", "build", "dist", WheelsFolder}

// Sources reads the program's files, sorted by path. Hidden files, bytecode and native code are left out.
func (p *Project) Sources(ctx context.Context) ([]Source, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	w := &walker{ctx: ctx, root: root}
	for _, entry := range p.tree.entries {
		if err := w.add(entry, path.Base(entry)); err != nil {
			return nil, err
		}
	}
	if p.tree.entries == nil {
		if err := w.rules(p.tree); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(w.all, func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	w.all = slices.CompactFunc(w.all, func(a, b Source) bool { return a.Path == b.Path })
	return w.all, nil
}

type walker struct {
	ctx   context.Context
	root  *os.Root
	all   []Source
	bytes int64
}

// rules adds the packages and modules of a folder, or all of a folder of scripts.
func (w *walker) rules(t tree) error {
	entries, err := fs.ReadDir(w.root.FS(), t.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		at := path.Join(t.root, name)
		var skip bool
		switch {
		case !t.strict:
			skip = slices.Contains(notData, name) || strings.HasPrefix(name, "pylock.") || strings.HasSuffix(name, ".whl")
		case e.IsDir():
			skip = t.root == "." && slices.Contains(notPackages, name) || !w.isPackage(at)
		default:
			skip = !strings.HasSuffix(name, ".py") || t.root == "." && slices.Contains(notModules, name)
		}
		if skip {
			continue
		}
		if err := w.add(at, name); err != nil {
			return err
		}
	}
	if t.root == "src" { // a script beside src is the program that uses it
		for _, name := range []string{"main.py", "__main__.py"} {
			if _, err := w.root.Stat(name); err == nil {
				if err := w.add(name, name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// isPackage tells whether a folder has modules, in itself or below.
func (w *walker) isPackage(dir string) bool {
	found := errors.New("found")
	err := fs.WalkDir(w.root.FS(), dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && ignored(d.Name()):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".py"):
			return found
		}
		return nil
	})
	return errors.Is(err, found)
}

func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains(junk, name) || strings.HasSuffix(name, ".egg-info")
}

// add adds a file, or a folder with all below it.
func (w *walker) add(at, as string) error {
	return fs.WalkDir(w.root.FS(), at, func(name string, d fs.DirEntry, err error) error {
		if d == nil {
			return nil // a link that leads nowhere, or out of the project
		}
		if err == nil {
			err = context.Cause(w.ctx)
		}
		if err != nil {
			return err
		}
		if ignored(d.Name()) && name != at || ignored(path.Base(as)) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			if isEnvironment(w.root, name) {
				return fs.SkipDir
			}
			return nil
		}
		return w.file(name, path.Join(as, strings.TrimPrefix(strings.TrimPrefix(name, at), "/")))
	})
}

// isEnvironment tells of a venv under another name.
func isEnvironment(root *os.Root, dir string) bool {
	_, err := root.Stat(path.Join(dir, "pyvenv.cfg"))
	return err == nil
}

// nativeSuffixes are what the runtime could not load.
var nativeSuffixes = []string{".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib", ".o", ".a"}

// file reads one file. A link that leads out of the project, and whatever is no regular file, is left out.
func (w *walker) file(name, as string) error {
	if slices.ContainsFunc(nativeSuffixes, func(s string) bool { return strings.HasSuffix(name, s) }) {
		return nil
	}
	info, err := w.root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil // a link that leads out of the project is no source
	}
	f, err := w.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return err
	}
	w.all = append(w.all, Source{Path: as, Origin: name, Data: data})
	if w.bytes += int64(len(data)); w.bytes > maxBytes || len(w.all) > maxFiles {
		return fmt.Errorf("the program's files are %w: more than %d files or %d bytes", ErrTooLarge, maxFiles, int64(maxBytes))
	}
	return nil
}
