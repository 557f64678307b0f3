package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// ResultFD is the file descriptor to which the runner writes its Response: the
// first one after the standard streams, a pipe that its parent made.
const ResultFD = 3

// runnerHeap is how much memory the runner takes before it collects garbage
// for the first time. Collecting is dear under an emulator and the process
// short-lived.
const runnerHeap = 512 << 20

// RunnerMain is the whole of cmd/wpk-runner. args is argv without the program:
// the path of a Request. It runs the module on the given streams and writes a
// Response to the file descriptor ResultFD. The exit code is 0 when there is a
// Response, whatever it says.
func RunnerMain(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(runnerHeap)
	if len(args) != 1 {
		_, _ = fmt.Fprintln(stderr, "usage: wpk-runner REQUEST.json 3>RESPONSE.json")
		return 2
	}
	response := serve(args[0], stdin, stdout, stderr)
	pipe := os.NewFile(ResultFD, "response")
	if err := json.NewEncoder(pipe).Encode(response); err != nil {
		_, _ = fmt.Fprintln(stderr, "wpk-runner:", err)
		return 1
	}
	return 0
}

// serve answers the request in a file.
func serve(path string, stdin io.Reader, stdout, stderr io.Writer) Response {
	response := Response{Arch: runtime.GOARCH}
	spec, err := load(path)
	if err == nil {
		response.Digest = Digest(spec.Module)
		spec.Stdin, spec.Stdout, spec.Stderr = stdin, stdout, stderr
		response.Result, err = Run(context.Background(), spec)
	}
	response.Failure = newFailure(err)
	return response
}

// load reads a request and its module, and checks that it is the one meant.
func load(path string) (Spec, error) {
	file, err := os.Open(path)
	if err != nil {
		return Spec{}, err
	}
	defer func() { _ = file.Close() }()
	q, err := DecodeRequest(file)
	if err != nil {
		return Spec{}, err
	}
	module, err := os.ReadFile(q.Module)
	if err != nil {
		return Spec{}, err
	}
	if got := Digest(module); got != q.Digest {
		return Spec{}, fmt.Errorf("%w: %s instead of %s", ErrDigest, got, q.Digest)
	}
	return Spec{
		Module: module, Args: q.Args, Env: q.Env, Dirs: q.Dirs,
		Limits: q.Limits, Engine: Engine{Mode: q.Mode}, Real: q.Real,
	}, nil
}
