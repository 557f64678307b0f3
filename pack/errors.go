package pack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
)

// ErrNoModule says that an image holds no WebAssembly module, or several and
// nothing that tells which one to start.
var ErrNoModule = errors.New("no WebAssembly module in the image")

// ChoiceError is an image with several modules, of which none was asked for, or
// one that is not there. It matches [ErrNoModule].
type ChoiceError struct {
	Wanted  string   // empty when none was asked for
	Modules []string // their names, at most as many as fit a message
}

func (e *ChoiceError) Error() string {
	const most = 8
	list := strings.Join(e.Modules[:min(len(e.Modules), most)], ", ")
	if len(e.Modules) > most {
		list += ", …"
	}
	if e.Wanted != "" {
		return fmt.Sprintf("no module %q in the image: it has %s", e.Wanted, list)
	}
	return fmt.Sprintf("%d modules in the image, and nothing says which one to start: %s", len(e.Modules), list)
}

// Is makes errors.Is(err, ErrNoModule) true.
func (e *ChoiceError) Is(target error) bool { return target == ErrNoModule }

// OptionError is an option that Universal, Image or LoadFiles refuses.
type OptionError struct {
	Field  string // as in Options: "Config.Env"
	Value  string
	Reason string // "is not an absolute path"
}

func (e *OptionError) Error() string { return fmt.Sprintf("%s: %q %s", e.Field, e.Value, e.Reason) }

// ModuleError is a module that a layout is not for: those who read that layout
// would refuse it.
type ModuleError struct {
	Layout string // one of the Layout constants
	Reason string // "it is a component"
}

func (e *ModuleError) Error() string {
	return fmt.Sprintf("the module does not fit the layout %s: %s", e.Layout, e.Reason)
}

// LimitError is content that is larger than this package accepts. The limits
// keep a hostile image from filling the memory.
type LimitError struct {
	What  string // "manifest sha256:…"
	Limit int64  // in bytes, or a number when What says so
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is larger than the limit of %d", e.What, e.Limit)
}

// DigestError is a blob whose bytes are not those that its descriptor
// promises: it was damaged, cut or replaced.
type DigestError struct {
	Want, Got         digest.Digest
	WantSize, GotSize int64
}

func (e *DigestError) Error() string {
	if e.WantSize != e.GotSize {
		return fmt.Sprintf("blob %s is corrupt: %d bytes are announced and %d came", e.Want, e.WantSize, e.GotSize)
	}
	return fmt.Sprintf("blob %s is corrupt: its bytes have the digest %s", e.Want, e.Got)
}

// InvalidError is a blob with the right digest and the wrong content.
type InvalidError struct {
	What   string // "manifest", "config", "layer"
	Digest digest.Digest
	Reason string
	Err    error // the cause, or nil
}

func (e *InvalidError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s %s: %s: %v", e.What, e.Digest, e.Reason, e.Err)
	}
	return fmt.Sprintf("%s %s: %s", e.What, e.Digest, e.Reason)
}

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Err }
