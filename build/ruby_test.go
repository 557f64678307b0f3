package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// rubyProject makes a project whose package is the tests' small module.
func rubyProject(t *testing.T, files map[string]string) string {
	t.Helper()
	all := map[string]string{}
	for name, text := range files {
		all[name] = text
	}
	addRuby(all, "node_modules", "3.4", "2.10.1")
	return project(t, all)
}

func addRuby(files map[string]string, modules, ruby, version string) {
	dir := modules + "/@ruby/" + ruby + "-wasm-wasi/"
	files[dir+"package.json"] = `{"name": "@ruby/` + ruby + `-wasm-wasi", "version": "` + version + `"}`
	files[dir+"dist/ruby+stdlib.wasm"] = string(wpktest.RubyModule())
}

func TestRuby(t *testing.T) {
	const gems = "vendor/bundle/ruby/3.4.0/"
	files := map[string]string{
		"hello.gemspec": "", "exe/hello": "#!/usr/bin/env ruby\n", "lib/hello.rb": "module Hello; end", ".env": "SECRET=1", "tmp/cache": "x",
		"Gemfile": "source 'https://rubygems.org'\ngem 'rainbow', '~> 3.0'\ngem(\"rack\")\n# gem 'none'\n",
		gems + "gems/rainbow-3.1.1/lib/rainbow.rb":    "Rainbow = 1",
		gems + "gems/rainbow-3.1.1/spec/x_spec.rb":    "embedded nowhere",
		gems + "specifications/rainbow-3.1.1.gemspec": `  s.require_paths = ["lib".freeze, "more".freeze]`,
		gems + "gems/json-2.9.1/ext/json/extconf.rb":  "", // Ruby has it itself
	}
	var digests []string
	for range 2 {
		m, err := Build(t.Context(), Options{Dir: rubyProject(t, files), Cache: t.TempDir(), Exec: &fakeExec{}})
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, m.Digest)
		f := m.Facts
		if f.Language != LanguageRuby || f.Name != "hello" || !slices.Equal(f.Tools, []Tool{{Name: "@ruby/3.4-wasm-wasi", Version: "2.10.1"}}) ||
			!slices.Equal(f.Dependencies, []Dependency{{Type: "gem", Name: "rainbow", Version: "3.1.1"}}) {
			t.Errorf("facts %+v", f)
		}
		if len(m.Warnings) != 2 || !strings.Contains(m.Warnings[0].Text, "experimental") || !strings.HasPrefix(m.Warnings[1].Text, "rack: not in vendor/bundle") {
			t.Errorf("warnings %+v", m.Warnings)
		}
		if !m.Info.IsCommand() {
			t.Error("it is no command")
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("%s in one folder, %s in another", digests[0], digests[1])
	}
	j := newTestJob(t, Options{Dir: rubyProject(t, files)})
	found, err := vendoredGems(j.Dir)
	if err != nil || len(found) != 1 || !slices.Equal(found[0].path, []string{"lib", "more"}) {
		t.Errorf("gems %+v, %v", found, err)
	}
	embedded, err := rubyFiles(t.Context(), j, found)
	var names []string
	for _, f := range embedded {
		names = append(names, f.Name)
	}
	if want := "Gemfile exe/hello hello.gemspec lib/hello.rb " + gems + "gems/rainbow-3.1.1/lib/rainbow.rb"; err != nil || strings.Join(names, " ") != want {
		t.Errorf("embeds %q, %v", names, err)
	}
}

func TestRubyPackage(t *testing.T) {
	dir := project(t, map[string]string{"main.rb": ""})
	var missing *MissingError
	_, err := Build(t.Context(), Options{Dir: dir, Exec: &fakeExec{}})
	if !errors.As(err, &missing) || missing.Name != "@ruby/3.4-wasm-wasi" || !slices.Equal(missing.Looked, []string{"node_modules here and above"}) {
		t.Errorf("got %v", err)
	}
	files := map[string]string{}
	for _, ruby := range []string{"head", "3.10", "3.9"} {
		addRuby(files, "lib", ruby, "2.11.0")
	}
	global := filepath.Join(project(t, files), "lib")
	npm := &fakeExec{tools: map[string]fakeTool{"npm": func(Command) (string, int) { return global + "\n", 0 }}}
	m, err := Build(t.Context(), Options{Dir: dir, Exec: npm, Language: LanguageRuby})
	if err != nil || m.Facts.Tools[0] != (Tool{Name: "@ruby/3.10-wasm-wasi", Version: "2.11.0"}) {
		t.Errorf("%+v, %v", m, err)
	}
	broken := rubyProject(t, map[string]string{"main.rb": ""})
	if err := os.WriteFile(filepath.Join(broken, "node_modules", "@ruby", "3.4-wasm-wasi", rubyModule), tinyModule, 0o600); err != nil {
		t.Fatal(err)
	}
	var result *ResultError
	if _, err := Build(t.Context(), Options{Dir: broken, Exec: &fakeExec{}}); !errors.As(err, &result) {
		t.Errorf("another module: %v", err)
	}
}

