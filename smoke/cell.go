package smoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
	"github.com/wpkdev/wpk/smoke/runner"
)

// run is one cell's run.
type run struct {
	*Options
	place
	work *workspace
}

// cell runs the module in its place. What goes wrong with the module or the
// emulator is in the cell; an error is for the whole matrix.
func (r *run) cell(ctx context.Context) (Cell, error) {
	c := Cell{Arch: r.arch, Emulated: r.emulator != "", Skipped: r.skipped}
	if r.skipped != "" {
		return c, nil
	}
	for attempt := 0; ; attempt++ {
		err := r.attempt(ctx, &c, attempt)
		var crash *runner.CrashError
		switch {
		case err == nil:
			return c, nil
		case !errors.As(err, &crash):
			return Cell{}, err
		case attempt == mostCrashes || errors.Is(err, runner.ErrOvertime):
			c.Error, c.crashed = err.Error(), true
			return c, nil
		}
		c.Crashes++
	}
}

// mostCrashes is how many crashes of the emulator are passed over. They are
// hardly the module's doing: what it does is a result that the runner tells.
const mostCrashes = 2

// attempt runs the module once and fills in what came of it.
func (r *run) attempt(ctx context.Context, c *Cell, number int) error {
	stdout, stderr := newCapture(), newCapture()
	streams := runner.Streams{Stdin: bytes.NewReader(r.Guest.Stdin), Stdout: stdout, Stderr: stderr}
	result, err := r.execute(ctx, c, streams, number)
	c.Engine, c.ExitCode, c.Stop = result.Engine, result.ExitCode, result.Stop
	c.Compile, c.Run = result.Compile, result.Run
	if result.Stop != "" {
		c.Error = string(result.Stop) + ": " + result.Detail
	}
	c.Stdout, c.Stderr = stdout.output(), stderr.output()
	return err
}

// execute prepares what the module needs, then measures its run.
func (r *run) execute(ctx context.Context, c *Cell, s runner.Streams, attempt int) (engine.Result, error) {
	dir, err := r.work.folder(fmt.Sprintf("%s-%d", r.arch, attempt))
	if err != nil {
		return engine.Result{}, err
	}
	dirs, err := privateCopies(ctx, dir, r.Guest.Dirs)
	if err != nil {
		return engine.Result{}, err
	}
	execute := r.native
	if r.emulator != "" {
		path, err := runner.Find(ctx, r.arch, runner.Options{Cache: r.Host.Cache, Env: r.Host.Env, Building: r.Host.Building})
		if err != nil {
			return engine.Result{}, err
		}
		execute = r.emulated(path, dir)
	}
	start := time.Now()
	result, err := execute(ctx, dirs, s)
	c.Total = time.Since(start)
	return result, err
}

// native runs the module in this process.
func (r *run) native(ctx context.Context, dirs []engine.Dir, s runner.Streams) (engine.Result, error) {
	return engine.Run(ctx, engine.Spec{
		Module: r.Module, Args: r.Guest.Args, Env: r.Guest.Env,
		Stdin: s.Stdin, Stdout: s.Stdout, Stderr: s.Stderr,
		Dirs: dirs, Limits: r.Limits,
		Engine: engine.Engine{Mode: r.mode(), CacheDir: MachineCode(r.Host.Cache)},
	})
}

// emulated runs it in the runner at path.
func (r *run) emulated(path, dir string) func(context.Context, []engine.Dir, runner.Streams) (engine.Result, error) {
	return func(ctx context.Context, dirs []engine.Dir, s runner.Streams) (engine.Result, error) {
		p := runner.Program{Emulator: r.emulator, Runner: path, OneCPU: r.arch == "386"}
		response, err := p.Run(ctx, dir, engine.Request{
			Module: r.work.module, Digest: r.work.digest, Args: r.Guest.Args, Env: r.Guest.Env,
			Dirs: dirs, Limits: r.Limits, Mode: r.mode(),
		}, s)
		switch {
		case err != nil:
			return engine.Result{}, err
		case response.Failure != nil:
			return engine.Result{}, response.Failure.Err()
		case response.Digest != r.work.digest || response.Arch != r.arch:
			return engine.Result{}, &WrongRunError{Arch: response.Arch, Digest: response.Digest}
		}
		return response.Result, nil
	}
}

// mode chooses the engine: an emulated compiler takes seconds for what an
// emulated interpreter does in one.
func (r *run) mode() engine.Mode {
	switch {
	case r.Engine == engine.Compiler && !engine.HasCompiler("linux", r.arch):
		return engine.Interpreter
	case r.Engine == engine.Auto && r.emulator != "":
		return engine.Interpreter
	default:
		return r.Engine
	}
}
