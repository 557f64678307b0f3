package build

import (
	"context"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// Runtimes finds runtime packs: for an interpreted language, the interpreter as a WebAssembly module and its library.
type Runtimes interface {
	// Runtime returns the pack for a language, LanguagePython or LanguageJavaScript. It may fetch it first.
	Runtime(ctx context.Context, language string) (*runtimepack.Pack, error)
}
