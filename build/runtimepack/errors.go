package runtimepack

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoRecipe means that there is no recipe for the language.
var ErrNoRecipe = errors.New("no recipe")

// What a [FormatError] may wrap.
var (
	errDigest = errors.New("the bytes are not those that the provenance names")
	errAbsent = errors.New("it is not there")
)

// ABIError tells that a runtime is attached to programs in a way that this wpk does not know.
type ABIError struct {
	Language, Version string // "" when the pack does not say
	ABI               int    // the pack's
}

func (e *ABIError) Error() string {
	name := strings.TrimSpace(e.Language + " " + e.Version)
	return strings.TrimSpace(fmt.Sprintf("%s runtime pack has ABI %d, and this wpk wants ABI %d", name, e.ABI, ABI))
}

// FormatError tells that one of a pack's files, or what a recipe left, is not what it should be.
type FormatError struct {
	File string // its name in the pack's folder
	Err  error
}

func (e *FormatError) Error() string { return fmt.Sprintf("bad runtime pack: %s: %v", e.File, e.Err) }

// Unwrap returns the cause.
func (e *FormatError) Unwrap() error { return e.Err }

// MissingError tells which tools a recipe did not find on this machine.
type MissingError struct {
	Kind    string // "tool", "target", "sysroot" or "source"
	Name    string
	Purpose string
	Also    []string // further pieces that are missing
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("missing %s %q: %s", e.Kind, e.Name, e.Purpose)
	if len(e.Also) > 0 {
		s += "; also missing: " + strings.Join(e.Also, ", ")
	}
	return s
}
