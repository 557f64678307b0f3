package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a command line that cannot be understood.
type usageError struct {
	cmd *cobra.Command
	err error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// valueError is a flag or argument with a value that is not allowed.
type valueError struct{ name, value, reason string }

func (e *valueError) Error() string {
	return fmt.Sprintf("bad %s %q: %s", e.name, e.value, e.reason)
}

// exitError ends wpk with a code and no message of its own: what there was to
// say has been said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }
