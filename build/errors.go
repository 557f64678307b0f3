package build

import (
	"errors"
	"fmt"
	"strings"
)

// What a [DetectError] or a [ResultError] wraps.
var (
	// ErrUnknownLanguage: the folder has nothing that tells its language.
	ErrUnknownLanguage = errors.New("no language that can be built was found")
	// ErrNoGoModule: there are Go files, but no go.mod here or above.
	ErrNoGoModule = errors.New("go files without a go.mod here or above")
	// ErrNoMainPackage: a Go module without any main package.
	ErrNoMainPackage = errors.New("no main package")
	// ErrNoRustProgram: a Rust project with libraries only, or without the program that was asked for.
	ErrNoRustProgram = errors.New("no Rust program")
	// ErrNoPythonEntry: a Python project that says nowhere how it starts, or not in the way that was asked for.
	ErrNoPythonEntry = errors.New("nothing says how the Python program starts")
	// ErrNoRustReactor: a Rust project without a library that can be a reactor.
	ErrNoRustReactor = errors.New("no Rust library for a reactor")
	// ErrNoProgram: the build succeeded and left no WebAssembly program.
	ErrNoProgram = errors.New("the build left no WebAssembly program")
	// ErrCgo: a Go package that needs C, which Go cannot compile for WASI.
	ErrCgo = errors.New("needs cgo, which Go does not have for WebAssembly")
	// ErrNoWorld: a module cannot become a component, because nothing says in WIT what it imports or exports.
	ErrNoWorld = errors.New("no WIT world")
	// ErrOtherTarget: the toolchain has made something for another target than the options name.
	ErrOtherTarget = errors.New("made for another target")
	// ErrTooLarge: the module, or the source tree to copy, is above its limit.
	ErrTooLarge = errors.New("too large")
)

// DetectError tells that a folder holds nothing to build.
type DetectError struct {
	Dir    string   // the folder
	Looked []string // what was looked for
	Err    error    // ErrUnknownLanguage, ErrNoGoModule, ErrNoMainPackage, ErrNoRustProgram, ErrNoRustReactor or ErrNoPythonEntry
}

func (e *DetectError) Error() string {
	return fmt.Sprintf("%s: %v (looked for %s)", e.Dir, e.Err, strings.Join(e.Looked, ", "))
}

func (e *DetectError) Unwrap() error { return e.Err }

// The kinds of things that a [MissingError] names.
const (
	KindTool    = "tool"    // a program
	KindTarget  = "target"  // a tool's ability to compile for WebAssembly
	KindSysroot = "sysroot" // the C library for WebAssembly
	KindRuntime = "runtime" // the runtime pack of an interpreted language; Name is the language
	KindSource  = "source"  // sources that a runtime pack is made of
)

// MissingError tells which piece of a toolchain this machine lacks.
type MissingError struct {
	Kind    string   // one of the Kind constants
	Name    string   // the piece: "go", "clang", "wasm-ld", "wasi-libc", "make", …
	Purpose string   // what it is needed for
	Version string   // the version that fits the pieces that are there, such as "14" for clang 14's linker; "" = any
	Also    []string // further pieces that are missing, of the same version, so that one command can install all
	Rustup  string   // the target to add when rustup manages the only Rust that is there; "" otherwise
	// Toolchain is the one of rustup's that the project asks for when it is not there; "" otherwise.
	Toolchain string
	AnyOf     []string // other pieces, each of which would do as well
	Looked    []string // where it was looked for
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("missing %s %q", e.Kind, e.Name)
	if e.Version != "" {
		s += " (version " + e.Version + ")"
	}
	if e.Purpose != "" {
		s += ": " + e.Purpose
	}
	if len(e.Also) > 0 {
		s += "; also missing: " + strings.Join(e.Also, ", ")
	}
	if len(e.AnyOf) > 0 {
		s += " (or any of: " + strings.Join(e.AnyOf, ", ") + ")"
	}
	if len(e.Looked) > 0 {
		s += " (searched: " + strings.Join(e.Looked, ", ") + ")"
	}
	return s
}

// ToolError tells that a tool ran and failed. What it said went to [Options.Output].
type ToolError struct {
	Tool     string  // the program's name
	Dir      string  // where it ran
	ExitCode int     // -1 when a signal ended it
	Causes   []Cause // what is known to lead to what it said; empty when nothing was recognised
}

func (e *ToolError) Error() string {
	if e.ExitCode < 0 {
		return e.Tool + ": ended by a signal"
	}
	return fmt.Sprintf("%s: exit status %d", e.Tool, e.ExitCode)
}

// CgoError tells that a Go program needs C. It wraps [ErrCgo].
type CgoError struct {
	Where   string // the file below the project's folder, or the module of a dependency
	Package string // the package's import path
	Says    string // what the program would say at run time instead of working; "" when it does not even compile
}

func (e *CgoError) Error() string { return e.Where + " " + e.reason() }

func (e *CgoError) reason() string {
	if e.Says == "" {
		return ErrCgo.Error()
	}
	return fmt.Sprintf("%v: at run time the program would say %q", ErrCgo, e.Says)
}

func (e *CgoError) Unwrap() error { return ErrCgo }

// AmbiguousError tells that several programs could be meant.
type AmbiguousError struct {
	Dir        string   // the project's folder
	What       string   // what there are several of: "main packages", "packages", "programs", "entry points"
	Candidates []string // what the option that chooses may name
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s: several %s: %s", e.Dir, e.What, strings.Join(e.Candidates, ", "))
}

// ResultError tells that a tool succeeded and what it left is no usable module.
type ResultError struct {
	Name string // the file, or the program that was asked for
	Err  error  // ErrNoProgram, ErrTooLarge, or why it does not decode
}

func (e *ResultError) Error() string {
	if e.Name == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

func (e *ResultError) Unwrap() error { return e.Err }
