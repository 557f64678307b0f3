// Package pyproject reads what a Python project's folder says about it: its name, what it requires, its commands, and
// which of its files belong to the program. It runs nothing of the project: what only a build back end could tell is
// refused, with the key that would say it.
package pyproject

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/wpkdev/wpk/build/internal/pep440"
	"github.com/wpkdev/wpk/build/internal/pypi"
)

// The files that describe a project.
const (
	File             = "pyproject.toml"
	RequirementsFile = "requirements.txt"
	WheelsFolder     = "wheels"
)

// maxFile bounds pyproject.toml.
const maxFile = 4 << 20

// Project is what a folder says.
type Project struct {
	Dir      string
	Name     string // as written; "" when nothing names it
	Version  string // "" when nothing here says
	Python   pep440.Specifiers
	Commands []pypi.EntryPoint // sorted by name
	pypi.Wishes

	tree tree // which folders and files have the program
}

// Options say what to read beyond the folder's own description.
type Options struct {
	Extras       []string            // of the project's optional dependencies
	Requirements []string            // files with more requirements
	Getenv       func(string) string // for ${NAME} in requirements files
}

// file is pyproject.toml.
// https://packaging.python.org/en/latest/specifications/pyproject-toml/
type file struct {
	Project *projectTable `toml:"project"`
	Tool    struct {
		Poetry     *poetry         `toml:"poetry"`
		Setuptools setuptoolsTable `toml:"setuptools"`
		Hatch      hatch           `toml:"hatch"`
		Flit       struct {
			Module struct {
				Name string `toml:"name"`
			} `toml:"module"`
		} `toml:"flit"`
	} `toml:"tool"`
}

type projectTable struct {
	Name           string              `toml:"name"`
	Version        string              `toml:"version"`
	RequiresPython string              `toml:"requires-python"`
	Dependencies   []string            `toml:"dependencies"`
	Optional       map[string][]string `toml:"optional-dependencies"`
	Scripts        map[string]string   `toml:"scripts"`
	Dynamic        []string            `toml:"dynamic"`
}

type setuptoolsTable struct {
	PackageDir map[string]string `toml:"package-dir"`
	PyModules  []string          `toml:"py-modules"`
	Packages   any               `toml:"packages"`
	Dynamic    map[string]any    `toml:"dynamic"`
}

type hatch struct {
	Build struct {
		Targets struct {
			Wheel struct {
				Packages []string `toml:"packages"`
			} `toml:"wheel"`
		} `toml:"targets"`
	} `toml:"build"`
}

// Describes reports whether a folder has a pyproject.toml that describes a project: many have one for their tools only.
func Describes(dir string) bool {
	f, err := decode(dir)
	return err == nil && f != nil && (f.Project != nil || f.Tool.Poetry != nil)
}

// Read reads a project. Its errors are *[pypi.FileError] and those of the file system.
func Read(dir string, o Options) (*Project, error) {
	p := &Project{Dir: dir}
	f, err := decode(dir)
	if err != nil {
		return nil, err
	}
	described := f != nil && (f.Project != nil || f.Tool.Poetry != nil)
	if f == nil {
		f = &file{}
	}
	switch {
	case f.Project != nil:
		err = p.standard(f, o)
	case f.Tool.Poetry != nil:
		err = p.poetry(f.Tool.Poetry, o)
	case len(o.Extras) > 0:
		err = refuse("extras %s: there are no optional dependencies", strings.Join(o.Extras, ", "))
	}
	if err != nil {
		return nil, err
	}
	reader := pypi.RequirementsReader{Project: dir, Getenv: o.Getenv}
	files := slices.Clone(o.Requirements)
	if !described && len(files) == 0 && isFile(filepath.Join(dir, RequirementsFile)) {
		files = append(files, filepath.Join(dir, RequirementsFile))
	}
	for _, name := range files {
		if err := reader.Read(name, &p.Wishes); err != nil {
			return nil, err
		}
	}
	if info, err := os.Stat(filepath.Join(dir, WheelsFolder)); err == nil && info.IsDir() {
		p.Folders = append(p.Folders, filepath.Join(dir, WheelsFolder))
	}
	slices.SortFunc(p.Commands, func(a, b pypi.EntryPoint) int { return strings.Compare(a.Name, b.Name) })
	p.tree, err = f.tree(dir, described)
	return p, err
}

