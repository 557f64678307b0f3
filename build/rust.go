package build

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The files that tell a Rust package or workspace, and its dependencies' versions.
const (
	cargoFile = "Cargo.toml"
	cargoLock = "Cargo.lock"
)

// rustToolchain compiles Rust with the user's cargo, which follows the project's workspace, lock file, vendored sources
// and configuration as always. See https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip1.html for the target.
type rustToolchain struct{}

// A cargoCommand is cargo, with the rustc that it must use, ready to be called for one job.
type cargoCommand struct {
	*job
	rust *rustCompiler
	env  []string
	ws   *cargoWorkspace
	kept *kept
	cc   error // why there is no C compiler for the dependencies that want one; nil = there is, or none wants it

	compiled map[string]bool // the ids of what cargo has compiled; only with Inventory, as the next
	found    *rustInventory
}

func (rustToolchain) compile(ctx context.Context, j *job) (product, error) {
	if err := refuseBrowserTarget(j); err != nil {
		return product{}, err
	}
	f := newRustFinder(j)
	r, err := f.next(ctx, "")
	for err == nil {
		var p product
		p, err = r.compile(ctx, j)
		var failed *ToolError
		if !errors.As(err, &failed) || !slices.ContainsFunc(failed.Causes, func(c Cause) bool { return c.Kind == CauseOldTool }) {
			return p, err
		}
		newer, none := f.next(ctx, r.version)
		if none != nil {
			return product{}, f.tooOld(r, failed)
		}
		r = newer
	}
	return product{}, err
}

// compile builds the job's program with this rustc.
func (r *rustCompiler) compile(ctx context.Context, j *job) (product, error) {
	c := &cargoCommand{job: j, rust: r, env: r.cargoEnv(j)}
	var err error
	if c.ws, err = c.workspace(ctx); err != nil {
		return product{}, err
	}
	p, err := c.ws.program(j)
	if err != nil {
		return product{}, err
	}
	out, err := c.buildKept(ctx, p)
	if err != nil {
		return product{}, err
	}
	warnings, err := c.check(out)
	made := product{path: out, facts: c.facts(p), warnings: warnings}
	if c.found != nil {
		made.inventory, made.binaries = c.inventory, c.rustBinaries()
	}
	return made, err
}

// buildKept builds the program in the folder of the last build of its project, and takes it out of there.
func (c *cargoCommand) buildKept(ctx context.Context, p *rustProgram) (out string, err error) {
	if c.kept, err = c.keep(ctx, c.identity()...); err != nil {
		return "", err
	}
	defer c.kept.release()
	since, err := c.kept.started()
	if err != nil {
		return "", err
	}
	roots := append([]string{c.ws.Root}, c.ws.outside()...)
	if err := c.startAfresh(); err != nil {
		return "", err
	}
	if err := c.adapt(ctx); err != nil {
		return "", err
	}
	lock := filepath.Join(c.ws.Root, cargoLock)
	_, err = os.Lstat(lock)
	locked := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		// Nothing may be left in the sources, not even the lock file that cargo insists on.
		defer os.Remove(lock)
	}
	made, manifests, err := c.build(ctx, p, c.arguments(p, locked))
	if s, seen := see(append(roots, outsideOf(c.ws.Root, manifests)...), filepath.Dir(c.work)); seen == nil {
		s.forgetEdited(since)
		err = errors.Join(err, c.kept.leave(s))
	}
	if err == nil && c.Inventory {
		c.found, err = c.takeRustInventory(ctx, p, locked)
	}
	if err != nil {
		return "", err
	}
	out = c.path(filepath.Base(made))
	return out, copyFile(made, out)
}

// identity is what one folder of cargo's belongs to: the project, the tools and everything that shapes the module.
// Cargo would tell such changes itself; only the folder would grow with each of them.
func (c *cargoCommand) identity() []string {
	id := []string{LanguageRust, c.ws.Root, c.rust.path, c.rust.version, c.rust.commit, c.rust.cargo, c.rust.cargoVersion, c.rust.linker}
	return slices.Concat(id, c.flags(), c.rustFlags(), c.rust.shapingEnv(c.env))
}

// startAfresh empties the folder when cargo could miss a change of the sources.
func (c *cargoCommand) startAfresh() error {
	if c.kept.isNew {
		return nil
	}
	if last := c.kept.lastSighting(); last != nil {
		if now, err := see(last.Roots, filepath.Dir(c.work)); err == nil && !last.hides(now) {
			return nil
		}
	}
	return c.kept.clear()
}

// copyFile copies a file into a new one.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// arguments are cargo's. Of equal sources only those in flags can make different modules.
func (c *cargoCommand) arguments(p *rustProgram, locked bool) []string {
	args := []string{"build", "--message-format=json-render-diagnostics", "--jobs=" + strconv.Itoa(c.Jobs), "--target-dir=" + c.targetDir()}
	if locked {
		args = append(args, "--locked")
	}
	flags := slices.Concat(c.remaps(), c.rustFlags(), c.reactorFlags())
	args = slices.Concat(args, []string{"--config=" + c.rust.config(flags)}, c.flags())
	if p.lib {
		return append(args, "--lib")
	}
	return append(args, "--bin="+p.bin)
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
func (c *cargoCommand) targetDir() string { return filepath.Join(c.kept.dir, "target") }

// build runs cargo in the package's folder. It returns the program that it has made and the folders of the packages
// that are not from a registry, as its messages tell.
func (c *cargoCommand) build(ctx context.Context, p *rustProgram, args []string) (made string, local []string, err error) {
	var messages bytes.Buffer
	cmd := Command{Path: c.rust.cargo, Args: args, Dir: p.dir, Env: c.env}
	err = c.runWith(ctx, cmd, &messages)
	made, local = readMessages(messages.Bytes(), p)
	if c.Inventory {
		c.compiled = compiledPackages(messages.Bytes())
	}
	if err == nil && made == "" {
		err = &ResultError{Name: p.bin, Err: ErrNoProgram}
	}
	return made, local, err
}

// runWith runs cargo, whose standard output is for us and whose words are for the caller.
func (c *cargoCommand) runWith(ctx context.Context, cmd Command, stdout io.Writer) error {
	said := &tail{w: c.Output}
	cmd.Stdout, cmd.Stderr = stdout, said
	err := c.Exec.Run(ctx, cmd)
	var failed *ToolError
	if errors.As(err, &failed) {
		return c.explain(failed, string(said.last))
	}
	return err
}

func (c *cargoCommand) facts(p *rustProgram) Facts {
	return Facts{
		Language: LanguageRust, Name: p.bin, Package: p.pkg.Name, Version: p.pkg.Version,
		Tools: []Tool{{Name: "rustc", Version: c.rust.version}, {Name: "cargo", Version: c.rust.cargoVersion}},
		Flags: c.portable(slices.Concat(c.flags(), c.rustFlags())),
		Env:   c.portable(c.rust.shapingEnv(c.env)),
	}
}
