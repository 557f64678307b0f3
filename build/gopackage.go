package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goPackage is what `go list -json` tells about a package.
type goPackage struct {
	Name       string
	ImportPath string
	Dir        string
	Module     *struct{ Path, Version string }
}

// mainPackage finds the package to build: the one that the options name, else the one in the job's folder, else the
// only one below it.
func (g *goCommand) mainPackage(ctx context.Context) (*goPackage, error) {
	if p := g.Go.Package; p != "" {
		return g.onlyMain(ctx, p)
	}
	if hasGoFiles(g.Dir) {
		p, err := g.onlyMain(ctx, ".")
		if !errors.Is(err, ErrNoMainPackage) {
			return p, err
		}
	}
	patterns, err := g.patterns(ctx)
	if err != nil {
		return nil, err
	}
	return g.onlyMain(ctx, patterns...)
}

// patterns name all packages below the job's folder. A workspace's own folder is in no module, so there each module
// is named.
func (g *goCommand) patterns(ctx context.Context) ([]string, error) {
	if exists(g.Dir, "go.mod") || !exists(g.Dir, "go.work") {
		return []string{"./..."}, nil
	}
	out, err := g.output(ctx, "list", "-m", "-f={{.Dir}}")
	if err != nil {
		return nil, err
	}
	var patterns []string
	for dir := range strings.Lines(out) {
		patterns = append(patterns, g.relative(strings.TrimSpace(dir))+"/...")
	}
	return patterns, nil
}

// onlyMain lists packages and returns the only main package among them.
// -find leaves the imports alone: nothing is downloaded just to look around.
func (g *goCommand) onlyMain(ctx context.Context, patterns ...string) (*goPackage, error) {
	args := append([]string{"list", "-e", "-find", "-json=Name,ImportPath,Dir,Module", "--"}, patterns...)
	out, err := g.output(ctx, args...)
	if err != nil {
		return nil, err
	}
	var mains []goPackage
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
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

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// programName is the name that `go build` would give the program: the last element of the import path that is not a
// major version.
func (p *goPackage) programName() string {
	dir, name := path.Split(p.ImportPath)
	if majorVersion.MatchString(name) && dir != "" {
		return path.Base(dir)
	}
	return name
}
