package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/bundle"
	"github.com/wpkdev/wpk/build/internal/cpython"
	"github.com/wpkdev/wpk/build/internal/pep440"
	"github.com/wpkdev/wpk/build/internal/pypi"
	"github.com/wpkdev/wpk/build/internal/pyproject"
	"github.com/wpkdev/wpk/build/runtimepack"
)

// PythonOptions are the settings for Python.
type PythonOptions struct {
	Entry        string   // how it starts: a command, "module:function", a module, or a file; "" = the only one there is
	Requirements []string // requirements files, beside what the project itself requires
	Wheels       []string // folders with wheels, beside the project's own "wheels"
	SitePackages string   // an installed environment to take the requirements from, instead of an index
	Extras       []string // of the project's optional dependencies
	Index        string   // URL of the package index; "" = the environment's, else PyPI's; PythonNoIndex = none
	Pure         []string // distributions to take without their native code, because they work without it
	Library      string   // PythonLibraryClosure or PythonLibraryAll; "" = PythonLibraryClosure
	Preload      []string // modules to import while building, beside those of the standard library
	NoSnapshot   bool     // start the interpreter up when the program runs
}

// The values of [PythonOptions.Library], and one of Index.
const (
	PythonLibraryClosure = "closure" // what the program and its requirements import
	PythonLibraryAll     = "all"     // the whole standard library
	PythonNoIndex        = "none"
)

// pythonToolchain puts a Python program and its pure-Python requirements behind CPython itself, compiled to WebAssembly
// once and for all: the runtime pack. Nothing of Python has to be on this machine.
type pythonToolchain struct{}

// A pythonBuild is one build under way.
type pythonBuild struct {
	*job
	pack    *runtimepack.Pack
	runtime []byte // the interpreter
	sum     string // of runtime and library: what every cached result depends on
	library *cpython.Library
	project *pyproject.Project
	env     pypi.Environment
	sources []pyproject.Source
	deps    []*pypi.Distribution
	warned  []Warning
	// unlocked says that the versions were chosen now.
	unlocked bool
}

// isPython tells a project that is Python for sure, whatever else lies in its folder.
func isPython(dir string) bool {
	if pyproject.Describes(dir) {
		return true
	}
	starts := exists(dir, "main.py") || exists(dir, "__main__.py")
	return hasPythonFiles(dir) && (starts || exists(dir, pyproject.RequirementsFile)) && !exists(dir, cmakeFile) && len(plainSources(dir)) == 0
}

// hasPythonFiles reports whether a folder has anything that could be a program in Python.
func hasPythonFiles(dir string) bool {
	found := filesIn(dir, ".py")
	return len(found) > 0 && !slices.Equal(found, []string{"setup.py"}) || exists(dir, pyproject.RequirementsFile)
}

func (pythonToolchain) compile(ctx context.Context, j *job) (product, error) {
	b, err := newPythonBuild(ctx, j)
	if err != nil {
		return product{}, err
	}
	defer b.library.Close()
	if b.deps, err = b.dependencies(ctx); err != nil {
		return product{}, err
	}
	if b.sources, err = b.project.Sources(ctx); err != nil {
		return product{}, err
	}
	entry, err := b.entry()
	if err != nil {
		return product{}, err
	}
	files, imports, err := b.compiled(ctx)
	if err != nil {
		return product{}, err
	}
	blob, err := b.blob(files, imports, entry)
	if err != nil {
		return product{}, err
	}
	path, err := b.attach(ctx, attachment{
		language: LanguagePython, tool: "python", runtime: b.runtime, sum: b.sum, blob: blob, snapshot: !b.Python.NoSnapshot,
	})
	if err != nil {
		return product{}, err
	}
	return product{path: path, facts: b.facts(entry), warnings: b.warned, inventory: b.inventory}, nil
}

// newPythonBuild reads the project before it asks for the runtime: what is wrong with the project shows without one.
func newPythonBuild(ctx context.Context, j *job) (*pythonBuild, error) {
	project, err := readPython(j)
	if err != nil {
		return nil, err
	}
	missing := &MissingError{Kind: KindRuntime, Name: LanguagePython, Purpose: "is CPython as a WebAssembly module"}
	if j.Runtimes == nil {
		return nil, missing
	}
	p, err := j.Runtimes.Runtime(ctx, LanguagePython)
	if err != nil {
		return nil, err
	}
	b := &pythonBuild{job: j, pack: p, project: project}
	if b.runtime, err = os.ReadFile(p.Path(runtimepack.RuntimeFile)); err != nil {
		return nil, err
	}
	library, err := os.ReadFile(p.Path(runtimepack.LibraryFile))
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	h.Write(b.runtime)
	h.Write(library)
	b.sum = hex.EncodeToString(h.Sum(nil))
	if b.library, err = cpython.OpenLibrary(p.Path(runtimepack.LibraryFile)); err != nil {
		return nil, err
	}
	b.env = pypi.Target(b.library.Version)
	if v, err := pep440.Parse(b.library.Version); err == nil && !project.Python.Contains(v) {
		err := &pypi.FileError{File: pyproject.File, Text: "requires Python " + project.Python.String() + ", and the runtime is CPython " + b.library.Version}
		return nil, errors.Join(err, b.library.Close())
	}
	return b, nil
}

