package wasm

import (
	"errors"
	"fmt"
)

var (
	// ErrNotWasm is wrapped when the file does not start with "\0asm".
	ErrNotWasm = errors.New("not a WebAssembly file")
	// ErrTruncated is wrapped when the file ends before its content does, as
	// after an interrupted download.
	ErrTruncated = errors.New("file is truncated")
)

// FormatError says where and why a file is not well-formed. errors.Is with
// ErrNotWasm and ErrTruncated tells these two causes from all others.
type FormatError struct {
	Offset  int64  // from the start of the file, in bytes
	Section string // the section's name, empty outside of sections
	Reason  string
	err     error // ErrNotWasm, ErrTruncated or nil
}

func (e *FormatError) Error() string {
	where := fmt.Sprintf("at byte %d", e.Offset)
	if e.Section != "" {
		where = fmt.Sprintf("in the %s section %s", e.Section, where)
	}
	if e.err != nil {
		return fmt.Sprintf("%v: %s %s", e.err, e.Reason, where)
	}
	return fmt.Sprintf("malformed WebAssembly: %s %s", e.Reason, where)
}

// Unwrap returns ErrNotWasm, ErrTruncated or nil.
func (e *FormatError) Unwrap() error { return e.err }
