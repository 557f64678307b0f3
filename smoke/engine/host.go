package engine

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wpkdev/wpk/smoke/engine/jail"
)

// The functions that a host calls: a command's and a reactor's.
const (
	entryCommand = "_start"
	entryReactor = "_initialize"
)

// features are WebAssembly 2.0 and those proposals that compilers emit today
// and both of wazero's engines know.
const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling

// host is a wazero runtime with everything that one module needs.
type host struct {
	session *session
	ctx     context.Context
	runtime wazero.Runtime
	wasi    api.Closer
	module  wazero.CompiledModule
	config  wazero.ModuleConfig
	closers []func() error // in the order of opening
}

// newHost builds the runtime with WASI and opens the directories.
func newHost(n *session) (*host, error) {
	h := &host{session: n}
	// Only with workers does wazero look at the context between two functions
	// that it compiles.
	h.ctx = experimental.WithCompilationWorkers(n.ctx, max(2, runtime.GOMAXPROCS(0)))
	h.ctx = experimental.WithMemoryAllocator(h.ctx, n.memory)
	if err := h.open(); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *host) open() error {
	config, err := h.runtimeConfig()
	if err != nil {
		return err
	}
	h.runtime = wazero.NewRuntimeWithConfig(h.ctx, config)
	h.closers = append(h.closers, func() error { return h.runtime.Close(context.Background()) })
	if h.wasi, err = wasi_snapshot_preview1.Instantiate(h.ctx, h.runtime); err != nil {
		return err
	}
	dirs, err := h.mount()
	if err != nil {
		return err
	}
	h.config = h.moduleConfig().WithFSConfig(dirs)
	return nil
}

// close undoes everything in reverse order. The context is usually over by now.
func (h *host) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		_ = h.closers[i]()
	}
}

func (h *host) runtimeConfig() (wazero.RuntimeConfig, error) {
	spec, mode := &h.session.spec, h.session.mode
	config := wazero.NewRuntimeConfigInterpreter()
	if mode == Compiler {
		if !HasCompiler(runtime.GOOS, runtime.GOARCH) {
			return nil, ErrNoCompiler
		}
		config = wazero.NewRuntimeConfigCompiler()
	}
	if mode == Compiler && spec.Engine.CacheDir != "" {
		cache, err := openCache(spec.Engine.CacheDir)
		if err != nil {
			return nil, err
		}
		h.closers = append(h.closers, func() error { return cache.Close(context.Background()) })
		config = config.WithCompilationCache(cache)
	}
	return config.WithCloseOnContextDone(true).WithDebugInfoEnabled(false).WithCoreFeatures(features), nil
}

// mount opens the directories as jails, which share one count of open files.
func (h *host) mount() (wazero.FSConfig, error) {
	limit := h.session.spec.Limits.OpenFiles
	handles := jail.NewHandles(limit, func() {
		h.session.stop(&stopError{StopFiles, fmt.Sprintf("opened more than %d files at once", limit)})
	})
	config := wazero.NewFSConfig()
	for _, d := range h.session.spec.Dirs {
		dir, err := jail.New(d.Host, d.Writable, handles)
		if err != nil {
			return nil, err
		}
		h.closers = append([]func() error{dir.Close}, h.closers...) // after the runtime, which closes the files
		config = config.(sysfs.FSConfig).WithSysFSMount(dir, d.Guest)
	}
	return config, nil
}

func (h *host) moduleConfig() wazero.ModuleConfig {
	spec := &h.session.spec
	config := wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions(). // call does it, to tell its failure from linking's
		WithArgs(spec.Args...).
		WithStdin(stdin(spec)).
		WithStdout(h.session.out.stream(spec.Stdout)).
		WithStderr(h.session.out.stream(spec.Stderr))
	for _, variable := range spec.Env {
		name, value := splitVariable(variable)
		config = config.WithEnv(name, value)
	}
	if spec.Real {
		return realWorld(h.ctx, config)
	}
	return virtualWorld(config)
}

// compile translates the module and finds its entry.
func (h *host) compile() (entry string, err error) {
	h.module, err = h.runtime.CompileModule(h.ctx, h.session.spec.Module)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotWasm, err)
	}
	if err := checkImports(h.module, h.runtime); err != nil {
		return "", err
	}
	exports := h.module.ExportedFunctions()
	for _, entry := range []string{entryCommand, entryReactor} {
		if _, ok := exports[entry]; ok {
			return entry, nil
		}
	}
	return "", ErrNoEntry
}

// call instantiates the module and runs its entry to the end.
func (h *host) call(entry string) error {
	instance, err := h.runtime.InstantiateModule(h.ctx, h.module, h.config)
	if err != nil {
		return err
	}
	_, err = instance.ExportedFunction(entry).Call(h.ctx)
	return err
}

// stdin returns what the module reads. A file is passed as it is only in the
// real world: there a module may see that it is a terminal and wait for it,
// while a test's input must look the same whatever is behind it.
func stdin(spec *Spec) io.Reader {
	switch {
	case spec.Stdin == nil:
		return strings.NewReader("")
	case spec.Real:
		return spec.Stdin
	default:
		return struct{ io.Reader }{spec.Stdin}
	}
}
