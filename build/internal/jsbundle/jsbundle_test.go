package jsbundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// project writes files, and returns the folder's real path.
func project(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

var files = map[string]string{
	"src/main.tsx": `import { readFileSync } from "node:fs";
import net from "net";
import os = require("os");
import data from "./data.json";
import old, { twice } from "old";
import text from "./note.txt";

interface Shape { side: number }
const square = (s: Shape): number => twice(s.side);
console.log(readFileSync, net, os, data, old, text, square({ side: 2 }), import.meta.url, process.env.NODE_ENV);
try { require("optional-and-not-there"); } catch {}
await null;
throw new Error("here");
`,
	"src/data.json":                 `{"a": 1}`,
	"src/note.txt":                  "a note",
	"node_modules/old/package.json": `{"name": "old", "version": "1.2.3", "main": "lib.js"}`,
	"node_modules/old/lib.js":       "const path = require('path');\nexports.twice = (n) => 2 * n;\nexports.sep = path.sep;\nexports.dir = __dirname;\n",
}

func TestBundle(t *testing.T) {
	base := t.TempDir()
	first := project(t, filepath.Join(base, "one"), files)
	r, err := Bundle(Options{Dir: first, Entry: "src/main.tsx"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Bundle(Options{Dir: project(t, filepath.Join(base, "another", "much", "deeper"), files), Entry: "src/main.tsx"})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Code, second.Code) || !bytes.Equal(r.Map, second.Map) {
		t.Error("the folder shows in the result")
	}
	if code := string(r.Code); strings.Contains(code, base) || !strings.Contains(code, `Symbol.for("wpk.builtin")]("fs")`) ||
		!strings.Contains(code, `Symbol.for("wpk.stub")]("net")`) || !strings.Contains(code, `"production"`) || !strings.Contains(code, "file:///main.js") {
		t.Errorf("bundled to\n%s", code)
	}
	want := []string{"node_modules/old/lib.js", "src/data.json", "src/main.tsx", "src/note.txt"}
	if !slices.Equal(r.Inputs, want) {
		t.Errorf("inputs %q", r.Inputs)
	}
	if len(r.Packages) != 1 || r.Packages[0] != (Package{"old", "1.2.3", "node_modules/old"}) {
		t.Errorf("packages %+v", r.Packages)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Where != "src/main.tsx:2:17" || !strings.Contains(r.Warnings[0].Text, "node:net is not available") {
		t.Errorf("warnings %+v", r.Warnings)
	}
	line := 1 + bytes.Count(r.Code[:bytes.Index(r.Code, []byte("throw new Error"))], []byte("\n"))
	if source, at := lookUp(r.Map, line, 1); source != "src/main.tsx" || at != 13 {
		t.Errorf("line %d is of %s:%d", line, source, at)
	}
}

// lookUp does what the runtime does with a map.
func lookUp(m []byte, line, column int) (string, int) {
	word := func(at int) int { return int(binary.LittleEndian.Uint32(m[at:])) }
	found := -1
	for i := range word(0) {
		if p := 4 + 20*i; word(p) < line || word(p) == line && word(p+4) <= column {
			found = p
		}
	}
	if found < 0 || word(found+8) == 0 {
		return "", 0
	}
	name, _, _ := bytes.Cut(m[word(found+8):], []byte{0})
	return string(name), word(found+12) + line - word(found)
}

func TestFailed(t *testing.T) {
	bundle := func(source string, more map[string]string) *FailedError {
		t.Helper()
		dir := project(t, t.TempDir(), more)
		project(t, dir, map[string]string{"main.js": source})
		_, err := Bundle(Options{Dir: dir, Entry: "main.js"})
		var failed *FailedError
		if !errors.As(err, &failed) {
			t.Fatalf("%s: got %v", source, err)
		}
		return failed
	}
	e := bundle("import a from 'left-pad';\nimport { b } from \"@scope/pkg/deep.js\";\n", nil)
	if len(e.Missing) != 2 || e.Missing[0] != (Import{"left-pad", "main.js:1:15"}) || e.Missing[1].Name != "@scope/pkg" {
		t.Errorf("missing %+v", e.Missing)
	}
	if e := bundle("import a from './nowhere.js'", nil); len(e.Missing) != 0 || len(e.Said) != 1 || !strings.Contains(e.Said[0], "nowhere") {
		t.Errorf("%+v", e)
	}
	if e := bundle("import a from 'left-pad';\nlet let = 1", nil); len(e.Missing) != 0 || len(e.Said) == 0 {
		t.Errorf("%+v", e)
	}
	native := map[string]string{
		"node_modules/sqlite/package.json": `{"name": "sqlite", "version": "1.0.0"}`,
		"node_modules/sqlite/index.js":     `module.exports = require("bindings")("sqlite.node")`,
		"node_modules/image/package.json":  `{"name": "image", "version": "1.0.0"}`,
		"node_modules/image/index.js":      `module.exports = require("./build/Release/image.node")`,
	}
	for _, name := range []string{"sqlite", "image"} {
		if e := bundle("import x from '"+name+"'; x()", native); len(e.Addons) != 1 || e.Addons[0].Name != name {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestVersion(t *testing.T) {
	raw, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "github.com/evanw/esbuild v"+Version+"\n") {
		t.Errorf("Version is %s, and go.mod has another", Version)
	}
}

// Whatever a source map says, every place that comes out is inside of it.
func FuzzEncodeMap(f *testing.F) {
	f.Add([]byte(`{"version":3,"sources":["a.ts","../node_modules/b/c.js"],"mappings":"AAAA,SAASA;ACAT;;;GADA,E"}`))
	f.Add([]byte(`{"sources":["a"],"mappings":"gggggggggggggB"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := EncodeMap(raw)
		if err != nil {
			return
		}
		n := int(binary.LittleEndian.Uint32(m))
		if 4+20*n > len(m) {
			t.Fatalf("%d places in %d bytes", n, len(m))
		}
		for i := range n {
			name := int(binary.LittleEndian.Uint32(m[4+20*i+8:]))
			if name != 0 && (name < 4+20*n || bytes.IndexByte(m[name:], 0) < 0) {
				t.Fatalf("name at %d", name)
			}
		}
	})
}
