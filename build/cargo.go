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
	Targets    []struct {
		Name string
		Kind []string
	}
}

// A rustProgram is a program of a package.
type rustProgram struct {
	pkg cargoPackage
	dir string // the package's folder
	bin string
}

// workspace asks cargo about the project. --no-deps leaves the dependencies alone: nothing is downloaded or locked just
// to look around.
func (c *cargoCommand) workspace(ctx context.Context) (*cargoWorkspace, error) {
	var out bytes.Buffer
	args := []string{"metadata", "--no-deps", "--format-version=1"}
	err := c.Exec.Run(ctx, Command{Path: c.rust.cargo, Args: args, Dir: c.Dir, Env: c.env, Stdout: &out, Stderr: c.Output})
	if err != nil {
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
		for _, name := range p.programs() {
			program := &rustProgram{pkg: p, dir: filepath.Dir(p.Manifest), bin: name}
			all = append(all, program)
			if j.Rust.Bin == name || (j.Rust.Bin == "" && (p.DefaultRun == "" || p.DefaultRun == name)) {
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

// programs are the names of the package's programs.
func (p cargoPackage) programs() []string {
	var names []string
	for _, t := range p.Targets {
		if slices.Contains(t.Kind, "bin") {
			names = append(names, t.Name)
		}
	}
	return names
}

// executable finds a program's file in cargo's messages, of which there is one a line:
// https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages
func executable(messages []byte, bin string) (path string) {
	for line := range bytes.Lines(messages) {
		var m struct {
			Executable string
			Target     struct{ Name string }
		}
		if json.Unmarshal(line, &m) == nil && m.Executable != "" && m.Target.Name == bin {
			path = m.Executable
		}
	}
	return path
}
