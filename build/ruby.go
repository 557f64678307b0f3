package build

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/rubywasm"
)

// RubyOptions are the settings for Ruby.
type RubyOptions struct {
	Bin string // the script to begin with: a file, or the name of one in exe or bin; "" = the only one there is
}

// rubyPackage is the npm package with Ruby that this was tried with. Those of other versions are taken as well.
const rubyPackage = "@ruby/3.4-wasm-wasi"

// rubyModule is what such a package has: the interpreter with its standard library.
var rubyModule = filepath.Join("dist", "ruby+stdlib.wasm")

// Limits of what a program may bring: the files are in the module, and in its memory when it runs.
const (
	maxRubyFiles = 50_000
	maxRubyBytes = 64 << 20
	maxRuby      = 128 << 20 // the package's module
)

// rubyToolchain puts a program's files into the module of Ruby's npm package, and makes a command of it. Neither Node.js
// nor Ruby has to be on this machine.
type rubyToolchain struct{}

func (rubyToolchain) compile(ctx context.Context, j *job) (product, error) {
	entry, err := findRubyScript(j.Dir, j.bin())
	if err != nil {
		return product{}, err
	}
	gems, err := vendoredGems(j.Dir)
	if err != nil {
		return product{}, err
	}
	p, err := j.rubyPackage(ctx)
	if err != nil {
		return product{}, err
	}
	ruby, err := readBounded(filepath.Join(p.dir, rubyModule), maxRuby)
	if err != nil {
		return product{}, err
	}
	program := rubywasm.Program{Ruby: ruby, Script: entry.file, Output: j.Output}
	if info, err := os.Stat(filepath.Join(j.Dir, "lib")); err == nil && info.IsDir() {
		program.Path = []string{"lib"}
	}
	facts := Facts{Language: LanguageRuby, Name: entry.name, Tools: []Tool{{Name: p.Name, Version: p.Version}}}
	for _, g := range gems {
		for _, dir := range g.path {
			program.Path = append(program.Path, g.dir+"/"+dir)
		}
		facts.Dependencies = append(facts.Dependencies, Dependency{Type: "gem", Name: g.name, Version: g.version})
	}
	if program.Files, err = rubyFiles(ctx, j, gems); err != nil {
		return product{}, err
	}
	path, err := j.once(LanguageRuby, program.Sum(), func() ([]byte, error) {
		module, err := rubywasm.Command(ctx, program)
		if err != nil && ctx.Err() == nil {
			err = &ResultError{Name: p.Name + " " + p.Version, Err: err}
		}
		return module, err
	})
	if err != nil {
		return product{}, err
	}
	warnings := append([]Warning{rubyWarning(p)}, missingGems(j.Dir, gems)...)
	return product{path: path, facts: facts, warnings: warnings, inventory: rubyInventory(p, gems, hashOf(ruby))}, nil
}

func rubyWarning(p npmRuby) Warning {
	return Warning{
		Where: p.Name + " " + p.Version,
		Text:  "Ruby is experimental here: no threads, sockets or other programs, and the first run compiles 30 MB; docs/go-and-others.md tells more",
	}
}

// An npmRuby is an npm package with Ruby.
type npmRuby struct {
	dir     string
	Name    string `json:"name"`
	Version string `json:"version"`
}

// rubyPackage finds the npm package: the project's own, else one that is there for all.
func (j *job) rubyPackage(ctx context.Context) (npmRuby, error) {
	looked := []string{"node_modules here and above"}
	for _, modules := range nodeModules(j.Dir) {
		if p, ok := rubyIn(modules); ok {
			return p, nil
		}
	}
	if npm, err := j.Exec.LookPath("npm", j.Env); err == nil {
		looked = append(looked, "npm root --global")
		out, err := output(ctx, j.Exec, Command{Path: npm, Args: []string{"root", "--global"}, Dir: j.Dir, Env: j.Env})
		if p, ok := rubyIn(strings.TrimSpace(out)); ok && err == nil {
			return p, nil
		}
	}
	return npmRuby{}, &MissingError{Kind: KindTool, Name: rubyPackage, Purpose: "is Ruby for WebAssembly", Looked: looked}
}

// rubyIn finds the newest Ruby in a folder of npm packages.
func rubyIn(modules string) (npmRuby, bool) {
	if modules == "" {
		return npmRuby{}, false
	}
	dirs, _ := filepath.Glob(filepath.Join(globQuote(modules), "@ruby", "*-wasm-wasi"))
	var found []npmRuby
	for _, dir := range dirs {
		p := npmRuby{dir: dir}
		err := json.Unmarshal(readSmall(filepath.Join(dir, packageFile)), &p)
		if err == nil && p.Name != "" && exists(dir, rubyModule) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return npmRuby{}, false
	}
	return slices.MaxFunc(found, func(a, b npmRuby) int { return compareRuby(a.Name, b.Name) }), true
}

// compareRuby orders "@ruby/3.4-wasm-wasi" and "@ruby/3.10-wasm-wasi" by the numbers; "@ruby/head-wasm-wasi" comes before
// all: nobody has said which Ruby that is.
func compareRuby(a, b string) int {
	var aMajor, aMinor, bMajor, bMinor int
	_, _ = fmt.Sscanf(a, "@ruby/%d.%d-", &aMajor, &aMinor)
	_, _ = fmt.Sscanf(b, "@ruby/%d.%d-", &bMajor, &bMinor)
	return cmp.Or(cmp.Compare(aMajor, bMajor), cmp.Compare(aMinor, bMinor), strings.Compare(a, b))
}

// notRuby are folders at the top of a project that no program reads.
var notRuby = []string{"node_modules", "coverage", "log", "pkg", "tmp", "vendor/bundle", "vendor/cache"}

// rubyFiles are the files that go into the module: the project's, without hidden ones, and those of the gems.
func rubyFiles(ctx context.Context, j *job, gems []gem) ([]rubywasm.File, error) {
	c := &rubyCollector{total: newTreeCopy(j, "")}
	err := c.total.walk(ctx, func(path, rel string, d fs.DirEntry) error {
		if strings.HasPrefix(d.Name(), ".") || slices.Contains(notRuby, rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return c.add(path, rel, d)
	})
	for _, g := range gems {
		if err == nil {
			err = c.addGem(ctx, j.Dir, g)
		}
	}
	return c.files, err
}

// A rubyCollector reads files into memory.
type rubyCollector struct {
	total *treeCopy
	files []rubywasm.File
}

// add reads a regular file, or one that a link inside the tree leads to.
func (c *rubyCollector) add(path, rel string, d fs.DirEntry) error {
	if d.Type()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if info, serr := os.Stat(path); err != nil || serr != nil || !info.Mode().IsRegular() || !staysInside(rel, target) {
			return nil //nolint:nilerr // a link to nowhere is nothing to embed
		}
	} else if !d.Type().IsRegular() {
		return nil
	}
	data, err := readBounded(path, maxRubyBytes)
	if err != nil {
		return err
	}
	c.files = append(c.files, rubywasm.File{Name: rel, Data: data})
	c.total.files, c.total.bytes = c.total.files+1, c.total.bytes+int64(len(data))
	if c.total.files > maxRubyFiles || c.total.bytes > maxRubyBytes {
		return fmt.Errorf("%s: what goes into the module is %w: more than %d files or %d bytes", c.total.src, ErrTooLarge, maxRubyFiles, maxRubyBytes)
	}
	return nil
}

// readBounded reads a file up to a limit, and refuses one that is larger.
func readBounded(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", name, ErrTooLarge, info.Size(), limit)
	}
	return os.ReadFile(name)
}
