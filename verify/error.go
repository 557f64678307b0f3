package verify

import (
	"errors"
	"fmt"
	"strings"
)

// Error is evidence that does not count, and why the piece does not that got furthest.
type Error struct {
	Digest        string
	What          string // "signature" or "attestation"
	PredicateType string // the wanted one; may be empty
	Authority     string // may be empty
	Pieces        int    // how many were there
	Skipped       int    // how many more were not even read
	Kind          error  // ErrNoSignature, ErrNoAttestation, ErrInvalid, ErrIdentity or ErrPolicy
	Err           error  // of the piece that got furthest; nil when there was none
}

// Error is one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Digest, e.kind())
	if e.Authority != "" {
		fmt.Fprintf(&b, " (authority %q)", e.Authority)
	}
	switch {
	case e.Pieces > 1:
		fmt.Fprintf(&b, ": none of %d %ss is good, and of the best", e.Pieces, e.What)
	case e.Err == nil && e.Skipped > 0:
		b.WriteString(": nothing that could be read")
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Skipped > 0 {
		fmt.Fprintf(&b, "; %d more skipped", e.Skipped)
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// kind is the sentinel in words that fit what was looked for.
func (e *Error) kind() string {
	switch {
	case errors.Is(e.Kind, ErrNoAttestation) && e.PredicateType != "":
		return "no attestation of type " + quote(e.PredicateType)
	case errors.Is(e.Kind, ErrNoAttestation):
		return "no attestation"
	case errors.Is(e.Kind, ErrInvalid):
		return "the " + e.What + " is not valid"
	}
	return e.Kind.Error()
}

// Unwrap makes errors.Is tell the kind.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// failure is why one piece does not count.
type failure struct {
	kind  error
	cause error
}

func failf(kind error, format string, args ...any) *failure {
	return &failure{kind, fmt.Errorf(format, args...)}
}

// note counts a piece that failed, and keeps the reason of the one that got furthest.
func (e *Error) note(f *failure) {
	e.Pieces++
	if e.Pieces == 1 || rank(f.kind) > rank(e.Kind) {
		e.Kind, e.Err = f.kind, f.cause
	}
}

func rank(kind error) int {
	for i, k := range []error{ErrInvalid, ErrIdentity, ErrPolicy} {
		if errors.Is(kind, k) {
			return i + 1
		}
	}
	return 0
}
