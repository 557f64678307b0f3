package build

import (
	"context"
	"errors"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// Runtimes finds runtime packs: for an interpreted language, the interpreter as a WebAssembly module and its library.
type Runtimes interface {
	// Runtime returns the pack for a language, LanguagePython or LanguageJavaScript. It may fetch it first.
	Runtime(ctx context.Context, language string) (*runtimepack.Pack, error)
}

// RuntimePack makes a runtime pack with the compilers of this machine, see [runtimepack.Build]. The recipe runs as every
// tool does, in a process group of its own. What it lacks is a *[MissingError], and its failure a *[ToolError].
func RuntimePack(ctx context.Context, o runtimepack.BuildOptions) (*runtimepack.Pack, error) {
	if o.Exec == nil {
		o.Exec = runRecipe
	}
	p, err := runtimepack.Build(ctx, o)
	var missing *runtimepack.MissingError
	if errors.As(err, &missing) {
		also := missing.Also
		if missing.Name == "clang" { // of no use alone
			also = append(also, pieceLibc, pieceLinker, pieceBuiltins)
		}
		return nil, &MissingError{Kind: missing.Kind, Name: missing.Name, Purpose: missing.Purpose, Also: also}
	}
	return p, err
}

func runRecipe(ctx context.Context, c runtimepack.Command) error {
	shell, err := processes{}.LookPath(c.Args[0], c.Env)
	if err != nil {
		return &MissingError{Kind: KindTool, Name: c.Args[0], Purpose: "runs the recipes of runtime packs"}
	}
	return processes{}.Run(ctx, Command{Path: shell, Args: c.Args[1:], Dir: c.Dir, Env: c.Env, Stdout: c.Output, Stderr: c.Output})
}
