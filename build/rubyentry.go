package build

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// gemFile names the gems that a Ruby project uses.
const gemFile = "Gemfile"

// rubyMain is the usual name of a Ruby program that is not a gem.
const rubyMain = "main.rb"

// ErrNoRubyScript tells of a Ruby project without a script to begin with, or without the one that was asked for.
var ErrNoRubyScript = errors.New("no Ruby script to begin with")

// isRuby reports whether a folder is a Ruby project for sure. Others have a Gemfile too, for tools and documentation: it
// counts when there is a script to begin with, and no description of another language.
func isRuby(dir string) bool {
	var p struct {
		Dependencies, DevDependencies map[string]string
	}
	_ = json.Unmarshal(readSmall(filepath.Join(dir, packageFile)), &p)
	for _, list := range []map[string]string{p.Dependencies, p.DevDependencies} {
		for name := range list {
			if strings.HasPrefix(name, "@ruby/") && strings.HasSuffix(name, "-wasm-wasi") {
				return true
			}
		}
	}
	if !exists(dir, gemFile) && !exists(dir, rubyMain) && len(filesIn(dir, ".gemspec")) == 0 {
		return false
	}
	_, err := findRubyScript(dir, "")
	var several *AmbiguousError
	return (err == nil || errors.As(err, &several)) && !isPython(dir) && !isJavaScript(dir)
}

// findRubyScript finds out where a program begins.
func findRubyScript(dir, wanted string) (script, error) {
	if wanted != "" {
		return wantedRuby(dir, wanted)
	}
	project := ""
	if specs := filesIn(dir, ".gemspec"); len(specs) == 1 {
		project = strings.TrimSuffix(specs[0], ".gemspec")
	}
	if exists(dir, rubyMain) {
		return script{rubyMain, project}, nil
	}
	for _, files := range [][]string{rubyCommands(dir, "exe"), rubyCommands(dir, "bin"), filesIn(dir, ".rb")} {
		switch len(files) {
		case 0:
			continue
		case 1:
			return script{files[0], rubyName(files[0])}, nil
		}
		names := make([]string, len(files))
		for i, f := range files {
			names[i] = rubyName(f)
		}
		if project != "" && slices.Contains(names, project) {
			return script{files[slices.Index(names, project)], project}, nil
		}
		return script{}, &AmbiguousError{Dir: dir, What: "programs", Candidates: names}
	}
	return script{}, &DetectError{Dir: dir, Looked: []string{rubyMain, "exe/NAME", "bin/NAME", "*.rb"}, Err: ErrNoRubyScript}
}

// wantedRuby finds the script that was asked for, as a file or as a command.
func wantedRuby(dir, wanted string) (script, error) {
	if rel, err := filepath.Rel(dir, wanted); filepath.IsAbs(wanted) && err == nil {
		wanted = rel
	}
	name := path.Clean(filepath.ToSlash(wanted))
	if filepath.IsLocal(filepath.FromSlash(name)) {
		for _, file := range []string{name, "exe/" + name, "bin/" + name, name + ".rb", "exe/" + name + ".rb", "bin/" + name + ".rb"} {
			if exists(dir, filepath.FromSlash(file)) {
				return script{file, rubyName(file)}, nil
			}
		}
	}
	return script{}, &DetectError{Dir: dir, Looked: []string{wanted, "exe/" + name, "bin/" + name, name + ".rb"}, Err: ErrNoRubyScript}
}

// rubyCommands are the scripts in a project's folder exe or bin; what Bundler puts there for people who work on a
// gem aside.
func rubyCommands(dir, folder string) []string {
	var files []string
	for _, name := range filesIn(filepath.Join(dir, folder), "") {
		file := folder + "/" + name
		if name != "console" && name != "setup" && !strings.HasPrefix(name, ".") && isRubyScript(filepath.Join(dir, filepath.FromSlash(file))) {
			files = append(files, file)
		}
	}
	return files
}

// isRubyScript tells a script by its name, or by its first line: #!/usr/bin/env ruby.
func isRubyScript(name string) bool {
	if strings.HasSuffix(name, ".rb") {
		return true
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 128)
	n, _ := f.Read(head)
	first, _, _ := bytes.Cut(head[:n], []byte("\n"))
	return bytes.HasPrefix(first, []byte("#!")) && bytes.Contains(first, []byte("ruby"))
}

// rubyName is a script's name without folder and suffix.
func rubyName(file string) string { return strings.TrimSuffix(path.Base(file), ".rb") }