func TestNativeGems(t *testing.T) {
	const root = "vendor/bundle/ruby/3.3.0/"
	for name, file := range map[string]string{
		"compiled":      root + "extensions/x86_64-linux/3.3.0/puma-6.5.0/gem.build_complete",
		"to compile":    root + "gems/puma-6.5.0/ext/puma/extconf.rb",
		"a library":     root + "gems/puma-6.5.0/lib/puma.so",
		"of a platform": root + "gems/puma-6.5.0-x86_64-linux-gnu/lib/puma.rb",
	} {
		dir := rubyProject(t, map[string]string{"main.rb": "", file: "", root + "gems/puma-6.5.0/lib/puma.rb": ""})
		if name == "of a platform" {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(root), "gems", "puma-6.5.0")); err != nil {
				t.Fatal(err)
			}
		}
		var native *GemError
		if _, err := Build(t.Context(), Options{Dir: dir, Exec: &fakeExec{}}); !errors.As(err, &native) || native.Gem != "puma 6.5.0" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestFindRubyScript(t *testing.T) {
	const ruby = "#!/usr/bin/env ruby\n"
	for name, tt := range map[string]struct {
		files map[string]string
		bin   string
		want  script
		fails string
	}{
		"main":                 {files: map[string]string{"main.rb": "", "other.rb": "", "bin/x": ruby}, want: script{"main.rb", ""}},
		"a gem's command":      {files: map[string]string{"x.gemspec": "", "exe/x": ruby, "bin/console": ruby, "bin/setup": "#!/bin/sh\n"}, want: script{"exe/x", "x"}},
		"of several":           {files: map[string]string{"x.gemspec": "", "exe/x": ruby, "exe/y": ruby}, want: script{"exe/x", "x"}},
		"bin":                  {files: map[string]string{"bin/tool": ruby, "bin/run": "#!/bin/sh\n"}, want: script{"bin/tool", "tool"}},
		"one file":             {files: map[string]string{"tool.rb": "", "lib/a.rb": ""}, want: script{"tool.rb", "tool"}},
		"several":              {files: map[string]string{"a.rb": "", "b.rb": ""}, fails: "several programs: a, b"},
		"asked for a command":  {files: map[string]string{"main.rb": "", "bin/tool": ruby}, bin: "tool", want: script{"bin/tool", "tool"}},
		"asked for a file":     {files: map[string]string{"main.rb": "", "scripts/a.rb": ""}, bin: "scripts/a.rb", want: script{"scripts/a.rb", "a"}},
		"asked for what is no": {files: map[string]string{"main.rb": ""}, bin: "tool", fails: "no Ruby script to begin with (looked for tool, exe/tool, bin/tool, tool.rb)"},
		"outside":              {files: map[string]string{"main.rb": ""}, bin: "../x.rb", fails: "no Ruby script to begin with"},
		"nothing":              {files: map[string]string{"Gemfile": ""}, fails: "no Ruby script to begin with"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findRubyScript(project(t, tt.files), tt.bin)
			if got != tt.want || (err == nil) != (tt.fails == "") || (err != nil && !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestIsRuby(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  toolchain
	}{
		"a gem":                   {map[string]string{"x.gemspec": "", "exe/x": "#!ruby", "Makefile": ""}, rubyToolchain{}},
		"a script":                {map[string]string{"tool.rb": ""}, rubyToolchain{}},
		"with Ruby's package":     {map[string]string{"tool.rb": "", "index.js": "", "package.json": `{"devDependencies": {"@ruby/3.4-wasm-wasi": "2"}}`}, rubyToolchain{}},
		"Go with Ruby's tools":    {map[string]string{"go.mod": "", "Gemfile": "", "main.rb": ""}, goToolchain{}},
		"C with documentation":    {map[string]string{"main.c": "", "Gemfile": ""}, plainToolchain{}},
		"C with a script":         {map[string]string{"Makefile": "", "generate.rb": ""}, makeToolchain{}},
		"JavaScript with a tool":  {map[string]string{"package.json": "{}", "index.js": "", "Gemfile": "", "tool.rb": ""}, javaScriptToolchain{}},
		"Python with a Gemfile":   {map[string]string{"pyproject.toml": "", "main.py": "", "Gemfile": "", "tool.rb": ""}, pythonToolchain{}},
		"Python, loosely":         {map[string]string{"a.py": "", "Gemfile": ""}, pythonToolchain{}},
		"loose scripts of both":   {map[string]string{"a.py": "", "b.rb": ""}, pythonToolchain{}},
		"several commands, still": {map[string]string{"Gemfile": "", "bin/a": "#!ruby", "bin/b": "#!ruby"}, rubyToolchain{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := detect(newTestJob(t, Options{Dir: project(t, tt.files)}))
			if got != tt.want {
				t.Errorf("got %T, %v", got, err)
			}
		})
	}
}
