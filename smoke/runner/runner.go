// Package runner finds, or builds, the program that runs a module on another
// architecture, and the emulator that runs that program.
package runner

import "fmt"

// MissingEmulatorError says that no emulator for an architecture is on PATH.
type MissingEmulatorError struct {
	Arch    string // Go's name
	Program string // what was looked for, for example "qemu-aarch64-static"
}

func (e *MissingEmulatorError) Error() string {
	return fmt.Sprintf("no emulator for %s: %s is not on PATH", e.Arch, e.Program)
}

// MissingRunnerError says that there is neither an embedded runner for an
// architecture nor a way to build one.
type MissingRunnerError struct {
	Arch   string // Go's name
	Reason string
	Err    error // why building failed; may be nil
}

func (e *MissingRunnerError) Error() string {
	return fmt.Sprintf("no runner for %s: %s", e.Arch, e.Reason)
}

func (e *MissingRunnerError) Unwrap() error { return e.Err }
