package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// write makes a project of files.
func writeScripts(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindScript(t *testing.T) {
	for _, c := range []struct {
		name, manifest, entry string
		files                 string
		want                  script
		fails                 string
	}{
		{name: "one file", files: "hello.js", want: script{"hello.js", "hello"}},
		{name: "tests and configuration aside", files: "hello.ts hello.test.ts hello.d.ts eslint.config.js", want: script{"hello.ts", "hello"}},
		{name: "index before others", files: "index.mjs util.mjs", want: script{"index.mjs", ""}},
		{name: "src", manifest: `{"name": "@me/tool"}`, files: "src/main.ts src/util.ts", want: script{"src/main.ts", "tool"}},
		{name: "main", manifest: `{"name": "tool", "main": "lib/start"}`, files: "lib/start.js index.js", want: script{"lib/start.js", "tool"}},
		{name: "main as a folder", manifest: `{"main": "./lib"}`, files: "lib/index.cjs", want: script{"lib/index.cjs", ""}},
		{name: "bin", manifest: `{"name": "tool", "bin": "cli.js", "main": "index.js"}`, files: "cli.js index.js", want: script{"cli.js", "tool"}},
		{name: "bin without suffix", manifest: `{"name": "tool", "bin": {"t": "bin/t"}}`, files: "bin/t", want: script{"bin/t", "t"}},
		{name: "made elsewhere", manifest: `{"name": "tool", "bin": "dist/cmd/cli.js"}`, files: "src/cmd/cli.ts", want: script{"src/cmd/cli.ts", "tool"}},
		{name: "one file under two names", manifest: `{"name": "b", "bin": {"a": "x.js", "b": "x.js"}}`, files: "x.js", want: script{"x.js", "b"}},
		{name: "asked for a command", manifest: `{"bin": {"a": "a.js", "b": "b.js"}}`, entry: "b", files: "a.js b.js", want: script{"b.js", "b"}},
		{name: "asked for a file", entry: "tools/x.ts", files: "index.js tools/x.ts", want: script{"tools/x.ts", "x"}},
		{name: "several commands", manifest: `{"bin": {"a": "a.js", "b": "b.js"}}`, files: "a.js b.js", fails: "several entry points: a, b"},
		{name: "several files", files: "a.js b.js", fails: "several entry points: a.js, b.js"},
		{name: "nothing", manifest: `{"main": "gone.js"}`, files: "README.md", fails: "no script to begin with (looked for gone.js"},
		{name: "outside", entry: "../x.js", files: "a.js", fails: "no script to begin with"},
		{name: "no JSON", manifest: `{`, files: "a.js", fails: "malformed package.json"},
		{name: "odd bin", manifest: `{"bin": 5}`, files: "a.js", fails: "malformed package.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			for _, name := range strings.Fields(c.files) {
				files[name] = "1"
			}
			if c.manifest != "" {
				files[packageFile] = c.manifest
			}
			dir := writeScripts(t, files)
			m, err := readManifest(dir)
			var got script
			if err == nil {
				got, err = findScript(dir, m, c.entry)
			}
			if c.fails == "" && (err != nil || got != c.want) || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestDetectJavaScript(t *testing.T) {
	for files, want := range map[string]bool{
		"package.json index.ts":                true,
		"index.js":                             true,
		"package.json":                         false,
		"package.json main.c":                  false,
		"package.json index.js go.mod":         false,
		"package.json src/index.js Makefile":   true,
		"conf.js CMakeLists.txt":               false,
		"package.json pyproject.toml src/a.py": false,
		"package.json index.js CMakeLists.txt": true,
	} {
		all := map[string]string{}
		for _, name := range strings.Fields(files) {
			all[name] = "{}"
		}
		found, err := detect(&job{Options: Options{Dir: writeScripts(t, all)}})
		if _, got := found.(javaScriptToolchain); got != want {
			t.Errorf("%s: %T, %v", files, found, err)
		}
	}
}

func TestJavaScriptMissing(t *testing.T) {
	files := map[string]string{
		"index.js": "import a from 'a';\nimport b from '@s/b';\n", "yarn.lock": "",
		packageFile: `{"dependencies": {"a": "1"}, "devDependencies": {"@s/b": "1"}}`,
	}
	_, err := Build(t.Context(), Options{Dir: writeScripts(t, files), Cache: t.TempDir()})
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Kind != KindRuntime || missing.Name != LanguageJavaScript {
		t.Errorf("without a runtime: %v", err)
	}
	_, err = Build(t.Context(), Options{Dir: writeScripts(t, files), Cache: t.TempDir(), Runtimes: noProgram{t.TempDir()}})
	var packages *PackagesError
	if !errors.As(err, &packages) || packages.Manager != "yarn" || !packages.Listed || !slices.Equal(packages.Names, []string{"@s/b", "a"}) || packages.Where != "index.js:1:15" {
		t.Errorf("without packages: %+v, %v", packages, err)
	}
	files["index.js"] = "let let = 1"
	var said strings.Builder
	_, err = Build(t.Context(), Options{Dir: writeScripts(t, files), Cache: t.TempDir(), Runtimes: noProgram{t.TempDir()}, Output: &said})
	var tool *ToolError
	if !errors.As(err, &tool) || tool.Tool != "esbuild" || !strings.Contains(said.String(), "index.js:1:4") {
		t.Errorf("with a syntax error: %v\n%s", err, said.String())
	}
}

// noProgram has a runtime pack whose runtime is empty: enough for builds that fail before.
type noProgram struct{ dir string }

func (n noProgram) Runtime(context.Context, string) (*runtimepack.Pack, error) {
	return &runtimepack.Pack{Dir: n.dir}, os.WriteFile(filepath.Join(n.dir, runtimepack.RuntimeFile), nil, 0o600)
}
