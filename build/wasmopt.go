package build

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
)

// pieceWasmOpt is Binaryen's optimizer, as [MissingError] names it.
const pieceWasmOpt = "wasm-opt"

// A wasmOpt optimizes core modules: https://github.com/WebAssembly/binaryen
type wasmOpt struct {
	*job
	path    string
	version string
}

func findWasmOpt(ctx context.Context, j *job) (*wasmOpt, error) {
	path, err := j.Exec.LookPath(pieceWasmOpt, j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: pieceWasmOpt, Purpose: "optimizes modules"}
	}
	out, err := output(ctx, j.Exec, Command{Path: path, Args: []string{"--version"}, Dir: j.work, Env: j.Env})
	if err != nil {
		return nil, err
	}
	w := &wasmOpt{job: j, path: path}
	if words := strings.Fields(out); len(words) > 2 { // "wasm-opt version 108", with the commit behind
		w.version = words[2]
	}
	return w, nil
}

// featureSteps are what wasm-opt is told that a module may use, one attempt after the other. It knows the features of a
// module that names them in its section target_features, as those of LLVM do. Go's modules and those that were stripped
// name none, and wasm-opt refuses what it was not told. All features at once would let it use some that the module does
// without, and with them fewer engines would run it.
func featureSteps() [][]string {
	steps := [][]string{
		{}, // as the module says
		{"--enable-mutable-globals", "--enable-sign-ext", "--enable-nontrapping-float-to-int", "--enable-bulk-memory"}, // Go
		{"--enable-multivalue", "--enable-reference-types", "--enable-simd"},                                           // the rest of WebAssembly 2.0
		{"--enable-extended-const", "--enable-tail-call", "--enable-exception-handling", "--enable-threads"},
	}
	for i := 1; i < len(steps); i++ {
		steps[i] = slices.Concat(steps[i-1], steps[i])
	}
	return steps
}

// run returns the optimized module. What wasm-opt says counts only when no attempt succeeds.
func (w *wasmOpt) run(ctx context.Context, module []byte) ([]byte, error) {
	in, out := w.job.path("unoptimized.wasm"), w.job.path("optimized.wasm")
	if err := os.WriteFile(in, module, 0o600); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	var failed *ToolError
	for _, features := range featureSteps() {
		said.Reset()
		err := w.Exec.Run(ctx, Command{Path: w.path, Args: w.arguments(in, out, features), Dir: w.work, Env: w.Env, Stdout: &said, Stderr: &said})
		if err == nil {
			return os.ReadFile(out)
		}
		if !errors.As(err, &failed) {
			return nil, err
		}
	}
	_, _ = w.Output.Write(said.Bytes())
	return nil, failed
}

func (w *wasmOpt) arguments(in, out string, features []string) []string {
	args := []string{in, "-o", out, "-Oz"}
	if w.Optimize.Level == OptimizeSpeed {
		args[3] = "-O3"
	}
	args = append(args, "--strip-dwarf") // it names places in the code that are no longer there
	if !w.Optimize.Strip {
		args = append(args, "-g") // keeps the names of functions
	}
	return append(args, features...)
}
