package runtimepack_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/build/internal/bundle"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// pythonLibrary is an opened Python pack: as much of what a build does as the tests of the runtime need.
type pythonLibrary struct {
	runtime []byte
	cache   string
	files   map[string]*zip.File
	index   struct {
		Always, Preload, Service []string
		Modules                  map[string]struct {
			Package bool
			Imports []string
		}
		Hidden map[string][]string
	}
}

// openPython opens the pack that `scripts/runtimes.sh python` made.
func openPython(t *testing.T) *pythonLibrary {
	t.Helper()
	place := wpktest.Runtime(t, "python")
	pack := runtimepack.Pack{Dir: filepath.Join(place, "pack")}
	runtime, err := os.ReadFile(pack.Path(runtimepack.RuntimeFile))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(pack.Path(runtimepack.LibraryFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = archive.Close() })
	l := &pythonLibrary{runtime: runtime, cache: filepath.Join(place, "machine-code"), files: map[string]*zip.File{}}
	for _, f := range archive.File {
		l.files[f.Name] = f
	}
	if err := json.Unmarshal(l.read(t, "index.json"), &l.index); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *pythonLibrary) read(t *testing.T, name string) []byte {
	t.Helper()
	f := l.files[name]
	if f == nil {
		t.Fatalf("the library has no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (l *pythonLibrary) frozen(t *testing.T, name string) bundle.Entry {
	flags := uint32(1)
	if l.index.Modules[name].Package {
		flags |= 2
	}
	return bundle.Entry{Name: name, Data: l.read(t, "code/"+name), Flags: flags}
}

// source is a file for the compile service, and answer what it says.
type source struct {
	name, path string
	text       []byte
	pkg        bool
}
type answer struct {
	status uint32
	a, b   []byte
}

func (l *pythonLibrary) compile(t *testing.T, sources []source) []answer {
	t.Helper()
	entries := []bundle.Entry{{Name: ".main", Data: []byte("service compile\n")}}
	for _, name := range l.index.Service {
		entries = append(entries, l.frozen(t, name))
	}
	blob, err := bundle.Blob(entries)
	if err != nil {
		t.Fatal(err)
	}
	var in, out, diagnostics bytes.Buffer
	for _, s := range sources {
		head := [4]uint32{uint32(len(s.name)), uint32(len(s.path)), uint32(len(s.text)), 0}
		if s.pkg {
			head[3] = 1
		}
		_ = binary.Write(&in, binary.LittleEndian, head) // a buffer
		in.WriteString(s.name + s.path)
		in.Write(s.text)
	}
	err = bundle.Run(t.Context(), bundle.RunOptions{
		Runtime: l.runtime, Blob: blob, Args: []string{"compile"}, Cache: l.cache, Stdin: &in, Stdout: &out, Stderr: &diagnostics,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, diagnostics.String())
	}
	answers := make([]answer, len(sources))
	for i := range answers {
		var head [3]uint32
		if err := binary.Read(&out, binary.LittleEndian, &head); err != nil {
			t.Fatal(err)
		}
		answers[i] = answer{head[0], bytes.Clone(out.Next(int(head[1]))), bytes.Clone(out.Next(int(head[2])))}
	}
	return answers
}

// program makes the blob's entries of the Python files below dir: those in its folder "site" are distributions.
func (l *pythonLibrary) program(t *testing.T, main, dir string) []bundle.Entry {
	t.Helper()
	const site = "usr/lib/python3.13/site-packages"
	var entries []bundle.Entry
	var sources []source
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		place := path.Join("app", name)
		module, distributed := strings.CutPrefix(name, "site/")
		if distributed {
			place = path.Join(site, module)
		}
		entries = append(entries, bundle.Entry{Name: place, Data: data})
		if module, ok := strings.CutSuffix(module, ".py"); ok {
			module, pkg := strings.CutSuffix(module, "/__init__")
			sources = append(sources, source{strings.ReplaceAll(module, "/", "."), "/" + place, data, pkg})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wanted := slices.Clone(l.index.Always)
	for i, a := range l.compile(t, sources) {
		folder, file := path.Split(strings.TrimPrefix(sources[i].path, "/"))
		entries = append(entries, bundle.Entry{Name: folder + "__pycache__/" + strings.TrimSuffix(file, ".py") + ".cpython-313.pyc", Data: a.a})
		wanted = append(wanted, strings.Fields(string(a.b))...)
	}
	// Modules that the tests name at run time.
	wanted = append(wanted, "importlib.metadata", "importlib.resources",
		"concurrent.futures", "multiprocessing.pool", "multiprocessing.popen_fork", "socket", "subprocess", "urllib.request")
	return append(entries, l.closure(t, main, wanted)...)
}

// closure makes the entries of the standard library's modules that are wanted, and .main.
func (l *pythonLibrary) closure(t *testing.T, main string, wanted []string) []bundle.Entry {
	taken := map[string]bool{}
	for len(wanted) > 0 {
		name := wanted[len(wanted)-1]
		wanted = wanted[:len(wanted)-1]
		m, ok := l.index.Modules[name]
		hidden := l.index.Hidden[name]
		if !ok && hidden == nil || taken[name] {
			if i := strings.LastIndexByte(name, '.'); i > 0 && !taken[name] {
				wanted = append(wanted, name[:i])
			}
			continue
		}
		taken[name] = true
		if parent, _, ok := strings.Cut(name, "."); ok {
			wanted = append(wanted, parent)
		}
		wanted = append(append(wanted, m.Imports...), hidden...)
	}
	var entries []bundle.Entry
	for name := range l.index.Modules {
		if taken[name] {
			entries = append(entries, l.frozen(t, name))
		}
	}
	text := main + "\n"
	for _, name := range l.index.Preload {
		if taken[name] {
			text += "preload " + name + "\n"
		}
	}
	if taken["zoneinfo"] {
		for name := range l.files {
			if place, ok := strings.CutPrefix(name, "zoneinfo/"); ok {
				entries = append(entries, bundle.Entry{Name: place, Data: l.read(t, name)})
			}
		}
	}
	return append(entries, bundle.Entry{Name: ".main", Data: []byte(text)})
}

func (l *pythonLibrary) module(t *testing.T, program []bundle.Entry, snapshot bool) []byte {
	t.Helper()
	blob, err := bundle.Blob(program)
	if err != nil {
		t.Fatal(err)
	}
	var diagnostics bytes.Buffer
	var module []byte
	if snapshot {
		module, err = bundle.Snapshot(t.Context(), bundle.SnapshotOptions{
			Runtime: l.runtime, Blob: blob, Cache: l.cache, Stdout: &diagnostics, Stderr: &diagnostics,
		})
	} else {
		module, err = bundle.Attach(l.runtime, blob)
	}
	if err != nil || diagnostics.Len() > 0 {
		t.Fatalf("%v\n%s", err, diagnostics.String())
	}
	return module
}
