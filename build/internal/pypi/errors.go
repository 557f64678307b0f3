package pypi

import (
	"errors"
	"fmt"
	"strings"
)

// What a [DistributionError] wraps.
var (
	// ErrNative: the distribution comes with native code only.
	ErrNative = errors.New("has native code")
	// ErrSourceOnly: the distribution has no wheel; making one would run its own programs.
	ErrSourceOnly = errors.New("is offered as source only")
	// ErrUnknown: nobody offers a distribution of that name.
	ErrUnknown = errors.New("no such distribution")
	// ErrNoVersion: no version on offer fulfils the requirements.
	ErrNoVersion = errors.New("no version fits")
	// ErrDigest: bytes that are not those that the index, the lock or the requirement names.
	ErrDigest = errors.New("the digest is wrong")
	// ErrNotLocked: the lock file lacks what the project requires.
	ErrNotLocked = errors.New("the lock file does not fit the requirements")
	// ErrMalformed: a wheel or its metadata cannot be read.
	ErrMalformed = errors.New("cannot be read")
)

// DistributionError tells which distribution cannot be used, and why.
type DistributionError struct {
	Name    string   // as the index has it
	Version string   // "" when it is about the name
	By      []string // who wants it, the nearest first: "rich 13.0", "requirements.txt:3"
	Err     error    // one of the errors above
	Detail  string   // more about it; may be empty
	Pure    string   // for ErrNative and ErrSourceOnly: the newest version with a pure-Python wheel; "" when there is none
}

func (e *DistributionError) Error() string {
	s := e.Name
	if e.Version != "" {
		s += " " + e.Version
	}
	if len(e.By) > 0 {
		s += " (wanted by " + strings.Join(e.By, ", by ") + ")"
	}
	s += ": " + e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *DistributionError) Unwrap() error { return e.Err }

// FileError tells of a line or a key in one of the project's files that cannot be used.
type FileError struct {
	File string // as the user would name it
	Line int    // 0 when there is none
	Text string // what is wrong
	Err  error  // the cause; may be nil
}

func (e *FileError) Error() string {
	s := e.File
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	s += ": " + e.Text
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FileError) Unwrap() error { return e.Err }

// IndexError tells that a package index, or a file that it names, cannot be had.
type IndexError struct {
	URL    string // without credentials
	Status int    // of the answer; 0 without one
	Err    error  // why there was no answer, or what is wrong with it; nil when Status says it all
}

func (e *IndexError) Error() string {
	if e.Err != nil {
		return e.URL + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s: status %d", e.URL, e.Status)
}

func (e *IndexError) Unwrap() error { return e.Err }
