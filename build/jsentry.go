package build

import (
	"errors"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// packageFile tells a project of JavaScript, or one that uses its tools.
const packageFile = "package.json"

// ErrNoScript tells of a JavaScript project without a file to begin with, or without the one that was asked for.
var ErrNoScript = errors.New("no script to begin with")

// scriptSuffixes are those of files that esbuild takes, sources before what may be made of them.
var scriptSuffixes = []string{".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"}

// usualScripts are the names of files to begin with where package.json names none, each with any suffix.
var usualScripts = []string{"index", "main", "app", "cli", "src/index", "src/main", "src/app", "src/cli"}

// A script is where a program begins.
type script struct {
	file string // below the project's folder, with slashes
	name string // the program's; "" when nothing names it
}

// scripts are the files in a folder that could be a program: tests, configuration and declarations aside.
func scripts(dir string) []string {
	var all []string
	for _, suffix := range scriptSuffixes {
		for _, name := range filesIn(dir, suffix) {
			base := strings.TrimSuffix(name, suffix)
			if !slices.Contains([]string{".d", ".config", ".test", ".spec", "rc"}, path.Ext(base)) && !strings.HasPrefix(name, ".") {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// isJavaScript tells a project that is JavaScript for sure: its package.json leads to a script. Projects in other
// languages have one as well, for tools or for documentation.
func isJavaScript(dir string) bool {
	if !exists(dir, packageFile) {
		return false
	}
	m, err := readManifest(dir)
	if err != nil {
		return false
	}
	for _, file := range append(slices.Collect(maps.Values(m.bin)), m.Module, m.Main) {
		if _, ok := scriptFile(dir, file); ok {
			return true
		}
	}
	_, ok := usualScript(dir)
	return ok
}

// findScript finds out where a program begins.
func findScript(dir string, m *manifest, wanted string) (script, error) {
	if wanted != "" {
		return wantedScript(dir, m, wanted)
	}
	looked := []string{}
	names := slices.Sorted(maps.Keys(m.bin))
	files := map[string]bool{}
	for _, name := range names {
		files[m.bin[name]] = true
	}
	switch {
	case len(files) > 1:
		return script{}, &AmbiguousError{Dir: dir, What: "entry points", Candidates: names}
	case len(files) == 1:
		name := names[0]
		if slices.Contains(names, unscoped(m.Name)) {
			name = unscoped(m.Name)
		}
		if file, ok := scriptFile(dir, m.bin[name]); ok {
			return script{file, name}, nil
		}
		looked = append(looked, m.bin[name])
	}
	for _, file := range []string{m.Main, m.Module} {
		if found, ok := scriptFile(dir, file); ok {
			return script{found, unscoped(m.Name)}, nil
		}
		if file != "" {
			looked = append(looked, file)
		}
	}
	if found, ok := usualScript(dir); ok {
		return script{found, unscoped(m.Name)}, nil
	}
	all := scripts(dir)
	switch len(all) {
	case 0:
		return script{}, &DetectError{Dir: dir, Looked: append(looked, "index.js", "main.ts", "src/index.ts"), Err: ErrNoScript}
	case 1:
		name := unscoped(m.Name)
		if name == "" {
			name = strings.TrimSuffix(all[0], path.Ext(all[0]))
		}
		return script{all[0], name}, nil
	}
	return script{}, &AmbiguousError{Dir: dir, What: "entry points", Candidates: all}
}

// wantedScript finds the script that was asked for, by a command's name or as a file.
func wantedScript(dir string, m *manifest, wanted string) (script, error) {
	if file, ok := m.bin[wanted]; ok {
		if found, ok := scriptFile(dir, file); ok {
			return script{found, wanted}, nil
		}
	}
	if rel, err := filepath.Rel(dir, wanted); filepath.IsAbs(wanted) && err == nil {
		wanted = rel
	}
	if found, ok := scriptFile(dir, wanted); ok {
		base := path.Base(found)
		return script{found, strings.TrimSuffix(base, path.Ext(base))}, nil
	}
	return script{}, &DetectError{Dir: dir, Looked: append([]string{wanted}, slices.Sorted(maps.Keys(m.bin))...), Err: ErrNoScript}
}

func usualScript(dir string) (string, bool) {
	for _, name := range usualScripts {
		for _, suffix := range scriptSuffixes {
			if exists(dir, filepath.FromSlash(name+suffix)) {
				return name + suffix, true
			}
		}
	}
	return "", false
}

// scriptFile finds the file that a package.json or a person names: with the suffix added, as a folder with an index,
// or, where it is made by another tool and not there, the source that it is made of: src/cli.ts for dist/cli.js.
func scriptFile(dir, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	name = path.Clean(filepath.ToSlash(name))
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", false
	}
	is := func(file string) bool { return exists(dir, filepath.FromSlash(file)) }
	if is(name) && slices.Contains(scriptSuffixes, path.Ext(name)) {
		return name, true
	}
	if is(name) && path.Ext(name) == "" { // a command of a usual kind: #!/usr/bin/env node
		return name, true
	}
	for _, suffix := range scriptSuffixes {
		for _, file := range []string{name + suffix, path.Join(name, "index"+suffix)} {
			if is(file) {
				return file, true
			}
		}
	}
	made, below, deep := strings.Cut(name, "/")
	if !deep || !slices.Contains([]string{"dist", "build", "lib", "out"}, made) {
		return "", false
	}
	base := strings.TrimSuffix(below, path.Ext(below))
	for _, suffix := range scriptSuffixes {
		if file := path.Join("src", base+suffix); is(file) {
			return file, true
		}
	}
	return "", false
}
