package build

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// goInventoryFields are what is asked of each package for an inventory.
const goInventoryFields = "-json=ImportPath,Standard,Module"

// goSumPrefix begins a sum in go.sum that is the hash of a folder: https://go.dev/ref/mod#go-sum-files
const goSumPrefix = "h1:"

// inventory names the modules whose packages are linked. `go list -deps` with the build's own flags has exactly these;
// a module that is only in go.mod or go.sum is not among them.
func (g *goCommand) inventory(pattern string, flags []string) func(context.Context, *Facts) error {
	return func(ctx context.Context, f *Facts) error {
		args := []string{"list", "-deps", goInventoryFields}
		for _, flag := range flags {
			if strings.HasPrefix(flag, "-tags=") || strings.HasPrefix(flag, "-overlay=") {
				args = append(args, flag)
			}
		}
		out, err := g.ask(ctx, append(args, "--", pattern)...)
		if err != nil {
			return err
		}
		packages, err := decodePackages(out)
		if err != nil {
			return err
		}
		f.Dependencies = append(f.Dependencies, g.standardLibrary())
		g.addModules(f, packages)
		return nil
	}
}

// standardLibrary is Go's own library. The module that vulnerability databases know it by is "stdlib".
func (g *goCommand) standardLibrary() Dependency {
	v := strings.TrimPrefix(g.settings["GOVERSION"], "go")
	return Dependency{
		Type: "golang", Kind: DependencyStandardLibrary, Name: "stdlib", Version: v, PURL: packageURL("golang", "stdlib", v),
		License: "BSD-3-Clause", Relation: RelationDirect,
	}
}

func (g *goCommand) addModules(f *Facts, packages []goPackage) {
	sums := g.goSums(packages)
	seen := map[string]bool{}
	for _, p := range packages {
		m := p.Module
		if p.Standard || m == nil || m.Main || seen[m.Path] {
			continue
		}
		seen[m.Path] = true
		d := m.dependency(sums)
		f.Dependencies = append(f.Dependencies, d)
		if r := m.Replace; r != nil && r.Version == "" && outsideSources(g.Dir, m.folder(g.Dir), f.Source) {
			f.Varies = append(f.Varies, "the module "+m.Path+" was taken from a folder outside of the sources")
		}
		if d.DirHash == "" && (m.Replace == nil || m.Replace.Version != "") {
			f.Varies = append(f.Varies, "the module "+m.Path+" has no sum in go.sum")
		}
	}
}

// dependency describes a module that is not the main one. A replacement is what is really linked.
func (m *goModule) dependency(sums map[string]string) Dependency {
	d := Dependency{Type: "golang", Kind: DependencyModule, Name: m.Path, Version: m.Version, Relation: RelationDirect}
	if m.Indirect {
		d.Relation = RelationIndirect
	}
	sum := m.Sum
	if r := m.Replace; r != nil {
		d.Note = "in the place of " + m.Path + strings.TrimSuffix("@"+m.Version, "@")
		d.Name, d.Version, sum = r.Path, r.Version, r.Sum
		if r.Version == "" {
			d.Name, d.Note = m.Path, "from a folder, by a replace directive"
		}
	}
	if sum == "" {
		sum = sums[d.Name+" "+d.Version]
	}
	d.DirHash = goDirHash(sum)
	d.PURL = packageURL(d.Type, d.Name, d.Version)
	return d
}

// folder is where a replacement is, as it is written relative to the main module.
func (m *goModule) folder(dir string) string {
	if filepath.IsAbs(m.Replace.Path) {
		return m.Replace.Path
	}
	if m.Dir != "" {
		return m.Dir
	}
	return filepath.Join(dir, filepath.FromSlash(m.Replace.Path))
}

// goDirHash turns the base64 of go.sum into hexadecimal; "" when it is none.
func goDirHash(sum string) string {
	encoded, ok := strings.CutPrefix(sum, goSumPrefix)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return ""
	}
	return hex.EncodeToString(raw)
}

// maxGoSum bounds a go.sum.
const maxGoSum = 16 << 20

// goSums reads the go.sum files of the main modules: with a vendor folder `go list` names no sums. Keys are "path version".
func (g *goCommand) goSums(packages []goPackage) map[string]string {
	dirs := []string{g.Dir}
	for _, p := range packages {
		if p.Module != nil && p.Module.Main && p.Module.Dir != "" && !slices.Contains(dirs, p.Module.Dir) {
			dirs = append(dirs, p.Module.Dir)
		}
	}
	sums := map[string]string{}
	for _, dir := range dirs {
		for _, name := range []string{"go.sum", "go.work.sum"} {
			for line := range strings.Lines(string(readUpTo(filepath.Join(dir, name), maxGoSum))) {
				if words := strings.Fields(line); len(words) == 3 {
					sums[words[0]+" "+words[1]] = words[2]
				}
			}
		}
	}
	return sums
}

// outsideSources reports whether a folder is outside of the repository that the sources of dir come from; without a
// repository, whether it is outside of dir.
func outsideSources(dir, folder string, s Source) bool {
	root := dir
	if s.Folder != "" {
		for range strings.Split(s.Folder, "/") {
			root = filepath.Dir(root)
		}
	}
	real, err := realPath(folder)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	rel, err := filepath.Rel(root, real)
	return err != nil || !filepath.IsLocal(rel)
}

// goBinaries are the programs behind the go command: the compiler and the linker are what makes the module.
func (g *goCommand) goBinaries(ctx context.Context, f *Facts) map[string]string {
	binaries := map[string]string{"go": g.path}
	dir, err := g.ask(ctx, "env", "GOTOOLDIR")
	if err != nil {
		return binaries
	}
	for _, name := range []string{"compile", "link"} {
		path := filepath.Join(strings.TrimSpace(dir), name)
		if exists(filepath.Dir(path), name) {
			binaries[name] = path
			f.Tools = append(f.Tools, Tool{Name: name})
		}
	}
	return binaries
}
