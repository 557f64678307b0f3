package smoke

import (
	"fmt"

	"github.com/wpkdev/wpk/smoke/runner"
)

// The errors of a cell that cannot be set up, for errors.As.
type (
	// MissingEmulatorError names the emulator that is not on PATH.
	MissingEmulatorError = runner.MissingEmulatorError
	// MissingRunnerError says why there is no runner for an architecture.
	MissingRunnerError = runner.MissingRunnerError
)

// WrongRunError says that a runner ran something else than it was asked to.
type WrongRunError struct{ Arch, Digest string }

func (e *WrongRunError) Error() string {
	return fmt.Sprintf("the runner reports a run of %s on %s, which was not asked for", e.Digest, e.Arch)
}
