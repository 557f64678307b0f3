package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/smoke"
	"github.com/wpkdev/wpk/smoke/engine"
)

// The exit codes of run beside the module's own, as docker run and timeout
// have them.
const (
	exitRunTimeout = 124
	exitRunFailed  = 125
	exitRunStopped = 134
)

// guestExit marks a command whose exit code is the module's own: a failure of
// wpk itself must not be taken for it.
const guestExit = "guest-exit-code"

type runOptions struct {
	load  loadFlags
	guest guestFlags
}

func newRun(a *app) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run REF|FILE [-- ARG…]",
		Short: "Run a module here, inside limits and a jail",
		Long: `Runs a module with WASI preview 1. It sees its arguments, the environment and
folders that it is given, the clock, and nothing else of this machine. Folders
cannot be left, by whatever link or path.

The exit code is the module's own; 124 after --timeout, 134 when the module
trapped or met another limit, 125 when wpk could not run it.`,
		Example: `  wpk run ghcr.io/acme/hello:1.0 -- --name world
  echo '{"a":1}' | wpk run localhost:5000/demo/gojq:1.0 -- .a
  wpk run --dir ./data:/data:rw --env LOG=debug ./tool.wasm -- /data/in`,
		Args:        operands("REF", "[ARG]…"),
		Annotations: map[string]string{guestExit: "true"},
		RunE: func(c *cobra.Command, argv []string) error {
			if err := misplacedTrust(argv[1:]); err != nil {
				return err
			}
			return runRun(c.Context(), a, o, argv[0], moduleArgs(argv[1:]))
		},
	}
	// What follows the reference is the module's, even without "--".
	c.Flags().SetInterspersed(false)
	o.load.register(c)
	o.load.trust.registerOptional(c)
	o.guest.register(c, 0, "no limit")
	return c
}

// misplacedTrust refuses a flag of verification among the arguments of the module:
// whoever has written it there believes that the module was verified.
func misplacedTrust(argv []string) error {
	var trust trustFlags
	c := &cobra.Command{}
	trust.registerOptional(c)
	for _, arg := range argv {
		if arg == "--" {
			return nil
		}
		name, _, _ := strings.Cut(arg, "=")
		if flag, is := strings.CutPrefix(name, "--"); is && c.Flags().Lookup(flag) != nil {
			return &valueError{"argument", arg, "it comes after the reference, so it would be the program's and nothing verified; put it before the reference, or -- before the program's arguments"}
		}
	}
	return nil
}

// moduleArgs drops the "--" that may stand between a reference and the
// module's own arguments.
func moduleArgs(argv []string) []string {
	if len(argv) > 0 && argv[0] == "--" {
		return argv[1:]
	}
	return argv
}

func runRun(ctx context.Context, a *app, o runOptions, arg string, argv []string) error {
	defer collectLess()()
	g, err := a.guest(o.guest)
	if err != nil {
		return err
	}
	s, err := a.loadGuest(ctx, g, o.load, arg, argv)
	if err != nil {
		return err
	}
	defer g.remove()
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	g.limits.Output = engine.NoOutputLimit
	res, err := engine.Run(ctx, engine.Spec{
		Module: s.Content.Module,
		Args:   g.args, Env: g.env, Dirs: g.dirs,
		Stdin: a.ui.In, Stdout: a.ui.Out, Stderr: a.ui.Err,
		Limits: g.limits,
		Engine: engine.Engine{Mode: g.mode, CacheDir: smoke.MachineCode(cache)},
		Real:   true,
	})
	if err != nil {
		return fmt.Errorf("cannot run %s: %w", s.Name, err)
	}
	switch {
	case res.Trace != "":
		a.ui.Say("%s", ui.Printable(res.Trace))
	case res.Stop == "" && res.Detail != "":
		a.ui.Say("run: %s is %s", s.Name, res.Detail)
	}
	return runResult(s.Name, res)
}

// collectLess lets garbage be collected only when there is much of it: a tenth
// of the start of an 18 MB module went into collecting next to nothing. The
// bytes are never touched, so they are no memory; the collector counts them.
func collectLess() (done func()) {
	ballast := make([]byte, 128<<20)
	return func() { runtime.KeepAlive(ballast) }
}

// runResult turns how a module ended into how wpk ends.
func runResult(name string, res engine.Result) error {
	switch {
	case res.Stop != "":
		return &stoppedError{name, res}
	case res.ExitCode != 0:
		return &exitError{int(res.ExitCode)}
	}
	return nil
}

// stoppedError is a module that did not end by itself.
type stoppedError struct {
	name   string
	result engine.Result
}

func (e *stoppedError) Error() string {
	if e.result.Detail == "" {
		return fmt.Sprintf("%s was stopped: %s", e.name, e.result.Stop)
	}
	return fmt.Sprintf("%s was stopped: %s: %s", e.name, e.result.Stop, e.result.Detail)
}

// exitCode is timeout(1)'s for the time limit and abort's for the rest.
func (e *stoppedError) exitCode() int {
	if e.result.Stop == engine.StopTime {
		return exitRunTimeout
	}
	return exitRunStopped
}
