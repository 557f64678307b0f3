package cpython

import (
	"archive/zip"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/internal/bundle"
)

const index = `{"version": "3.13.5", "cacheTag": "cpython-313", "builtins": ["sys", "time"], "always": ["codecs"],
"modules": {"codecs": {"imports": ["sys"]}, "a": {"package": true, "imports": ["b"]}, "a.c": {"imports": ["a"]}, "b": {"imports": ["time"]}, "_strptime": {}, "z": {}},
"hidden": {"time": ["_strptime"]}, "preload": ["a"], "unavailable": ["ssl"]}`

// library makes a pack's library.
func library(t *testing.T, index string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "library.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, text := range map[string]string{"index.json": index, "code/a": "A", "code/codecs": "C", "zoneinfo/usr/share/zoneinfo/UTC": "U"} {
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestClosure(t *testing.T) {
	l, err := OpenLibrary(library(t, index))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for imports, want := range map[string]string{
		"":               "codecs",
		"mine sys":       "codecs",
		"a.name":         "_strptime a b codecs",
		"a.c.name":       "_strptime a a.c b codecs",
		"time.sleep z.x": "_strptime codecs z",
	} {
		if got := strings.Join(l.Closure(strings.Fields(imports)), " "); got != want {
			t.Errorf("%q reaches %q, want %q", imports, got, want)
		}
	}
	if got := l.SiteFolder(); got != "usr/lib/python3.13/site-packages/" {
		t.Error(got)
	}
	if _, ok := l.Unavailable["ssl"]; !ok {
		t.Error(l.Unavailable)
	}
	entries, err := l.Entries([]string{"a", "codecs"})
	if err != nil || entries[0].Flags != bundle.FlagFrozen|bundle.FlagPackage || string(entries[1].Data) != "C" || entries[1].Flags != bundle.FlagFrozen {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := l.Entries([]string{"b"}); err == nil {
		t.Error("the code of b is not there")
	}
	if zones, err := l.Zones(); err != nil || len(zones) != 1 || zones[0].Name != "usr/share/zoneinfo/UTC" {
		t.Errorf("%v, %v", zones, err)
	}
	if _, err := OpenLibrary(library(t, `{}`)); err == nil {
		t.Error("an empty index is a library")
	}
	if l, err := OpenLibrary(library(t, strings.Replace(index, `["ssl"]`, `{"ssl": "why"}`, 1))); err != nil || l.Unavailable["ssl"] != "why" {
		t.Error(err)
	}
}

func TestModuleNames(t *testing.T) {
	for path, want := range map[string]string{
		"a.py": "a", "a/b.py": "a.b", "a/__init__.py": "a package", "a/__main__.py": "a.__main__", "a/é.py": "a.é",
		"a-b.py": "", "1.py": "", "__init__.py": "", "a.txt": "", "a/b-c/d.py": "",
	} {
		name, isPackage := ModuleName(path)
		if isPackage && name != "" {
			name += " package"
		}
		if name != want {
			t.Errorf("%s is %q, want %q", path, name, want)
		}
	}
}

func TestMainEntry(t *testing.T) {
	got := string(Main{Module: "a.cli", Function: "main", Program: "a", Preload: []string{"json"}}.Entry().Data)
	if got != "module a.cli\nfunction main\nprog a\npreload json\n" {
		t.Error(got)
	}
	if got := string(Main{Script: "app/main.py"}.Entry().Data); got != "script /app/main.py\n" {
		t.Error(got)
	}
}

func TestParts(t *testing.T) {
	big := func(n int) Source { return Source{Data: make([]byte, n)} }
	for _, test := range []struct {
		n       int
		sources []Source
		want    []int
	}{
		{4, []Source{big(1), big(1)}, []int{2}},
		{2, []Source{big(perRun), big(perRun), big(perRun), big(perRun)}, []int{3, 1}},
		{1, []Source{big(perRun), big(perRun)}, []int{2}},
	} {
		var got []int
		next := 0
		for begin, part := range parts(test.sources, test.n) {
			if begin != next {
				t.Errorf("a part begins at %d, want %d", begin, next)
			}
			next += len(part)
			got = append(got, len(part))
		}
		if !slices.Equal(got, test.want) || next != len(test.sources) {
			t.Errorf("%v, want %v", got, test.want)
		}
	}
}

func answer(status uint32, a, b string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, status)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(a)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b)))
	return append(append(out, a...), b...)
}

func TestDecode(t *testing.T) {
	good := append(answer(0, "pyc", "os\nsys"), answer(1, "x:1: SyntaxError", "x =")...)
	all, err := decode(good, 2)
	if err != nil || string(all[0].Bytecode) != "pyc" || len(all[0].Imports) != 2 || all[1].Failed == "" || all[1].Line != "x =" {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range [][]byte{good[:len(good)-1], good[:5], append(answer(2, "", ""), answer(0, "", "")...), answer(0, "", "")} {
		if _, err := decode(bad, 2); err == nil {
			t.Errorf("%q is an answer", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(answer(0, "pyc", "os"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = decode(b, 1) })
}
