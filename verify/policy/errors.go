package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/internal/strictyaml"
	"github.com/wpkdev/wpk/verify"
)

// Error tells what is wrong in a policy file, and where.
type Error = strictyaml.Error

// ErrLanguage is a condition in a language that this build leaves out; it comes with an [*Error].
var ErrLanguage = errors.New("this wpk has neither CUE nor Rego")

// LanguageError is a condition in CUE or Rego in a build without them.
type LanguageError struct {
	Where *Error
	Type  string // "cue" or "rego"
}

func (e *LanguageError) Error() string { return e.Where.Error() }

// Unwrap makes errors.Is tell [ErrLanguage].
func (e *LanguageError) Unwrap() []error { return []error{ErrLanguage, e.Where} }

// FailedError is an artifact that a policy in force keeps out, or that no policy is for. It is a [verify.ErrPolicy].
type FailedError struct {
	Report Report
}

func (e *FailedError) Error() string {
	name := e.Report.Reference
	if name == "" {
		name = e.Report.Digest
	}
	if e.Report.Message != "" {
		return fmt.Sprintf("%s: %s", name, e.Report.Message)
	}
	var why []string
	for _, p := range e.Report.Policies {
		if p.Outcome == Fail {
			why = append(why, fmt.Sprintf("policy %q: %s", p.Name, p.firstFailure()))
		}
	}
	return fmt.Sprintf("%s: %v: %s", name, verify.ErrPolicy, strings.Join(why, "; "))
}

// Unwrap makes errors.Is tell [verify.ErrPolicy].
func (e *FailedError) Unwrap() error { return verify.ErrPolicy }

// Warning is something that a cluster takes differently, or not at all.
type Warning struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}
