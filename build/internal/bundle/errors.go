package bundle

import (
	"errors"
	"fmt"
)

// What a [BlobError] or a [RuntimeError] wraps.
var (
	// ErrName: an entry's name has a NUL.
	ErrName = errors.New("a name with a NUL")
	// ErrDuplicate: two entries have one name.
	ErrDuplicate = errors.New("a name that is there twice")
	// ErrTooLarge: more bytes than the limit, or than the runtime's memory may have.
	ErrTooLarge = errors.New("too large")
	// ErrShape: the runtime is a valid module, yet not what this package can work with.
	ErrShape = errors.New("not a runtime that a program can be attached to")
	// ErrTime: the runtime ran longer than [Limits.Time].
	ErrTime = errors.New("took too long")
)

// BlobError tells which entry cannot be put into a blob.
type BlobError struct {
	Name string
	Err  error // ErrName, ErrDuplicate or ErrTooLarge
}

func (e *BlobError) Error() string { return fmt.Sprintf("blob entry %q: %v", e.Name, e.Err) }

func (e *BlobError) Unwrap() error { return e.Err }

// RuntimeError tells what is wrong with a runtime, or went wrong in it.
type RuntimeError struct {
	Op  string // "read", "attach", "compile", "snapshot" or "run"
	Err error
}

func (e *RuntimeError) Error() string { return fmt.Sprintf("%s runtime: %v", e.Op, e.Err) }

func (e *RuntimeError) Unwrap() error { return e.Err }

// ExitError tells that the runtime ended itself with an exit code that is not zero, or in the middle of a snapshot.
// What it had to say went to the options' Stderr.
type ExitError struct {
	Code uint32
}

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

func shape(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrShape, fmt.Sprintf(format, args...))
}
