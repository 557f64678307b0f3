package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// goPackage is what `go list -json` tells about a package.
type goPackage struct {
	Name       string
	ImportPath string
	Dir        string
	Standard   bool // of Go's own library
	DepOnly    bool // not named, but imported
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Module     *goModule
}

// goModule is the module of a package. A replacement without version is a folder of this machine.
type goModule struct {
	Path    string
	Version string
	Main    bool
	Replace *struct{ Path, Version, Sum string }

	// Only asked for an inventory.
	Dir      string
	Indirect bool
	Sum      string
}

// goListFields are the fields above, for -json, which is faster with fewer.
const goListFields = "-json=Name,ImportPath,Dir,Standard,DepOnly,GoFiles,CgoFiles,Imports,Module"

// own reports whether a package is the user's own code: of the main module, of the workspace, or of a folder beside it.
func (p *goPackage) own() bool {
	return p.Module != nil && (p.Module.Main || (p.Module.Replace != nil && p.Module.Replace.Version == ""))
}

// A goGraph is a main package with all that it imports.
type goGraph struct {
	main     *goPackage
	packages []goPackage // without Go's own library
}

// list asks go about the main package that a pattern means and what it imports, with cgo switched on: so it names the files that the build,
// which has no cgo, leaves out. What it says on stderr is dropped: the build, which reads the same, says it.
func (g *goCommand) list(ctx context.Context, pattern string) (*goGraph, error) {
	c := g.command("list", "-e", "-deps", goListFields, "--", pattern)
	if len(g.Go.Tags) > 0 {
		c.Args = slices.Insert(c.Args, 3, "-tags="+strings.Join(g.Go.Tags, ","))
	}
	c.Env = setenv(c.Env, "CGO_ENABLED=1")
	out, err := output(ctx, g.Exec, c)
	if err != nil {
		return nil, err
	}
	packages, err := decodePackages(out)
	if err != nil {
		return nil, err
	}
	graph := &goGraph{}
	var named []goPackage
	for _, p := range packages {
		if !p.DepOnly {
			named = append(named, p)
		}
		if !p.Standard {
			graph.packages = append(graph.packages, p)
		}
	}
	graph.main, err = g.onlyMain(named, pattern)
	return graph, err
}

func decodePackages(out string) ([]goPackage, error) {
	var packages []goPackage
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, p)
	}
}

// pattern names the package to build: the one that the options name, else the one in the job's folder, else the only
// main package below it.
func (g *goCommand) pattern(ctx context.Context) (string, error) {
	patterns := []string{g.Go.Package}
	switch {
	case g.Go.Package != "" && !strings.Contains(g.Go.Package, "..."):
		return g.Go.Package, nil
	case g.Go.Package != "":
	case g.isMain():
		return ".", nil
	default:
		var err error
		if patterns, err = g.everything(ctx); err != nil {
			return "", err
		}
	}
	// -find leaves the imports alone: nothing is downloaded just to look around.
	out, err := g.ask(ctx, append([]string{"list", "-e", "-find", goListFields, "--"}, patterns...)...)
	if err != nil {
		return "", err
	}
	packages, err := decodePackages(out)
	if err != nil {
		return "", err
	}
	p, err := g.onlyMain(packages, patterns...)
	if err != nil {
		return "", err
	}
	return p.ImportPath, nil
}

// isMain reports whether the job's folder holds a main package. Reading its files' first lines saves a call of go.
func (g *goCommand) isMain() bool {
	for _, name := range goFiles(g.Dir, g.Go.Tags, false) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(g.Dir, name), nil, parser.PackageClauseOnly)
		if err == nil && f.Name.Name == "main" {
			return true
		}
	}
	return false
}

// goFiles returns the files of a folder that go would compile for WASI, tests aside.
func goFiles(dir string, tags []string, cgo bool) []string {
	c := gobuild.Default
	c.GOOS, c.GOARCH, c.Compiler, c.CgoEnabled, c.BuildTags = "wasip1", "wasm", "gc", cgo, tags
	return slices.DeleteFunc(filesIn(dir, ".go"), func(name string) bool {
		fits, err := c.MatchFile(dir, name)
		return !fits || err != nil || strings.HasSuffix(name, "_test.go")
	})
}

// everything names all packages below the job's folder. A workspace's own folder is in no module, so there each module
// is named.
func (g *goCommand) everything(ctx context.Context) ([]string, error) {
	if exists(g.Dir, "go.mod") || !exists(g.Dir, "go.work") {
		return []string{"./..."}, nil
	}
	out, err := g.ask(ctx, "list", "-m", "-f={{.Dir}}")
	if err != nil {
		return nil, err
	}
	var patterns []string
	for dir := range strings.Lines(out) {
		patterns = append(patterns, g.relative(strings.TrimSpace(dir))+"/...")
	}
	return patterns, nil
}

// onlyMain returns the only main package among those that the patterns named.
func (g *goCommand) onlyMain(packages []goPackage, patterns ...string) (*goPackage, error) {
	var mains []goPackage
	for _, p := range packages {
		if p.Name == "main" {
			mains = append(mains, p)
		}
	}
	switch len(mains) {
	case 0:
		return nil, &DetectError{Dir: g.Dir, Looked: patterns, Err: ErrNoMainPackage}
	case 1:
		return &mains[0], nil
	}
	candidates := make([]string, len(mains))
	for i, p := range mains {
		candidates[i] = g.relative(p.Dir)
	}
	slices.Sort(candidates)
	return nil, &AmbiguousError{Dir: g.Dir, What: "main packages", Candidates: candidates}
}

// relative returns a folder as Go writes packages: "./cmd/x".
func (g *goCommand) relative(dir string) string {
	rel, err := filepath.Rel(g.Dir, dir)
	if err != nil {
		return dir
	}
	if rel = filepath.ToSlash(rel); rel == "." || strings.HasPrefix(rel, "../") {
		return rel
	}
	return "./" + rel
}

var majorVersion = lazyRegexp(`^v[0-9]+$`)

// programName is the name that `go build` would give the program: the last element of the import path that is not a
// major version.
func (p *goPackage) programName() string {
	dir, name := path.Split(p.ImportPath)
	if majorVersion().MatchString(name) && dir != "" {
		return path.Base(dir)
	}
	return name
}
