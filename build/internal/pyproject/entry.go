package pyproject

import (
	"path"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pypi"
)

// Entry is how a program starts: a file, a module as by "python -m", or a function of a module.
type Entry struct {
	Name     string // what people call it; "" when nothing names it
	Script   string // below the program's root, or
	Module   string
	Function string // of the module; may be ""
}

// Choose finds the entry that a word names: a command, "module:function", a file, or a module. Without a word it is the
// only command of the project, its __main__.py or main.py, the only package or file that can start, or the only command
// of a distribution that the project requires itself. When that is not one, candidates are what a word could be.
func (p *Project) Choose(word string, sources []Source, commands []pypi.EntryPoint) (e Entry, candidates []string) {
	if word != "" {
		return p.named(word, sources, commands)
	}
	if len(p.Commands) == 1 {
		return command(p.Commands[0]), nil
	}
	if len(p.Commands) > 1 {
		return Entry{}, names(p.Commands)
	}
	for _, name := range []string{"__main__.py", "main.py"} {
		if has(sources, name) {
			return Entry{Script: name, Name: p.Name}, nil
		}
	}
	found := startable(sources)
	if len(found) == 0 {
		for _, c := range commands {
			found = append(found, c.Name)
		}
	}
	if len(found) == 1 {
		return p.named(found[0], sources, commands)
	}
	return Entry{}, found
}

// named returns the entry for a word, or everything that the word could have been.
func (p *Project) named(word string, sources []Source, commands []pypi.EntryPoint) (Entry, []string) {
	all := slices.Concat(p.Commands, commands)
	for _, c := range all {
		if c.Name == word {
			return command(c), nil
		}
	}
	if strings.Contains(word, ":") {
		if c, err := pypi.ParseEntryPoint(p.Name, word); err == nil || p.Name == "" && c.Module != "" {
			return Entry{Name: p.Name, Module: c.Module, Function: c.Object}, nil
		}
	}
	file := path.Clean(strings.ReplaceAll(word, "\\", "/"))
	for _, s := range sources {
		if strings.HasSuffix(word, ".py") && (s.Path == file || s.Origin == file) {
			return Entry{Script: s.Path, Name: strings.TrimSuffix(path.Base(file), ".py")}, nil
		}
	}
	base := strings.ReplaceAll(word, ".", "/")
	if has(sources, base+".py") || has(sources, base+"/__main__.py") {
		return Entry{Module: word, Name: word[strings.LastIndexByte(word, '.')+1:]}, nil
	}
	return Entry{}, append(names(all), startable(sources)...)
}

func command(c pypi.EntryPoint) Entry {
	return Entry{Name: c.Name, Module: c.Module, Function: c.Object}
}

func names(commands []pypi.EntryPoint) []string {
	var all []string
	for _, c := range commands {
		all = append(all, c.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func has(sources []Source, name string) bool {
	return slices.ContainsFunc(sources, func(s Source) bool { return s.Path == name })
}

// startable lists the packages that have a __main__.py, else the files at the root.
func startable(sources []Source) []string {
	var packages, files []string
	for _, s := range sources {
		dir, base := path.Split(s.Path)
		switch {
		case base == "__main__.py" && strings.Count(dir, "/") == 1:
			packages = append(packages, strings.TrimSuffix(dir, "/"))
		case dir == "" && strings.HasSuffix(base, ".py"):
			files = append(files, base)
		}
	}
	if len(packages) > 0 {
		return packages
	}
	return files
}
