package build

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cargoFile tells a Rust package or workspace.
const cargoFile = "Cargo.toml"

// rustToolchain compiles Rust with the user's cargo, which follows the project's workspace, lock file, vendored sources
// and configuration as always. See https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip1.html for the target.
type rustToolchain struct{}

// A cargoCommand is cargo, with the rustc that it must use, ready to be called for one job.
type cargoCommand struct {
	*job
	rust *rustCompiler
	env  []string
}

func (rustToolchain) compile(ctx context.Context, j *job) (product, error) {
	r, err := findRust(ctx, j)
	if err != nil {
		return product{}, err
	}
	c := &cargoCommand{job: j, rust: r, env: r.cargoEnv(j)}
	ws, err := c.workspace(ctx)
	if err != nil {
		return product{}, err
	}
	p, err := ws.program(j)
	if err != nil {
		return product{}, err
	}
	lock := filepath.Join(ws.Root, "Cargo.lock")
	_, err = os.Lstat(lock)
	if errors.Is(err, fs.ErrNotExist) {
		// Nothing may be left in the sources, not even the lock file that cargo insists on.
		defer os.Remove(lock)
	}
	out, err := c.build(ctx, p, c.arguments(ws, p, err == nil))
	if err != nil {
		return product{}, err
	}
	return product{path: out, facts: c.facts(p)}, nil
}

// arguments are cargo's. Of equal sources only those in flags can make different modules.
func (c *cargoCommand) arguments(ws *cargoWorkspace, p *rustProgram, locked bool) []string {
	args := []string{"build", "--message-format=json-render-diagnostics", "--jobs=" + strconv.Itoa(c.Jobs), "--target-dir=" + c.targetDir()}
	if locked {
		args = append(args, "--locked")
	}
	flags := slices.Concat(c.rust.remaps(c.job, ws.Root), c.rustFlags())
	return slices.Concat(args, []string{"--config=" + c.rust.config(flags)}, c.flags(), []string{"--bin=" + p.bin})
}

// flags are the flags of cargo that shape the module.
func (c *cargoCommand) flags() []string {
	profile := c.Rust.Profile
	if profile == "" {
		profile = "release"
	}
	flags := []string{"--target=" + c.rust.target, "--profile=" + profile}
	if c.Rust.NoDefaultFeatures {
		flags = append(flags, "--no-default-features")
	}
	if len(c.Rust.Features) > 0 {
		flags = append(flags, "--features="+strings.Join(c.Rust.Features, ","))
	}
	return flags
}

// targetDir is where cargo puts what it makes.
func (c *cargoCommand) targetDir() string { return c.path("target") }

// build runs cargo in the package's folder and returns the program that it has made, as its messages tell.
func (c *cargoCommand) build(ctx context.Context, p *rustProgram, args []string) (string, error) {
	var messages bytes.Buffer
	err := c.Exec.Run(ctx, Command{Path: c.rust.cargo, Args: args, Dir: p.dir, Env: c.env, Stdout: &messages, Stderr: c.Output})
	if err != nil {
		return "", err
	}
	if path := executable(messages.Bytes(), p.bin); path != "" {
		return path, nil
	}
	return "", &ResultError{Name: p.bin, Err: ErrNoProgram}
}

func (c *cargoCommand) facts(p *rustProgram) Facts {
	return Facts{
		Language: LanguageRust, Name: p.bin, Package: p.pkg.Name, Version: p.pkg.Version,
		Tools: []Tool{{Name: "rustc", Version: c.rust.version}, {Name: "cargo", Version: c.rust.cargoVersion}},
		Flags: c.portable(slices.Concat(c.flags(), c.rustFlags())),
		Env:   c.portable(c.rust.shapingEnv(c.env)),
	}
}
