package build

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A cargoWorkspace is what `cargo metadata` tells about a project:
// https://doc.rust-lang.org/cargo/commands/cargo-metadata.html#json-format
type cargoWorkspace struct {
	Root     string         `json:"workspace_root"`
	Defaults []string       `json:"workspace_default_members"` // ids; only newer cargos tell
	Packages []cargoPackage `json:"packages"`
}

type cargoPackage struct {
	ID         string
	Name       string
	Version    string
	Manifest   string `json:"manifest_path"`
	DefaultRun string `json:"default_run"` // the program that `cargo run` means
	Targets    []cargoTarget
	// The dependencies as the manifest names them. Those that lie beside the package have a path.
	Dependencies []struct{ Name, Path string }
}

// A cargoTarget is one of the things that a package makes.
type cargoTarget struct {
	Name  string
	Kind  []string
	Types []string `json:"crate_types"`
}

// A rustProgram is a program of a package, or its library as a reactor.
type rustProgram struct {
	pkg cargoPackage
	dir string // the package's folder
	bin string // its name
	lib bool
}

// workspace asks cargo about the project. --no-deps leaves the dependencies alone: nothing is downloaded or locked just
// to look around.
func (c *cargoCommand) workspace(ctx context.Context) (*cargoWorkspace, error) {
	var out bytes.Buffer
	args := []string{"metadata", "--no-deps", "--format-version=1"}
	if err := c.runWith(ctx, Command{Path: c.rust.cargo, Args: args, Dir: c.Dir, Env: c.env}, &out); err != nil {
		return nil, err
	}
	ws := &cargoWorkspace{}
	if err := json.Unmarshal(out.Bytes(), ws); err != nil {
		return nil, fmt.Errorf("cargo metadata: %w", err)
	}
	return ws, nil
}

// packages are those that cargo would build in the job's folder: the one that the options name, else the one in the
// folder itself, else the workspace's default ones, else all.
func (ws *cargoWorkspace) packages(j *job) []cargoPackage {
	only := func(fits func(cargoPackage) bool) []cargoPackage {
		return slices.DeleteFunc(slices.Clone(ws.Packages), func(p cargoPackage) bool { return !fits(p) })
	}
	if name := j.Rust.Package; name != "" {
		dir := filepath.Join(j.Dir, name)
		return only(func(p cargoPackage) bool { return p.Name == name || filepath.Dir(p.Manifest) == dir })
	}
	if here := only(func(p cargoPackage) bool { return filepath.Dir(p.Manifest) == j.Dir }); len(here) > 0 {
		return here
	}
	if len(ws.Defaults) > 0 {
		return only(func(p cargoPackage) bool { return slices.Contains(ws.Defaults, p.ID) })
	}
	return ws.Packages
}

// program returns the program to build: the one that the options name, else the package's default one, else the only
// one that there is.
func (ws *cargoWorkspace) program(j *job) (*rustProgram, error) {
	var all, fit []*rustProgram
	for _, p := range ws.packages(j) {
		for _, name := range p.programs(j.Rust.Reactor) {
			program := &rustProgram{pkg: p, dir: filepath.Dir(p.Manifest), bin: name, lib: j.Rust.Reactor}
			all = append(all, program)
			if j.Rust.Bin == name || (j.Rust.Bin == "" && (program.lib || p.DefaultRun == "" || p.DefaultRun == name)) {
				fit = append(fit, program)
			}
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1:
		return nil, severalPrograms(j.Dir, fit)
	case len(all) > 0:
		return nil, &DetectError{Dir: j.Dir, Looked: []string{j.Rust.Bin + " among " + strings.Join(binNames(all), ", ")}, Err: ErrNoRustProgram}
	case j.Rust.Reactor:
		return nil, &DetectError{Dir: j.Dir, Looked: []string{`crate-type = ["cdylib"] below [lib] in ` + cargoFile}, Err: ErrNoRustReactor}
	case j.Rust.Package != "":
		return nil, &DetectError{Dir: j.Dir, Looked: []string{"a program in the package " + j.Rust.Package}, Err: ErrNoRustProgram}
	}
	return nil, &DetectError{Dir: j.Dir, Looked: []string{"src/main.rs", "src/bin", "[[bin]] in " + cargoFile}, Err: ErrNoRustProgram}
}

// severalPrograms says what to choose among: the programs, or the packages when programs have the same name.
func severalPrograms(dir string, programs []*rustProgram) error {
	bins := binNames(programs)
	if len(bins) == len(programs) {
		return &AmbiguousError{Dir: dir, What: "programs", Candidates: bins}
	}
	var packages []string
	for _, p := range programs {
		packages = append(packages, p.pkg.Name)
	}
	slices.Sort(packages)
	return &AmbiguousError{Dir: dir, What: "packages", Candidates: slices.Compact(packages)}
}

// binNames are the programs' names, sorted, each one once.
func binNames(programs []*rustProgram) []string {
	var names []string
	for _, p := range programs {
		names = append(names, p.bin)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// programs are the names of the package's programs, or of its library that can be a reactor.
func (p cargoPackage) programs(reactor bool) []string {
	var names []string
	for _, t := range p.Targets {
		if reactor && slices.Contains(t.Types, "cdylib") && !slices.Contains(t.Kind, "example") || !reactor && slices.Contains(t.Kind, "bin") {
			names = append(names, t.Name)
		}
	}
	return names
}

// outside returns the folders of the dependencies that lie outside the workspace. Inside, they belong to it.
func (ws *cargoWorkspace) outside() []string {
	var dirs []string
	for _, p := range ws.Packages {
		for _, d := range p.Dependencies {
			if d.Path != "" {
				dirs = append(dirs, d.Path)
			}
		}
	}
	return outsideOf(ws.Root, dirs)
}

// readMessages finds in cargo's messages, of which there is one a line, the program's file and the folders of the
// packages that are not from a registry: https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages
func readMessages(messages []byte, p *rustProgram) (made string, local []string) {
	for line := range bytes.Lines(messages) {
		var m struct {
			Package    string `json:"package_id"`
			Manifest   string `json:"manifest_path"`
			Executable string
			Filenames  []string
			Target     cargoTarget
		}
		if json.Unmarshal(line, &m) != nil {
			continue
		}
		// "path+file:///…#1.0.0", or "lib 1.0.0 (path+file:///…)" of older cargos.
		if m.Manifest != "" && strings.Contains(m.Package, "path+file:") {
			local = append(local, filepath.Dir(m.Manifest))
		}
		if m.Target.Name != p.bin {
			continue
		}
		if p.lib && slices.Contains(m.Target.Types, "cdylib") {
			if i := slices.IndexFunc(m.Filenames, func(name string) bool { return strings.HasSuffix(name, ".wasm") }); i >= 0 {
				made = m.Filenames[i]
			}
		} else if !p.lib && m.Executable != "" {
			made = m.Executable
		}
	}
	return made, local
}
