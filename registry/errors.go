package registry

import (
	"errors"
	"fmt"
	"strings"
)

// The causes that a person can act on. Every [*Error] matches at most one of
// them with errors.Is.
var (
	ErrUnauthorized = errors.New("not logged in, or the credentials are wrong")        // 401
	ErrDenied       = errors.New("access denied")                                      // 403
	ErrNotFound     = errors.New("not found")                                          // 404
	ErrTooLarge     = errors.New("too large for the registry")                         // 413
	ErrRateLimited  = errors.New("rate limit reached")                                 // 429
	ErrServer       = errors.New("the registry failed")                                // 5xx
	ErrRejected     = errors.New("rejected by the registry")                           // any other 4xx
	ErrUnreachable  = errors.New("cannot reach the registry")                          // DNS, refused, TLS, timeout
	ErrCorrupt      = errors.New("content does not match its digest or is not usable") // wrong bytes, here or there
	ErrStore        = errors.New("no access to the files, or no space left")           // permissions, full disk
)

// Error is a failed operation on a target.
type Error struct {
	// Op is what was tried: "resolve", "fetch", "push", "tag", "mount",
	// "remove", "open".
	Op string
	// Ref is what it was tried on: a reference, a path, or a target with a
	// digest.
	Ref string
	// Status is the HTTP status of the registry's answer, 0 when there was none.
	Status int
	// Kind is one of the sentinels above, or nil when none fits.
	Kind error
	// Err is the cause. For a registry's own answer it is a [*AnswerError].
	Err error
}

// Error implements error, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Op, e.Ref)
	if e.Kind != nil {
		fmt.Fprintf(&b, ": %v", e.Kind)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.Err != nil && !errors.Is(e.Kind, e.Err) {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap makes the sentinel and the cause visible to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// AnswerError is what a registry said about a request that it did not fulfil. Its
// text comes from afar: it is cut to a readable length and has no control
// characters.
type AnswerError struct {
	// Code is the specification's code, for example MANIFEST_INVALID; empty when
	// the registry gave none.
	Code string
	// Message is the registry's own explanation.
	Message string
}

// Error implements error.
func (a *AnswerError) Error() string {
	if a.Code == "" || a.Message == "" {
		return a.Code + a.Message
	}
	return a.Code + ": " + a.Message
}

// LayoutError is an OCI layout (folder, archive or local store) that cannot be
// used as it is. It matches [ErrCorrupt].
type LayoutError struct {
	// Path is the file that is wrong.
	Path string
	// Reason says how.
	Reason string
}

// Error implements error.
func (e *LayoutError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Reason) }

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *LayoutError) Is(target error) bool { return target == ErrCorrupt }
