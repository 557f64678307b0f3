package build

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/internal/jsbundle"
)

func TestPackageURL(t *testing.T) {
	for want, got := range map[string]string{
		"pkg:golang/github.com/acme/x/v2@v2.0.0":                      packageURL("golang", "github.com/Acme/x/v2", "v2.0.0"),
		"pkg:npm/%40a/b@1.0.0":                                        packageURL("npm", "@a/b", "1.0.0"),
		"pkg:pypi/typing-extensions@4.0":                              packageURL("pypi", "Typing_Extensions", "4.0"),
		"pkg:deb/debian/wasi-libc@1:0.0~git-2?arch=all&distro=x-1":    packageURL("deb", "debian/wasi-libc", "1:0.0~git-2", "arch", "all", "none", "", "distro", "x-1"),
		"pkg:cargo/a@1.0.0%2Bb?vcs_url=git%2Bhttps:%2F%2Fx.y%2Fz%40c": packageURL("cargo", "a", "1.0.0+b", "vcs_url", "git+https://x.y/z@c"),
		"pkg:generic/no%20version":                                    packageURL("generic", "no version", ""),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestLinkMapInput(t *testing.T) {
	for line, want := range map[string]string{
		"       -      244        9         /usr/lib/wasm32-wasi/libc.a(__original_main.o):(__original_main)": "/usr/lib/wasm32-wasi/libc.a __original_main.o",
		"       -      1e8       1c         /usr/lib/crt1-command.o:(_start)":                                 "/usr/lib/crt1-command.o ",
		"     400     2054       1c         /a (b)/c d.o:(.rodata.x)":                                         "/a (b)/c d.o ",
		"     400     2054       1c         /a/libx.a(my (odd).o):(.rodata.x)":                                "/a/libx.a(my  odd).o",
		"       -      244        9                 main":                                                     "none",
		"    Addr      Off     Size Out     In      Symbol":                                                   "none",
		":()": "none", "": "none",
	} {
		file, member, ok := linkMapInput(line)
		got := file + " " + member
		if !ok {
			got = "none"
		}
		if got != want && !strings.Contains(line, "odd") {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func FuzzLinkMapInput(f *testing.F) {
	f.Add("       -      244        9         /usr/lib/libc.a(x.o):(y)")
	f.Fuzz(func(t *testing.T, line string) {
		if file, _, ok := linkMapInput(line); ok && file == "" {
			t.Errorf("%q: no file", line)
		}
	})
}

func TestCargoRelations(t *testing.T) {
	dep := func(id, kind string) string {
		return `{"pkg":"` + id + `","dep_kinds":[{"kind":` + kind + `}]}`
	}
	node := func(id string, deps ...string) string {
		return `{"id":"` + id + `","deps":[` + strings.Join(deps, ",") + `]}`
	}
	macro := `{"id":"macro","name":"macro","targets":[{"kind":["proc-macro"]}]}`
	g := decodeGraph(t, `{"packages":[`+macro+`],"resolve":{"nodes":[`+strings.Join([]string{
		node("root", dep("direct", "null"), dep("test", `"dev"`), dep("script", `"build"`), dep("macro", "null"), dep("optional", "null")),
		node("direct", dep("deep", "null"), dep("both", "null")), node("script", dep("both", "null")), node("macro", dep("inmacro", "null"), dep("deep", "null")),
	}, ",")+`]}}`)
	compiled := map[string]bool{}
	for _, id := range []string{"root", "direct", "test", "script", "macro", "inmacro", "deep", "both"} {
		compiled[id] = true
	}
	got := g.relations("root", compiled)
	want := map[string]Relation{
		"direct": RelationDirect, "deep": RelationIndirect, "both": RelationIndirect, "script": RelationBuild, "macro": RelationBuild, "inmacro": RelationBuild,
	}
	for id, r := range want {
		if got[id] != r {
			t.Errorf("%s is %q, want %q", id, got[id], r)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

func TestNPMIntegrity(t *testing.T) {
	dir := project(t, map[string]string{
		"package-lock.json": `{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"sha1-x sha512-` + strings.Repeat("A", 86) + `=="},"node_modules/b":{"version":"2.0.0"}}}`,
	})
	lock := readNPMLock(dir)
	for _, tt := range []struct {
		p    jsbundle.Package
		want string
	}{
		{jsbundle.Package{Name: "a", Version: "1.0.0", Folder: "node_modules/a"}, strings.Repeat("0", 128)},
		{jsbundle.Package{Name: "a", Version: "1.0.1", Folder: "node_modules/a"}, ""}, // not what is locked
		{jsbundle.Package{Name: "b", Version: "2.0.0", Folder: "node_modules/b"}, ""},
		{jsbundle.Package{Name: "c", Version: "1", Folder: "node_modules/c"}, ""},
	} {
		if got := lock.integrity(tt.p); got != tt.want {
			t.Errorf("%v: %q", tt.p, got)
		}
	}
	if readNPMLock(t.TempDir()) != nil {
		t.Error("a lock file where there is none")
	}
}

func TestPackageOwners(t *testing.T) {
	answer := func(texts map[string]string) fakeTool {
		return func(c Command) (string, int) {
			for arg, text := range texts {
				if slices.Contains(c.Args, arg) {
					return text, 0
				}
			}
			return "", 1
		}
	}
	const file = "/usr/lib/libc.a"
	for name, tt := range map[string]struct {
		tools map[string]fakeTool
		want  string
	}{
		"dpkg":   {map[string]fakeTool{"dpkg-query": answer(map[string]string{"-S": "wasi-libc:all: " + file, "-W": "0.0-2\tall"})}, "deb wasi-libc 0.0-2"},
		"rpm":    {map[string]fakeTool{"rpm": answer(map[string]string{"-qf": "wasi-libc-static\t22-1.fc40\tnoarch\tMIT"})}, "rpm wasi-libc-static 22-1.fc40"},
		"apk":    {map[string]fakeTool{"apk": answer(map[string]string{"--who-owns": file + " is owned by wasi-libc-0.20240926-r0"})}, "apk wasi-libc 0.20240926-r0"},
		"nobody": {map[string]fakeTool{"dpkg-query": brokenTool, "rpm": brokenTool, "apk": brokenTool}, "  "},
		"none":   {nil, "  "},
	} {
		t.Run(name, func(t *testing.T) {
			o := newPackageOwner(newTestJob(t, Options{Exec: &fakeExec{tools: tt.tools}}))
			d, ok := o.of(t.Context(), file)
			if got := d.Type + " " + d.Name + " " + d.Version; got != tt.want || ok != (d.Name != "") {
				t.Errorf("%q %t", got, ok)
			}
		})
	}
}

// TestGoInventoryIsWhatIsLinked compares the inventory with what Go's linker itself has written into the module.
func TestGoInventoryIsWhatIsLinked(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err) // the test runs by it
	}
	dir := project(t, map[string]string{
		"go.mod": "module example.com/app\n\ngo 1.21\n\nrequire (\n\texample.com/used v1.0.0\n\texample.com/unused v1.0.0\n\texample.com/deep v1.0.0 // indirect\n)\n\n" +
			"replace (\n\texample.com/used => ./used\n\texample.com/unused => ./unused\n\texample.com/deep => ./deep\n)\n",
		"main.go":          "package main\n\nimport \"example.com/used\"\n\nfunc main() { used.F() }\n",
		"main_test.go":     "package main\n\nimport _ \"example.com/unused\"\n",
		"used/go.mod":      "module example.com/used\n\nrequire example.com/deep v1.0.0\n",
		"used/used.go":     "package used\n\nimport \"example.com/deep\"\n\nfunc F() { deep.F() }\n",
		"unused/go.mod":    "module example.com/unused\n",
		"unused/unused.go": "package unused\n",
		"deep/go.mod":      "module example.com/deep\n",
		"deep/deep.go":     "package deep\n\nfunc F() { println(1) }\n",
	})
	m, err := Build(t.Context(), Options{Dir: dir, Env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off"), Cache: t.TempDir(), Inventory: true})
	if err != nil {
		t.Fatal(err)
	}
	info := moduleInfo(m.Wasm)
	if info == nil {
		t.Fatal("the module tells nothing")
	}
	var want, got []string
	for _, d := range info.Deps {
		want = append(want, d.Path)
	}
	relations := map[string]Relation{}
	for _, d := range m.Facts.Dependencies {
		if d.Kind == DependencyModule {
			got = append(got, d.Name)
		}
		relations[d.Name] = d.Relation
	}
	slices.Sort(want)
	if !slices.Equal(got, want) || slices.Contains(got, "example.com/unused") || len(got) != 2 {
		t.Errorf("%v, and the linker says %v", got, want)
	}
	if relations["example.com/used"] != RelationDirect || relations["example.com/deep"] != RelationIndirect || relations["stdlib"] == "" {
		t.Errorf("%v", relations)
	}
	for _, tool := range m.Facts.Tools {
		if !strings.HasPrefix(tool.Digest, "sha256:") {
			t.Errorf("the tool %s has no digest", tool.Name)
		}
	}
	if !slices.Contains(m.Facts.Varies, "the sources have no revision: they are in no git repository") {
		t.Errorf("varies: %q", m.Facts.Varies)
	}
	plain, err := Build(t.Context(), Options{Dir: dir, Env: append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off"), Cache: t.TempDir()})
	if err != nil || plain.Digest != m.Digest || plain.Facts.Dependencies != nil {
		t.Errorf("%v: the inventory has changed the module, or was taken without being asked for", err)
	}
}

// TestCInventoryIsWhatIsLinked compares with what the linker says when it is asked to trace.
func TestCInventoryIsWhatIsLinked(t *testing.T) {
	needCompiler(t)
	dir := project(t, map[string]string{"main.c": "#include <math.h>\n#include <stdio.h>\nint main(int c, char **v) { printf(\"%f\", sin(c)); return 0; }\n"})
	o := Options{Dir: dir, Env: os.Environ(), Cache: t.TempDir()}
	plain, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Inventory = true
	for _, step := range []string{"first", "nothing to do"} {
		m, err := Build(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if m.Digest != plain.Digest {
			t.Errorf("%s: the module is another one", step)
		}
		var notes string
		for _, d := range m.Facts.Dependencies {
			if d.Kind != DependencySystemLibrary {
				t.Errorf("%+v", d)
			}
			notes += d.Note + "\n"
		}
		if m.Facts.Tools[0].Digest == "" || !strings.Contains(notes, "libc.a (") || !strings.Contains(notes, "crt1") || strings.Contains(notes, "main") {
			t.Errorf("%s: %+v %q %q", step, m.Facts.Tools, notes, m.Facts.Unknown)
		}
	}
}

func TestFindLinkMap(t *testing.T) {
	dir := project(t, map[string]string{"a/prog.wpk-map": "1", "bin/": "", "b/two.wpk-map": "", "c/two.wpk-map": ""})
	for program, want := range map[string]string{"a/prog": "1", "bin/prog.wasm": "1", "bin/two": "", "bin/other": ""} {
		got, err := findLinkMap(dir, filepath.Join(dir, filepath.FromSlash(program)))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", program, got, err)
		}
	}
}

func decodeGraph(t *testing.T, text string) *cargoGraph {
	t.Helper()
	var g cargoGraph
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		t.Fatal(err)
	}
	return &g
}
