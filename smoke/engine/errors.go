package engine

import (
	"errors"
	"fmt"
)

// What cannot run at all. Errors of Run wrap one of these.
var (
	// ErrNotWasm means that the bytes are not a valid WebAssembly module.
	ErrNotWasm = errors.New("not a valid WebAssembly module")
	// ErrComponent means that the bytes are a component (WASI 0.2), which
	// wazero does not run; only core modules run here.
	ErrComponent = errors.New("a WebAssembly component cannot run here, only a core module")
	// ErrTooLarge means that the module has more bytes than Limits.ModuleSize.
	ErrTooLarge = errors.New("module too large")
	// ErrNoCompiler means that Compiler was asked for where wazero has none.
	ErrNoCompiler = errors.New("no compiler for this architecture, only an interpreter")
	// ErrCache means that Engine.CacheDir is not safe to execute code from.
	ErrCache = errors.New("unsafe cache folder")
	// ErrDigest means that the runner was given other bytes than it was asked to run.
	ErrDigest = errors.New("the module's digest differs from the one asked for")
	// ErrNoEntry means that the module exports neither _start nor _initialize.
	ErrNoEntry = errors.New("module exports neither _start nor _initialize")
)

// ImportError says that a module asks for something that the engine lacks.
type ImportError struct {
	Module string // for example "env" or "wasi_snapshot_preview1"
	Name   string // for example "sock_open"
	Kind   string // "func", "memory"
	Reason string // "" when it does not exist at all
}

func (e *ImportError) Error() string {
	s := fmt.Sprintf("module imports %s %q from %q, which this engine does not provide", e.Kind, e.Name, e.Module)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}
