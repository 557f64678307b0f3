package build

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A rustInventory is what is inside a Rust program, taken while its lock file is there.
type rustInventory struct {
	dependencies []Dependency
	varies       []string
}

// A cargoGraph is `cargo metadata` with the dependencies:
// https://doc.rust-lang.org/cargo/commands/cargo-metadata.html#json-format
type cargoGraph struct {
	Packages []cargoCrate `json:"packages"`
	Resolve  struct {
		Nodes []cargoNode `json:"nodes"`
	} `json:"resolve"`
}

type cargoCrate struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	License  string        `json:"license"`
	Source   string        `json:"source"` // "registry+https://…", "git+https://…#commit"; "" for a folder
	Manifest string        `json:"manifest_path"`
	Targets  []cargoTarget `json:"targets"`
}

type cargoNode struct {
	ID   string `json:"id"`
	Deps []struct {
		ID    string `json:"pkg"`
		Kinds []struct {
			Kind string `json:"kind"` // "" = normal, "build", "dev"
		} `json:"dep_kinds"`
	} `json:"deps"`
}

// macro reports whether a crate is a procedural macro: it runs in the compiler.
func (p cargoCrate) macro() bool {
	return slices.ContainsFunc(p.Targets, func(t cargoTarget) bool { return slices.Contains(t.Kind, "proc-macro") })
}

// takeRustInventory asks cargo for the graph of what it has just built. What counts is what was compiled: the graph also
// has optional crates that no feature of this build has switched on.
func (c *cargoCommand) takeRustInventory(ctx context.Context, p *rustProgram, locked bool) (*rustInventory, error) {
	args := []string{"metadata", "--format-version=1", "--filter-platform=" + c.rust.target}
	if locked {
		args = append(args, "--locked")
	}
	for _, f := range c.flags() {
		if strings.HasPrefix(f, "--features") || f == "--no-default-features" {
			args = append(args, f)
		}
	}
	var out bytes.Buffer
	if err := c.runWith(ctx, Command{Path: c.rust.cargo, Args: args, Dir: p.dir, Env: c.env}, &out); err != nil {
		return nil, err
	}
	var graph cargoGraph
	if err := json.Unmarshal(out.Bytes(), &graph); err != nil {
		return nil, fmt.Errorf("cargo metadata: %w", err)
	}
	sums, err := lockedSums(filepath.Join(c.ws.Root, cargoLock))
	if err != nil {
		return nil, err
	}
	found := &rustInventory{}
	if !locked {
		found.varies = append(found.varies, "there is no "+cargoLock+", so the crates' versions were chosen when it was built")
	}
	relations := graph.relations(p.pkg.ID, c.compiled)
	for _, crate := range graph.Packages {
		relation, there := relations[crate.ID]
		if !there || crate.ID == p.pkg.ID {
			continue
		}
		found.dependencies = append(found.dependencies, crate.dependency(relation, sums))
		if crate.Source == "" && c.outsideWorkspace(crate) {
			found.varies = append(found.varies, "the crate "+crate.Name+" was taken from a folder outside of the workspace")
		}
	}
	return found, nil
}

// outsideWorkspace reports whether a crate lies outside of the workspace's folder.
func (c *cargoCommand) outsideWorkspace(p cargoCrate) bool {
	rel, err := filepath.Rel(c.ws.Root, p.Manifest)
	return err != nil || !filepath.IsLocal(rel)
}

// relations walks from the program's package to everything that it needs and that was compiled. What only a procedural
// macro or a build script needs ran while building.
func (g *cargoGraph) relations(root string, compiled map[string]bool) map[string]Relation {
	nodes, crates := map[string]cargoNode{}, map[string]cargoCrate{}
	for _, n := range g.Resolve.Nodes {
		nodes[n.ID] = n
	}
	for _, p := range g.Packages {
		crates[p.ID] = p
	}
	found := map[string]Relation{}
	rank := map[Relation]int{RelationBuild: 1, RelationIndirect: 2, RelationDirect: 3}
	var walk func(id string, relation Relation)
	walk = func(id string, relation Relation) {
		for _, d := range nodes[id].Deps {
			for _, k := range d.Kinds {
				next := relation
				if k.Kind == "build" || crates[d.ID].macro() {
					next = RelationBuild
				}
				if k.Kind == "dev" || !compiled[d.ID] || rank[found[d.ID]] >= rank[next] {
					continue
				}
				found[d.ID] = next
				if next == RelationDirect {
					next = RelationIndirect
				}
				walk(d.ID, next)
			}
		}
	}
	walk(root, RelationDirect)
	return found
}

