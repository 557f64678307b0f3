package build

import (
	"context"
	"errors"
	"io"
	"slices"
)

// Cause is a known reason for a tool's failure, recognised in what the tool said.
type Cause struct {
	Kind    CauseKind
	Subject string // what it is about: a symbol, a library, a package; "" when the kind says it all
}

// CauseKind tells the causes apart.
type CauseKind string

// The kinds of causes.
const (
	CauseSockets    CauseKind = "sockets"    // socket calls, which WASI preview 1 has for accepted connections only; Subject is the call
	CauseThreads    CauseKind = "threads"    // threads, which WASI preview 1 does not have; Subject is the call
	CauseProcesses  CauseKind = "processes"  // fork, exec, system or pipes to other programs; Subject is the call
	CauseSetjmp     CauseKind = "setjmp"     // setjmp and longjmp
	CauseExceptions CauseKind = "exceptions" // C++ exceptions
	CauseEmulation  CauseKind = "emulation"  // calls that wasi-libc emulates in libraries of their own; Subject names them: "signal,mman"
	CauseLoading    CauseKind = "loading"    // dlopen, since there are no shared libraries; Subject is the call
	CauseExecution  CauseKind = "execution"  // the build starts a program that it has just compiled; Subject is the program
	CauseSystem     CauseKind = "system"     // what WASI has nothing like: users, terminals, temporary files, timers; Subject is the call
	CauseDependency CauseKind = "dependency" // a dependency that does not build for WASI; Subject is its name
	CauseOldTool    CauseKind = "old-tool"   // a project for a newer compiler; Subject is the compiler and the version, as far as known
	CauseDownload   CauseKind = "download"   // a dependency that is not there and cannot be downloaded; Subject is its name, if known
)

// tailSize bounds what is kept of a tool's output to recognise causes in: the errors of a build that runs many
// compilers at once end up near its end.
const tailSize = 256 << 10

// run runs a tool whose output the caller sees as it comes. When the tool fails, recognise looks for causes in what it
// said last.
func (j *job) run(ctx context.Context, c Command, recognise func(said string) []Cause) error {
	return j.runTo(ctx, j.Output, c, recognise)
}

// runTo is run with another output.
func (j *job) runTo(ctx context.Context, out io.Writer, c Command, recognise func(said string) []Cause) error {
	said := &tail{w: out}
	c.Stdout, c.Stderr = said, said
	err := j.Exec.Run(ctx, c)
	var failed *ToolError
	if errors.As(err, &failed) && recognise != nil {
		for _, cause := range recognise(string(said.last)) {
			if !slices.Contains(failed.Causes, cause) {
				failed.Causes = append(failed.Causes, cause)
			}
		}
	}
	return err
}

// A tail passes everything on and remembers the end of it.
type tail struct {
	w    io.Writer
	last []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if len(t.last) > 2*tailSize {
		t.last = append(t.last[:0], t.last[len(t.last)-tailSize:]...)
	}
	return t.w.Write(p)
}
