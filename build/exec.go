package build

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

// Executor runs tools. Real processes by default; a test puts its own in its place and needs no compiler.
type Executor interface {
	// Run runs a command to its end. It returns a *[ToolError] for an exit status other than zero, and the context's
	// error when that ended first; then no process of the command is left.
	Run(ctx context.Context, c Command) error
	// LookPath finds a program on the PATH of env, or checks the path that name is.
	// Its error wraps [exec.ErrNotFound] when there is none.
	LookPath(name string, env []string) (string, error)
}

// Command is one call of a tool.
type Command struct {
	Path   string   // the program
	Args   []string // its arguments, without the program's name
	Dir    string   // where it runs
	Env    []string // its whole environment
	Stdout io.Writer
	Stderr io.Writer
}

// output runs a command and returns what it wrote to its standard output. What it says on stderr is dropped: these
// are questions to a tool, and a failed one is an answer too.
func output(ctx context.Context, e Executor, c Command) (string, error) {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, io.Discard
	err := e.Run(ctx, c)
	return string(bytes.TrimSpace(out.Bytes())), err
}

// killDelay is how long a cancelled tool may take to clean up behind itself.
const killDelay = 3 * time.Second

// processes is the Executor of real processes.
type processes struct{}

// Run implements [Executor]. Each command gets its own process group, because what must stop on a cancelled context is
// not only make but also the compilers that it started.
func (processes) Run(ctx context.Context, c Command) error {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, c.Stdout, c.Stderr
	cmd.Env = append([]string{}, c.Env...) // never nil: nil would inherit ours
	cmd.WaitDelay = killDelay
	groupProcess(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		killGroup(cmd)
		return context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it succeeded, and left a server behind that holds on to its output, as compiler caches do
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ToolError{Tool: filepath.Base(c.Path), Dir: c.Dir, ExitCode: exit.ExitCode()}
	}
	return err
}

// LookPath implements [Executor]. [exec.LookPath] would search our own PATH; given a path it only checks it, with the
// system's rules for suffixes. Relative entries of PATH are skipped: they would run what lies in the source folder.
func (processes) LookPath(name string, env []string) (string, error) {
	if filepath.Base(name) != name {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(getenv(env, "PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return p, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}