// readPython reads what the project's folder says.
func readPython(j *job) (*pyproject.Project, error) {
	o := pyproject.Options{Extras: j.Python.Extras, Getenv: func(key string) string { return getenv(j.Env, key) }}
	for _, name := range j.Python.Requirements {
		o.Requirements = append(o.Requirements, j.inDir(name))
	}
	return pyproject.Read(j.Dir, o)
}

// inDir is a path from the options: relative ones start at the project.
func (j *job) inDir(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(j.Dir, filepath.FromSlash(name))
}

// entry finds out how the program starts.
func (b *pythonBuild) entry() (pyproject.Entry, error) {
	direct := map[string]bool{}
	for _, r := range b.project.Requirements {
		direct[r.Name] = true
	}
	var commands, others []pypi.EntryPoint
	for _, d := range b.deps {
		if direct[d.Name] {
			commands = append(commands, d.Commands()...)
		} else {
			others = append(others, d.Commands()...)
		}
	}
	word := b.Python.Entry
	if word != "" {
		commands = append(commands, others...)
	}
	e, candidates := b.project.Choose(word, b.sources, commands)
	switch {
	case candidates == nil && e != (pyproject.Entry{}):
		return e, nil
	case word == "" && len(candidates) > 1:
		return e, &AmbiguousError{Dir: b.Dir, What: "entry points", Candidates: candidates}
	case word != "":
		return e, &DetectError{Dir: b.Dir, Looked: append([]string{word}, candidates...), Err: ErrNoPythonEntry}
	}
	return e, &DetectError{Dir: b.Dir, Looked: []string{"[project.scripts]", "__main__.py", "main.py"}, Err: ErrNoPythonEntry}
}

// blob puts the program, what it requires and what both reach of the standard library into one piece.
func (b *pythonBuild) blob(files []cpython.File, imports []string, e pyproject.Entry) ([]byte, error) {
	modules := b.library.Closure(slices.Concat(imports, b.Python.Preload))
	if b.Python.Library == PythonLibraryAll {
		modules = b.library.All()
	}
	entries, err := b.library.Entries(modules)
	if err != nil {
		return nil, err
	}
	zones := slices.Contains(modules, "zoneinfo") && !slices.ContainsFunc(b.deps, func(d *pypi.Distribution) bool { return d.Name == "tzdata" })
	if zones {
		found, err := b.library.Zones()
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
	}
	m := cpython.Main{Module: e.Module, Function: e.Function, Program: e.Name}
	if e.Script != "" {
		m.Script, m.Program = cpython.AppFolder+e.Script, e.Script
	}
	if !b.Python.NoSnapshot {
		for _, name := range b.library.Preload {
			if slices.Contains(modules, name) {
				m.Preload = append(m.Preload, name)
			}
		}
		m.Preload = append(m.Preload, b.Python.Preload...)
	}
	entries = append(entries, b.library.FileEntries(files)...)
	return bundle.Blob(append(entries, m.Entry()))
}

func (b *pythonBuild) facts(e pyproject.Entry) Facts {
	f := Facts{
		Language: LanguagePython, Name: cmp.Or(e.Name, b.project.Name), Version: b.project.Version,
		Tools: []Tool{{Name: "cpython", Version: b.library.Version}},
	}
	library := cmp.Or(b.Python.Library, PythonLibraryClosure)
	f.Flags = append(f.Flags, "runtime="+cmp.Or(b.pack.Digest, "sha256:"+b.sum), "library="+library)
	if !b.Python.NoSnapshot {
		f.Flags = append(f.Flags, "snapshot")
	}
	if len(b.Python.Preload) > 0 {
		f.Flags = append(f.Flags, "preload="+strings.Join(b.Python.Preload, ","))
	}
	for _, d := range b.deps {
		f.Dependencies = append(f.Dependencies, Dependency{Type: "pypi", Name: d.Name, Version: d.Version, SHA256: d.SHA256})
	}
	return f
}
