package registry

import (
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
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

// ManifestError is a manifest that a registry does not take, as the cause of an
// [*Error] of kind [ErrRejected]. Some registries know a list of media types and
// refuse all others.
type ManifestError struct {
	Descriptor ocispec.Descriptor
	// ConfigType is the media type of its config, empty for an index.
	ConfigType string
	// ArtifactType is the manifest's own artifactType, often empty.
	ArtifactType string
	// Err is what the registry said, an [*AnswerError], or nil.
	Err error
}

// Error implements error.
func (e *ManifestError) Error() string {
	var b strings.Builder
	if e.Err != nil {
		fmt.Fprintf(&b, "%v: ", e.Err)
	}
	fmt.Fprintf(&b, "manifest %s is of type %s", quoteless(e.Descriptor.Digest.String()), quoteless(e.Descriptor.MediaType))
	if e.ConfigType != "" {
		fmt.Fprintf(&b, " with a config of type %s", quoteless(e.ConfigType))
	}
	if e.ArtifactType != "" {
		fmt.Fprintf(&b, " and artifactType %s", quoteless(e.ArtifactType))
	}
	return b.String()
}

// Unwrap returns the registry's answer.
func (e *ManifestError) Unwrap() error { return e.Err }

// IsIndex reports whether the refused manifest is an index, of OCI or Docker.
func (e *ManifestError) IsIndex() bool { return isIndex(e.Descriptor.MediaType) }

// SizeError is a blob that is announced with more bytes than [CopyOptions] allow.
type SizeError struct {
	Descriptor ocispec.Descriptor
	Limit      int64 // in bytes
}

// Error implements error.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s of %d bytes is larger than the limit of %d", quoteless(e.Descriptor.Digest.String()), e.Descriptor.Size, e.Limit)
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
