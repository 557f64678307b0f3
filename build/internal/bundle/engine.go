package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// What a runtime exports.
const (
	exportBlob  = "wpk_blob"
	exportInit  = "wpk_init"
	exportStart = "_start"
)

// Limits bound what a runtime may use here. A zero field means the default.
type Limits struct {
	Time   time.Duration // without compiling the runtime itself; default two minutes
	Memory uint64        // bytes of the runtime's memory; default 1 GiB
}

const (
	defaultTime   = 2 * time.Minute
	defaultMemory = 1 << 30
)

// An engine is wazero set up for one instance: its compiler where it has one, its interpreter elsewhere.
type engine struct {
	caller  context.Context
	ctx     context.Context // ends when the time is up
	cancel  context.CancelFunc
	limits  Limits
	cache   wazero.CompilationCache // nil without one
	runtime wazero.Runtime
}

// newEngine sets an engine up, of one of wazero's two kinds. It must be closed.
func newEngine(ctx context.Context, config wazero.RuntimeConfig, cacheDir string, limits Limits) (*engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limits.Time <= 0 {
		limits.Time = defaultTime
	}
	if limits.Memory == 0 {
		limits.Memory = defaultMemory
	}
	e := &engine{caller: ctx, ctx: ctx, cancel: func() {}, limits: limits}
	pages := uint32(min(limits.Memory/pageSize, maxPages))
	config = config.WithCloseOnContextDone(true).WithMemoryLimitPages(pages)
	if cacheDir != "" {
		cache, err := openCache(cacheDir)
		if err != nil {
			return nil, err
		}
		e.cache = cache
		config = config.WithCompilationCache(cache)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	return e, nil
}

// openCache opens the folder of machine code. What lies there is executed: it is made private to the user, which
// fails when it is somebody else's.
func openCache(dir string) (wazero.CompilationCache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

func (e *engine) close() {
	e.cancel()
	ctx := context.WithoutCancel(e.caller)
	_ = e.runtime.Close(ctx)
	if e.cache != nil {
		_ = e.cache.Close(ctx)
	}
}

// A world is what a runtime sees of the outside.
type world struct {
	args, env      []string
	stdin          io.Reader
	stdout, stderr io.Writer
	folders        []Folder
}

// An instance is a runtime in an engine, of which nothing has run yet.
type instance struct {
	ctx     context.Context
	module  api.Module
	memory  api.Memory
	globals []uint64 // what the mutable globals that are watched began with
}

// instantiate compiles a runtime, whose code may export globals to watch, and makes an instance. From here on the time
// counts.
func (e *engine) instantiate(code []byte, w world) (i *instance, err error) {
	defer recoverPanic(&err)
	if _, err := wasi_snapshot_preview1.Instantiate(e.ctx, e.runtime); err != nil {
		return nil, &RuntimeError{"compile", err}
	}
	compiled, err := e.runtime.CompileModule(e.ctx, code)
	if err != nil {
		return nil, &RuntimeError{"compile", err}
	}
	e.ctx, e.cancel = context.WithTimeoutCause(e.caller, e.limits.Time, ErrTime)
	instantiated, err := e.runtime.InstantiateModule(e.ctx, compiled, w.config())
	if err != nil {
		return nil, e.failed("compile", err)
	}
	i = &instance{ctx: e.ctx, module: instantiated, memory: instantiated.Memory()}
	for g := instantiated.ExportedGlobal(globalName(0)); g != nil; g = instantiated.ExportedGlobal(globalName(len(i.globals))) {
		i.globals = append(i.globals, g.Get())
	}
	return i, nil
}

// config leaves wazero's own clock and random source in place, which are the same in each run.
func (w world) config() wazero.ModuleConfig {
	args := w.args
	if len(args) == 0 {
		args = []string{""}
	}
	c := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs(args...)
	for _, pair := range w.env {
		for k := range pair {
			if pair[k] == '=' {
				c = c.WithEnv(pair[:k], pair[k+1:])
				break
			}
		}
	}
	if w.stdin != nil {
		c = c.WithStdin(w.stdin)
	}
	if w.stdout != nil {
		c = c.WithStdout(w.stdout)
	}
	if w.stderr != nil {
		c = c.WithStderr(w.stderr)
	}
	if len(w.folders) > 0 {
		files := wazero.NewFSConfig()
		for _, f := range w.folders {
			files = files.WithFSMount(f.Files, f.At)
		}
		c = c.WithFSConfig(files)
	}
	return c
}

// image returns the memory, unless a global that is watched has changed. The slice is the instance's own memory.
func (i *instance) image() ([]byte, error) {
	for place, began := range i.globals {
		if now := i.module.ExportedGlobal(globalName(place)).Get(); now != began {
			return nil, shape("its mutable global %d, such as the stack pointer, was %d and is %d afterwards", place, began, now)
		}
	}
	image, ok := i.memory.Read(0, i.memory.Size())
	if !ok {
		return nil, shape("its memory of 4 GiB is full")
	}
	return image, nil
}

// load writes the blob where Attach would have put it, and tells the runtime.
func (i *instance) load(blob []byte) error {
	pages := pagesFor(blob)
	old, ok := i.memory.Grow(uint32(min(pages, math.MaxUint32)))
	if !ok {
		return fmt.Errorf("%w: no room for a program of %d bytes in its memory", ErrTooLarge, len(blob))
	}
	if !i.memory.Write(old*pageSize, blob) {
		return fmt.Errorf("%w: a program of %d bytes", ErrTooLarge, len(blob))
	}
	return i.call(exportBlob, uint64(old)*pageSize)
}

// call calls an exported function that returns nothing. A runtime that ended itself is an [*ExitError].
func (i *instance) call(name string, args ...uint64) (err error) {
	defer recoverPanic(&err)
	f := i.module.ExportedFunction(name)
	if f == nil || len(f.Definition().ParamTypes()) != len(args) || len(f.Definition().ResultTypes()) != 0 {
		return shape("it exports no fitting function %q", name)
	}
	_, err = f.Call(i.ctx, args...)
	var exit *sys.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if i.ctx.Err() != nil {
		return context.Cause(i.ctx)
	}
	return &ExitError{exit.ExitCode()}
}

// failed wraps what went wrong, unless the caller has ended it.
func (e *engine) failed(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case e.caller.Err() != nil:
		return e.caller.Err()
	case e.ctx.Err() != nil:
		err = fmt.Errorf("%w: more than %s", ErrTime, e.limits.Time)
	}
	return &RuntimeError{op, err}
}

// recoverPanic turns a panic of the engine into an error: runtimes may come from elsewhere.
func recoverPanic(err *error) {
	if p := recover(); p != nil {
		*err = &RuntimeError{"run", fmt.Errorf("the engine failed: %v\n%s", p, debug.Stack())}
	}
}