// decode reads pyproject.toml; nil without one.
func decode(dir string) (*file, error) {
	in, err := os.Open(filepath.Join(dir, File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, and that is fine
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, err
	}
	return parse(data)
}

func parse(data []byte) (*file, error) {
	if len(data) > maxFile {
		return nil, refuse("more than %d bytes", maxFile)
	}
	var f file
	if err := toml.Unmarshal(data, &f); err != nil {
		var at *toml.DecodeError
		line := 0
		if errors.As(err, &at) {
			line, _ = at.Position()
		}
		return nil, &pypi.FileError{File: File, Line: line, Text: "cannot be read", Err: err}
	}
	return &f, nil
}

func refuse(format string, args ...any) error {
	return &pypi.FileError{File: File, Text: fmt.Sprintf(format, args...)}
}

// standard reads the [project] table.
func (p *Project) standard(f *file, o Options) error {
	t := f.Project
	p.Name, p.Version = t.Name, t.Version
	var err error
	if p.Python, err = pep440.ParseSpecifiers(t.RequiresPython); err != nil {
		return refuse("requires-python: %v", err)
	}
	for _, d := range t.Dependencies {
		if err := p.require(d, "dependencies"); err != nil {
			return err
		}
	}
	if err := p.dynamic(f); err != nil {
		return err
	}
	for _, extra := range o.Extras {
		if err := p.extra(t, extra, map[string]bool{}); err != nil {
			return err
		}
	}
	return p.commands(t.Scripts)
}

// extra adds one of the optional lists. A project may name its own extras in them.
func (p *Project) extra(t *projectTable, extra string, seen map[string]bool) error {
	extra = pypi.Normalize(extra)
	if seen[extra] {
		return nil
	}
	seen[extra] = true
	for name, list := range t.Optional {
		if pypi.Normalize(name) != extra {
			continue
		}
		for _, d := range list {
			r, err := pypi.ParseRequirement(d)
			if err == nil && r.Name == pypi.Normalize(t.Name) {
				for _, e := range r.Extras {
					if err := p.extra(t, e, seen); err != nil {
						return err
					}
				}
				continue
			}
			if err := p.require(d, "optional-dependencies."+name); err != nil {
				return err
			}
		}
		return nil
	}
	return refuse("extra %q: there is no such list in optional-dependencies", extra)
}

func (p *Project) require(text, key string) error {
	r, err := pypi.ParseRequirement(text)
	if err != nil {
		return refuse("%s: %v", key, err)
	}
	r.Where = File
	p.Requirements = append(p.Requirements, r)
	return nil
}

func (p *Project) commands(scripts map[string]string) error {
	for name, target := range scripts {
		e, err := pypi.ParseEntryPoint(name, target)
		if err != nil {
			return refuse("scripts: %v", err)
		}
		p.Commands = append(p.Commands, e)
	}
	return nil
}

// dynamic reads what setuptools takes from files, and refuses what only running a back end would tell.
func (p *Project) dynamic(f *file) error {
	for _, key := range f.Project.Dynamic {
		switch key {
		case "dependencies":
			files := filesOf(f.Tool.Setuptools.Dynamic["dependencies"])
			if len(files) == 0 {
				return refuse("the dependencies are dynamic, and wpk runs no build back end: list them under [project], or in %s and pass --requirements %s", RequirementsFile, RequirementsFile)
			}
			reader := pypi.RequirementsReader{Project: p.Dir}
			for _, name := range files {
				if err := reader.Read(filepath.Join(p.Dir, filepath.FromSlash(name)), &p.Wishes); err != nil {
					return err
				}
			}
		case "scripts", "entry-points":
			return refuse("the %s are dynamic, and wpk runs no build back end: list them under [project.scripts]", key)
		}
	}
	return nil
}

// filesOf reads setuptools' {file = "x"} and {file = ["x", "y"]}.
func filesOf(v any) []string {
	table, _ := v.(map[string]any)
	switch files := table["file"].(type) {
	case string:
		return []string{files}
	case []any:
		return texts(files)
	}
	return nil
}

func texts(list []any) []string {
	var all []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
