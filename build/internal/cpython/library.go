// Package cpython knows how a Python program is laid out for the runtime of a Python runtime pack: the pack's library,
// the runtime's service that compiles sources to bytecode, the modules that a program can reach, and its entries in the
// blob that becomes part of the module.
package cpython

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/bundle"
)

// Limits of a pack's library.
const (
	maxIndex   = 32 << 20
	maxLibrary = 512 << 20
)

// Index is the table of contents of a pack's library.
type Index struct {
	Version     string              `json:"version"`  // of CPython
	CacheTag    string              `json:"cacheTag"` // in the names of bytecode files: "cpython-313"
	Builtins    []string            `json:"builtins"` // modules inside the runtime
	Modules     map[string]Module   `json:"modules"`
	Hidden      map[string][]string `json:"hidden"`      // what built-in modules import
	Always      []string            `json:"always"`      // in every program
	Preload     []string            `json:"preload"`     // harmless to import while building
	Service     []string            `json:"service"`     // what the compile service needs; empty = everything
	Unavailable Unavailable         `json:"unavailable"` // modules that are not there
}

// Unavailable has the modules of CPython that the runtime lacks, with the reason, which may be empty. In an index it is
// an object, or a list of names.
type Unavailable map[string]string

// UnmarshalJSON implements [json.Unmarshaler].
func (u *Unavailable) UnmarshalJSON(data []byte) error {
	var names []string
	if json.Unmarshal(data, &names) != nil {
		return json.Unmarshal(data, (*map[string]string)(u))
	}
	*u = Unavailable{}
	for _, name := range names {
		(*u)[name] = ""
	}
	return nil
}

// Module is a module of the standard library.
type Module struct {
	Package bool     `json:"package"`
	Imports []string `json:"imports"` // of the library, resolved
}

// The folders of a library.
const (
	codeFolder     = "code/"
	zoneinfoFolder = "zoneinfo/"
)

// Library is a pack's library. It must be closed.
type Library struct {
	Index
	archive *zip.ReadCloser
	code    map[string]*zip.File // by module
	zones   []*zip.File
}

// OpenLibrary opens a pack's library.zip.
func OpenLibrary(path string) (*Library, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l := &Library{archive: archive, code: map[string]*zip.File{}}
	var total uint64
	for _, f := range archive.File {
		total += f.UncompressedSize64
		if name, ok := strings.CutPrefix(f.Name, codeFolder); ok {
			l.code[name] = f
		} else if strings.HasPrefix(f.Name, zoneinfoFolder) && !strings.HasSuffix(f.Name, "/") {
			l.zones = append(l.zones, f)
		}
		if f.Name == "index.json" {
			var data []byte
			if data, err = readAll(f, maxIndex); err == nil {
				err = json.Unmarshal(data, &l.Index)
			}
		}
	}
	if err == nil && total > maxLibrary {
		err = fmt.Errorf("more than %d bytes", int64(maxLibrary))
	}
	if err == nil && (l.Version == "" || l.CacheTag == "") {
		err = errors.New("it is no library of a Python pack")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, archive.Close()))
	}
	return l, nil
}

// Close closes the file.
func (l *Library) Close() error { return l.archive.Close() }

func readAll(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: too large", f.Name)
	}
	return data, err
}

// Entries returns the blob's entries of library modules: frozen, so that they can be imported before anything else.
func (l *Library) Entries(modules []string) ([]bundle.Entry, error) {
	entries := make([]bundle.Entry, 0, len(modules))
	for _, name := range modules {
		f := l.code[name]
		if f == nil {
			return nil, fmt.Errorf("the pack's library lacks the code of %s", name)
		}
		data, err := readAll(f, maxLibrary)
		if err != nil {
			return nil, err
		}
		e := bundle.Entry{Name: name, Data: data, Flags: bundle.FlagFrozen}
		if l.Modules[name].Package {
			e.Flags |= bundle.FlagPackage
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Zones returns the entries of the time zones.
func (l *Library) Zones() ([]bundle.Entry, error) {
	var entries []bundle.Entry
	for _, f := range l.zones {
		data, err := readAll(f, maxIndex)
		if err != nil {
			return nil, err
		}
		entries = append(entries, bundle.Entry{Name: strings.TrimPrefix(f.Name, zoneinfoFolder), Data: data})
	}
	return entries, nil
}

// All returns every module of the library, sorted.
func (l *Library) All() []string {
	all := make([]string, 0, len(l.Modules))
	for name := range l.Modules {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Closure returns the modules of the library that a program reaches from its imports, sorted. Imports of what is not in
// the library are the program's own and do not count.
func (l *Library) Closure(imports []string) []string {
	builtin := map[string]bool{}
	for _, name := range l.Builtins {
		builtin[name] = true
	}
	seen := map[string]bool{}
	var queue []string
	reach := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			queue = append(queue, name)
		}
	}
	for _, name := range l.Always {
		reach(name)
	}
	for _, name := range imports {
		reach(l.known(name, builtin))
	}
	var modules []string
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		m, ok := l.Modules[name]
		if ok {
			modules = append(modules, name)
			reach(l.known(parent(name), builtin))
		}
		for _, other := range slices.Concat(m.Imports, l.Hidden[name]) {
			reach(l.known(other, builtin))
		}
	}
	slices.Sort(modules)
	return modules
}

// known is the longest beginning of a dotted name that is a module here: of "os.path.join", "os.path".
func (l *Library) known(name string, builtin map[string]bool) string {
	for name != "" {
		if _, ok := l.Modules[name]; ok || builtin[name] {
			return name
		}
		name = parent(name)
	}
	return ""
}

func parent(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i]
	}
	return ""
}
