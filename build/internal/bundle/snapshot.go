package bundle

import (
	"context"
	"io"

	"github.com/tetratelabs/wazero"
)

// SnapshotOptions say what to take a snapshot of. Only Runtime and Blob are needed.
type SnapshotOptions struct {
	Runtime []byte
	Blob    []byte
	Args    []string  // argv while starting up; nil = one empty string
	Env     []string  // the environment while starting up, as "KEY=value"
	Stdout  io.Writer // what the start-up prints; nil discards it
	Stderr  io.Writer // likewise
	Cache   string    // folder of the engine's machine code, private to the user; "" = compile each time
	Limits  Limits
}

// Snapshot returns a module that begins where the runtime's start-up ended: it instantiates the runtime, writes the
// blob behind its memory, calls wpk_blob and wpk_init, and makes data segments of all the memory that is not zero
// then. While starting up there are no files, no input, and a clock and a random source that are the same each time;
// therefore equal options give equal bytes. Errors are a [*RuntimeError], which may wrap an [*ExitError] or ErrTime,
// or the context's own.
func Snapshot(ctx context.Context, o SnapshotOptions) ([]byte, error) {
	m, err := readStopped(o.Runtime)
	if err != nil {
		return nil, err
	}
	code, err := m.withStackPointer()
	if err != nil {
		return nil, &RuntimeError{"compile", err}
	}
	e, err := newEngine(ctx, wazero.NewRuntimeConfig(), o.Cache, o.Limits)
	if err != nil {
		return nil, err
	}
	defer e.close()
	i, err := e.instantiate(code, world{args: o.Args, env: o.Env, stdout: o.Stdout, stderr: o.Stderr})
	if err != nil {
		return nil, err
	}
	image, err := i.startUp(o.Blob)
	if err != nil {
		return nil, e.failed("snapshot", err)
	}
	return m.holding(image)
}

// readStopped reads a module of which nothing runs by itself: it would run a second time in what is made of it.
func readStopped(b []byte) (*module, error) {
	m, err := readModule(b)
	if err != nil {
		return nil, err
	}
	if _, ok := m.section(idStart); ok {
		return nil, &RuntimeError{"snapshot", shape("it has a start function, which would run again")}
	}
	return m, nil
}

// holding returns the bytes of a module that begins with this memory.
func (m *module) holding(image []byte) ([]byte, error) {
	s, err := m.withPages(uint64(len(image) / pageSize))
	if err != nil {
		return nil, &RuntimeError{"snapshot", err}
	}
	return s.with(idData, dump(image)).bytes(), nil
}

// startUp returns the memory after the runtime's start-up. The slice is the instance's own memory.
func (i *instance) startUp(blob []byte) ([]byte, error) {
	if err := i.load(blob); err != nil {
		return nil, err
	}
	if err := i.call(exportInit); err != nil {
		return nil, err
	}
	return i.image()
}