func (p cargoCrate) dependency(relation Relation, sums map[string]string) Dependency {
	d := Dependency{
		Type: "cargo", Kind: DependencyCrate, Name: p.Name, Version: p.Version, License: licenseExpression(p.License),
		Relation: relation, SHA256: sums[p.Name+" "+p.Version+" "+p.Source],
	}
	if p.macro() {
		d.Note = "a procedural macro"
	}
	switch {
	case strings.HasPrefix(p.Source, "registry+https://github.com/rust-lang/crates.io-index"), strings.HasPrefix(p.Source, "sparse+https://index.crates.io/"):
		d.PURL = packageURL(d.Type, d.Name, d.Version)
	case strings.HasPrefix(p.Source, "git+"):
		location, commit, _ := strings.Cut(p.Source, "#")
		location, _, _ = strings.Cut(location, "?")
		d.PURL = packageURL(d.Type, d.Name, d.Version, "vcs_url", location+"@"+commit)
	case p.Source == "":
		d.Note = strings.TrimPrefix(d.Note+", from a folder beside the package", ", ")
		d.PURL = packageURL(d.Type, d.Name, d.Version)
	default:
		_, index, _ := strings.Cut(p.Source, "+")
		d.PURL = packageURL(d.Type, d.Name, d.Version, "repository_url", index)
	}
	return d
}

// licenseExpression is a crate's licence as SPDX writes it. Old crates have a slash between alternatives.
func licenseExpression(s string) string { return strings.ReplaceAll(s, "/", " OR ") }

// maxCargoLock bounds a lock file.
const maxCargoLock = 16 << 20

// lockedSums reads the checksums in a Cargo.lock. Keys are "name version source".
func lockedSums(name string) (map[string]string, error) {
	data, err := readBounded(name, maxCargoLock)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lock struct {
		Package []struct{ Name, Version, Source, Checksum string } `toml:"package"`
	}
	if err := toml.Unmarshal(data, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", cargoLock, err)
	}
	sums := map[string]string{}
	for _, p := range lock.Package {
		sums[p.Name+" "+p.Version+" "+p.Source] = p.Checksum
	}
	return sums, nil
}

// compiledPackages are the ids of the packages of which cargo says that it has compiled something, or that it still has.
func compiledPackages(messages []byte) map[string]bool {
	ids := map[string]bool{}
	for line := range bytes.Lines(messages) {
		var m struct {
			Reason  string
			Package string `json:"package_id"`
		}
		if json.Unmarshal(line, &m) == nil && m.Reason == "compiler-artifact" {
			ids[m.Package] = true
		}
	}
	return ids
}

// inventory hands over what was found while building.
func (c *cargoCommand) inventory(_ context.Context, f *Facts) error {
	v := c.rust.version
	f.Dependencies = append(f.Dependencies, Dependency{
		Type: "generic", Kind: DependencyStandardLibrary, Name: "rust-std", Version: v, License: "MIT OR Apache-2.0",
		PURL: packageURL("generic", "rust-std", v), Relation: RelationDirect, Note: "for " + c.rust.target + ", with the C library that it brings",
	})
	f.Dependencies = append(f.Dependencies, c.found.dependencies...)
	f.Varies = append(f.Varies, c.found.varies...)
	return nil
}

// rustBinaries are the compiler and cargo themselves, where those that ran may be rustup's proxies.
func (c *cargoCommand) rustBinaries() map[string]string {
	all := map[string]string{"rustc": c.rust.path, "cargo": c.rust.cargo}
	for name := range all {
		if exists(filepath.Join(c.rust.sysroot, "bin"), name) {
			all[name] = filepath.Join(c.rust.sysroot, "bin", name)
		}
	}
	return all
}
