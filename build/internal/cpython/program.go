package cpython

import (
	"fmt"
	"path"
	"strings"

	"github.com/wpkdev/wpk/build/internal/bundle"
)

// AppFolder is where a program lies in the virtual file system.
const AppFolder = "app/"

// SiteFolder is where distributions lie: "usr/lib/python3.13/site-packages/".
func (l *Library) SiteFolder() string {
	parts := strings.SplitN(l.Version, ".", 3)
	return "usr/lib/python" + strings.Join(parts[:min(2, len(parts))], ".") + "/site-packages/"
}

// File is a file of the program.
type File struct {
	Path     string // from the root, without the first slash
	Data     []byte
	Compiled *Compiled // of a Python source
}

// Main says how the program starts.
type Main struct {
	Script   string   // a path from the root, or
	Module   string   // a module, as by "python -m"
	Function string   // of the module: a console script
	Program  string   // sys.argv[0]; "" = what the engine gives
	Preload  []string // modules to import while building
}

// Entry is the blob's entry that says so.
func (m Main) Entry() bundle.Entry {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s %s\n", key, value)
		}
	}
	if m.Script != "" {
		line("script", "/"+m.Script)
	}
	line("module", m.Module)
	line("function", m.Function)
	line("prog", m.Program)
	for _, name := range m.Preload {
		line("preload", name)
	}
	return bundle.Entry{Name: ".main", Data: []byte(b.String())}
}

// FileEntries are the blob's entries of files: each as it is, and its bytecode where Python looks for that.
func (l *Library) FileEntries(files []File) []bundle.Entry {
	entries := make([]bundle.Entry, 0, 2*len(files))
	for _, f := range files {
		entries = append(entries, bundle.Entry{Name: f.Path, Data: f.Data})
		if f.Compiled != nil && len(f.Compiled.Bytecode) > 0 {
			dir, base := path.Split(f.Path)
			name := dir + "__pycache__/" + strings.TrimSuffix(base, ".py") + "." + l.CacheTag + ".pyc"
			entries = append(entries, bundle.Entry{Name: name, Data: f.Compiled.Bytecode})
		}
	}
	return entries
}

// ModuleName is the dotted name of a file below a folder of sys.path, and whether it is a package: "" for a file that
// cannot be imported under any name.
func ModuleName(below string) (name string, isPackage bool) {
	base, ok := strings.CutSuffix(below, ".py")
	if !ok {
		return "", false
	}
	if base, isPackage = strings.CutSuffix(base, "/__init__"); base == "__init__" {
		return "", false
	}
	for part := range strings.SplitSeq(base, "/") {
		if !identifier(part) {
			return "", false
		}
	}
	return strings.ReplaceAll(base, "/", "."), isPackage
}

func identifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= 0x80
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
