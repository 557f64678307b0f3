package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Request is what the runner is asked to do, as JSON. The module's stdin,
// stdout and stderr are the runner's own.
type Request struct {
	Module string   `json:"module"` // path of the module's file
	Digest string   `json:"digest"` // sha256:… which that file must have
	Args   []string `json:"args,omitempty"`
	Env    []string `json:"env,omitempty"`
	Dirs   []Dir    `json:"dirs,omitempty"`
	Limits Limits   `json:"limits"`
	Mode   Mode     `json:"mode,omitempty"`
	Real   bool     `json:"real,omitempty"`
}

// Response is what the runner answers, as JSON.
type Response struct {
	Arch    string   `json:"arch"`   // Go's name of the architecture that ran it
	Digest  string   `json:"digest"` // of the bytes that ran
	Result  Result   `json:"result"`
	Failure *Failure `json:"failure,omitempty"` // instead of Result
}

// Failure carries an error of Run from the runner to wpk.
type Failure struct {
	Kind    string       `json:"kind,omitempty"` // names the sentinel
	Message string       `json:"message"`
	Import  *ImportError `json:"import,omitempty"`
}

// maxRequest bounds the runner's input and its answer.
const maxRequest = 16 << 20

// Digest returns the SHA-256 digest of b as OCI writes it.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// DecodeRequest reads one Request. Unknown fields are an error, so that a
// runner of another version does not silently do less than it is asked to.
func DecodeRequest(r io.Reader) (Request, error) {
	var q Request
	if err := decode(r, &q); err != nil {
		return Request{}, fmt.Errorf("request: %w", err)
	}
	if q.Module == "" || q.Digest == "" {
		return Request{}, errors.New("request: names no module or no digest")
	}
	return q, nil
}

// DecodeResponse reads one Response.
func DecodeResponse(r io.Reader) (Response, error) {
	var p Response
	if err := decode(r, &p); err != nil {
		return Response{}, fmt.Errorf("answer of the runner: %w", err)
	}
	return p, nil
}

func decode(r io.Reader, into any) error {
	d := json.NewDecoder(io.LimitReader(r, maxRequest))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// sentinels are the errors that keep their identity between two processes.
func sentinels() map[string]error {
	return map[string]error{
		"not-wasm":    ErrNotWasm,
		"component":   ErrComponent,
		"too-large":   ErrTooLarge,
		"no-entry":    ErrNoEntry,
		"no-compiler": ErrNoCompiler,
		"cache":       ErrCache,
		"digest":      ErrDigest,
	}
}

// newFailure is nil for nil.
func newFailure(err error) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{Message: err.Error()}
	errors.As(err, &f.Import)
	for kind, sentinel := range sentinels() {
		if errors.Is(err, sentinel) {
			f.Kind = kind
		}
	}
	return f
}

// Err returns the error again: an *ImportError, or one that wraps its sentinel.
func (f *Failure) Err() error {
	switch {
	case f == nil:
		return nil
	case f.Import != nil:
		return f.Import
	default:
		return &remoteError{f.Message, sentinels()[f.Kind]}
	}
}

// remoteError has the text of an error in another process and its sentinel, or nil.
type remoteError struct {
	message  string
	sentinel error
}

func (e *remoteError) Error() string { return e.message }
func (e *remoteError) Unwrap() error { return e.sentinel }
