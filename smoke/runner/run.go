package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
)

// overtime is how much longer than its limit an emulated run may take until it
// is killed: the runner keeps the limit by itself, unless it hangs.
const overtime = 10 * time.Second

// ErrOvertime is the cause of a CrashError when the run was killed, since it did
// not keep its time limit.
var ErrOvertime = errors.New("killed, since it did not keep its time limit")

// Program is a runner and the emulator that runs it.
type Program struct {
	Emulator string
	Runner   string
	// OneCPU keeps the emulated process on one processor, on linux. Under
	// qemu-i386 7 threads share the table of their local storage, and two that
	// start at the same moment take each other's: four of 600 runs crashed so,
	// and none on one processor.
	OneCPU bool
}

// Streams are the module's.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// CrashError says that the runner, or its emulator, ended without an answer.
type CrashError struct {
	Err    error
	Stderr string // the last that it wrote to stderr
}

func (e *CrashError) Error() string {
	first, _, _ := strings.Cut(strings.TrimSpace(e.Stderr), "\n")
	return strings.TrimSuffix(fmt.Sprintf("the emulated runner ended without an answer: %v: %s", e.Err, first), ": ")
}

func (e *CrashError) Unwrap() error { return e.Err }

// Run runs the request's module in an emulated process, which does not outlive
// the call nor, on linux, this process. dir is a private folder for the request.
func (p Program) Run(ctx context.Context, dir string, q engine.Request, s Streams) (engine.Response, error) {
	path := filepath.Join(dir, "request.json")
	b, err := json.Marshal(q)
	if err != nil {
		return engine.Response{}, err
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return engine.Response{}, err
	}
	if q.Limits.Time <= 0 {
		return p.start(ctx, path, s)
	}
	limited, release := context.WithTimeout(ctx, q.Limits.Time+overtime)
	defer release()
	response, err := p.start(limited, path, s)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = &CrashError{Err: ErrOvertime}
	}
	return response, err
}

func (p Program) start(ctx context.Context, request string, s Streams) (engine.Response, error) {
	answer, theirs, err := os.Pipe()
	if err != nil {
		return engine.Response{}, err
	}
	defer func() { _ = answer.Close() }()
	last := &tail{max: 1 << 10}
	cmd := exec.CommandContext(ctx, p.Emulator, p.Runner, request)
	// Asynchronous preemption works by signals, whose return breaks 386
	// programs with threads under qemu 7. Without it the time limit needs a
	// second thread to run on, also where there is one processor.
	cmd.Env = []string{"GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Stdin, s.Stdout, io.MultiWriter(s.Stderr, last)
	cmd.ExtraFiles = []*os.File{theirs} // engine.ResultFD
	cmd.WaitDelay = time.Second
	bind(cmd)

	// What ends with the parent ends, on linux, with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if p.OneCPU {
		defer oneCPU()() // a process starts with its thread's processors
	}
	err = cmd.Start()
	_ = theirs.Close()
	if err != nil {
		return engine.Response{}, err
	}
	response, readErr := engine.DecodeResponse(answer)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return engine.Response{}, ctx.Err()
	case err != nil:
		return engine.Response{}, &CrashError{Err: err, Stderr: last.String()}
	case readErr != nil:
		return engine.Response{}, &CrashError{Err: readErr, Stderr: last.String()}
	}
	return response, nil
}

// tail keeps the end of what is written.
type tail struct {
	max int
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - t.max; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }
