package smoke

import "github.com/wpkdev/wpk/smoke/runner"

// The errors of a cell that cannot be set up, for errors.As.
type (
	// MissingEmulatorError names the emulator that is not on PATH.
	MissingEmulatorError = runner.MissingEmulatorError
	// MissingRunnerError says why there is no runner for an architecture.
	MissingRunnerError = runner.MissingRunnerError
)
