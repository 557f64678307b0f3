package bundle

import (
	"context"
	"errors"
	"io"

	"github.com/tetratelabs/wazero"
)

// RunOptions say what to run. Only Runtime and Blob are needed.
type RunOptions struct {
	Runtime []byte
	Blob    []byte
	Args    []string // argv, with the program's name first; nil = one empty string
	Env     []string // the environment, as "KEY=value"
	Stdin   io.Reader
	Stdout  io.Writer // nil discards
	Stderr  io.Writer // nil discards
	Cache   string    // folder of the engine's machine code, private to the user; "" = compile each time
	Limits  Limits
}

// Run runs the runtime with a blob as a command, as a tool of a build: without files, with a clock and a random source
// that are the same each time. Errors are a [*RuntimeError], which wraps an [*ExitError] when the exit code is not
// zero and ErrTime when the time is up, or the context's own.
func Run(ctx context.Context, o RunOptions) error {
	m, err := readModule(o.Runtime)
	if err != nil {
		return err
	}
	code, err := m.withStackPointer()
	if err != nil {
		return &RuntimeError{"compile", err}
	}
	e, err := newEngine(ctx, wazero.NewRuntimeConfig(), o.Cache, o.Limits)
	if err != nil {
		return err
	}
	defer e.close()
	i, err := e.instantiate(code, world{args: o.Args, env: o.Env, stdin: o.Stdin, stdout: o.Stdout, stderr: o.Stderr})
	if err != nil {
		return err
	}
	if err := i.load(o.Blob); err != nil {
		return e.failed("run", err)
	}
	err = i.call(exportStart)
	var exit *ExitError
	if errors.As(err, &exit) && exit.Code == 0 {
		return nil
	}
	return e.failed("run", err)
}
