package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/cpython"
	"github.com/wpkdev/wpk/build/internal/pypi"
)

// A pythonGroup is what is compiled and kept together: the application, or one distribution.
type pythonGroup struct {
	name    string // of the distribution; "" for the application
	files   []cpython.File
	sources []cpython.Source
	places  []int // of the sources among the files
}

// add adds a file below a folder of sys.path.
func (g *pythonGroup) add(folder, below string, data []byte) {
	g.files = append(g.files, cpython.File{Path: folder + below, Data: data})
	if !strings.HasSuffix(below, ".py") {
		return
	}
	name, isPackage := cpython.ModuleName(below)
	g.sources = append(g.sources, cpython.Source{Name: name, Path: "/" + folder + below, Package: isPackage, Data: data})
	g.places = append(g.places, len(g.files)-1)
}

// key names what the group is compiled to by all that it is made from.
func (g *pythonGroup) key(runtime string) string {
	h := sha256.New()
	hashText(h, "bytecode 2", runtime)
	for _, s := range g.sources {
		hashText(h, s.Name, s.Path, fmt.Sprint(s.Package), string(s.Data))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashText hashes texts so that no two lists of them have the same bytes.
func hashText(h hash.Hash, texts ...string) {
	for _, s := range texts {
		fmt.Fprintf(h, "%d:", len(s))
		_, _ = io.WriteString(h, s)
	}
}

// groups are all files of the program, as the program will see them.
func (b *pythonBuild) groups() []*pythonGroup {
	app := &pythonGroup{}
	for _, s := range b.sources {
		app.add(cpython.AppFolder, s.Path, s.Data)
	}
	for _, c := range b.ownMetadata() {
		app.add(cpython.AppFolder, c.Path, c.Data)
	}
	all := []*pythonGroup{app}
	for _, d := range b.deps {
		g := &pythonGroup{name: d.Name + " " + d.Version}
		for _, c := range d.Contents {
			g.add(b.library.SiteFolder(), c.Path, c.Data)
		}
		all = append(all, g)
	}
	return all
}

// ownMetadata lets the program ask importlib.metadata about itself, as if it were installed.
func (b *pythonBuild) ownMetadata() []pypi.Content {
	p := b.project
	if p.Name == "" || p.Version == "" {
		return nil
	}
	folder := strings.ReplaceAll(pypi.Normalize(p.Name), "-", "_") + "-" + p.Version + ".dist-info/"
	all := []pypi.Content{{Path: folder + "METADATA", Data: fmt.Appendf(nil, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", p.Name, p.Version)}}
	if len(p.Commands) > 0 {
		text := "[console_scripts]\n"
		for _, c := range p.Commands {
			text += fmt.Sprintf("%s = %s:%s\n", c.Name, c.Module, c.Object)
		}
		all = append(all, pypi.Content{Path: folder + "entry_points.txt", Data: []byte(text)})
	}
	return all
}

// compiled compiles all sources and returns the files with what they import. What is compiled already comes from the
// cache, group by group.
func (b *pythonBuild) compiled(ctx context.Context) ([]cpython.File, []string, error) {
	groups := b.groups()
	done := make([][]cpython.Compiled, len(groups))
	var open []cpython.Source
	for i, g := range groups {
		if done[i] = b.load(g); done[i] == nil {
			open = append(open, g.sources...)
		}
	}
	c := &cpython.Compiler{Runtime: b.runtime, Library: b.library, Cache: b.engineCache(), Jobs: b.Jobs, Stderr: b.Output}
	fresh, err := c.Compile(ctx, open)
	if err != nil {
		return nil, nil, err
	}
	var files []cpython.File
	var imports []string
	seen := map[string][]byte{}
	for i, g := range groups {
		if done[i] == nil {
			done[i], fresh = fresh[:len(g.sources):len(g.sources)], fresh[len(g.sources):]
			if err := b.store(g, done[i]); err != nil {
				return nil, nil, err
			}
		}
		for k, place := range g.places {
			compiled := &done[i][k]
			g.files[place].Compiled = compiled
			imports = append(imports, compiled.Imports...)
		}
		files = b.merge(files, seen, g)
		b.warnImports(g, done[i])
	}
	slices.Sort(imports)
	if err := b.syntaxErrors(groups[0], done[0]); err != nil {
		return nil, nil, err
	}
	return files, slices.Compact(imports), nil
}

// merge adds a group's files. Of two files with one name the first counts: distributions share the __init__.py of a
// namespace, and some leave their tests at the top.
func (b *pythonBuild) merge(files []cpython.File, seen map[string][]byte, g *pythonGroup) []cpython.File {
	for _, f := range g.files {
		first, twice := seen[f.Path]
		if twice {
			if !bytes.Equal(first, f.Data) {
				b.warned = append(b.warned, Warning{Where: g.name, Text: f.Path + " is of another distribution too, whose file counts"})
			}
			continue
		}
		seen[f.Path] = f.Data
		files = append(files, f)
	}
	return files
}

// syntaxErrors shows what CPython says about files of the application that are no Python. Files of distributions may
// be templates or for other versions; they fail when they are imported, as anywhere.
func (b *pythonBuild) syntaxErrors(app *pythonGroup, done []cpython.Compiled) error {
	failed := false
	for i, c := range done {
		if c.Failed == "" {
			continue
		}
		failed = true
		path := app.sources[i].Path
		fmt.Fprintln(b.Output, b.origin(path)+strings.TrimPrefix(c.Failed, path))
		if c.Line != "" {
			fmt.Fprintln(b.Output, "    "+strings.TrimSpace(c.Line))
		}
	}
	if failed {
		return &ToolError{Tool: "python", Dir: b.Dir, ExitCode: 1}
	}
	return nil
}

// origin is where a file of the application lies in the project, for messages.
func (b *pythonBuild) origin(path string) string {
	below := strings.TrimPrefix(path, "/"+cpython.AppFolder)
	for _, s := range b.sources {
		if s.Path == below {
			return s.Origin
		}
	}
	return below
}

// Limits of what is kept for the next build.
const (
	maxKeptBytecode = 512 << 20
	maxKeptModules  = 512 << 20
)

func (b *pythonBuild) kept(kind, key string) string {
	if b.Cache == "" {
		return ""
	}
	return filepath.Join(b.Cache, "python", kind, key)
}

// load returns what a group was compiled to before; nil when it was not.
func (b *pythonBuild) load(g *pythonGroup) []cpython.Compiled {
	data, err := os.ReadFile(b.kept("bytecode", g.key(b.sum)))
	if err != nil {
		return nil
	}
	done := decodeCompiled(data)
	if len(done) != len(g.sources) || len(done) == 0 {
		return nil
	}
	return done
}

func (b *pythonBuild) store(g *pythonGroup, done []cpython.Compiled) error {
	path := b.kept("bytecode", g.key(b.sum))
	if path == "" || len(done) == 0 {
		return nil
	}
	return keep(path, encodeCompiled(done), maxKeptBytecode)
}
