package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// grace is how long Run waits, after the end of its context, for what cannot be
// interrupted: one huge function being compiled, or a read from a terminal.
const grace = 200 * time.Millisecond

// Run runs the module to its end or until a limit or ctx stops it. Whatever
// the module did is in the Result; an error means that it could not run at
// all: ErrNotWasm, ErrComponent, ErrTooLarge, ErrNoEntry, ErrNoCompiler,
// *ImportError, *fs.PathError of a directory, or ctx's own error.
//
// Limits.Time bounds compiling too. A single function of many megabytes cannot
// be interrupted while it is compiled, nor can a read from a terminal: then Run
// returns in time, and the goroutine ends when that step does, without running
// or writing anything more.
func Run(ctx context.Context, s Spec) (Result, error) {
	s.Limits = s.Limits.withDefaults()
	if err := check(s.Module, s.Limits.ModuleSize); err != nil {
		return Result{}, err
	}
	running, release := newSession(ctx, s)
	defer release()

	ended := make(chan outcome, 1)
	go func() { ended <- running.run() }()
	select {
	case o := <-ended:
		return running.conclude(ctx, o)
	case <-running.ctx.Done():
	}
	select {
	case o := <-ended:
		return running.conclude(ctx, o)
	case <-time.After(grace):
		running.out.close()
		return running.conclude(ctx, outcome{result: Result{Engine: string(running.mode)}})
	}
}

// outcome is what a session's goroutine hands back. fault is what the module's
// own function ended with, err what kept it from running.
type outcome struct {
	result Result
	fault  error
	err    error
}

// stopError is the cause with which a limit cancels a session's context.
type stopError struct {
	stop   Stop
	detail string
}

func (e *stopError) Error() string { return e.detail }

// session is one call of Run.
type session struct {
	spec   Spec
	mode   Mode // never Auto
	ctx    context.Context
	stop   func(*stopError)
	out    *output
	memory *memory
}

func newSession(ctx context.Context, s Spec) (*session, context.CancelFunc) {
	release := context.CancelFunc(func() {})
	if t := s.Limits.Time; t > 0 {
		over := &stopError{StopTime, fmt.Sprintf("ran longer than %s", t)}
		ctx, release = context.WithTimeoutCause(ctx, t, over)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	n := &session{spec: s, mode: s.Engine.Mode.resolve(), ctx: ctx}
	n.stop = func(why *stopError) { cancel(why) }
	n.out = newOutput(&n.spec, n.stop)
	n.memory = &memory{max: uint64(s.Limits.MemoryPages) * pageSize}
	return n, func() { cancel(context.Canceled); release() }
}

// run does everything, and turns wazero's panics into errors: the module is
// foreign, and no input may take the process down.
func (n *session) run() (o outcome) {
	o.result.Engine = string(n.mode)
	defer func() {
		if p := recover(); p != nil {
			o.fault = fmt.Errorf("the engine failed: %v\n%s", p, debug.Stack())
		}
	}()
	host, err := newHost(n)
	if err != nil {
		o.err = err
		return o
	}
	defer host.close()

	start := time.Now()
	watched := n.watchHeap()
	entry, err := host.compile()
	watched()
	o.result.Compile = time.Since(start)
	if err != nil {
		o.err = err
		return o
	}
	if entry == entryReactor {
		o.result.Detail = "a reactor: only _initialize ran"
	}
	start = time.Now()
	o.fault = host.call(entry)
	o.result.Run = time.Since(start)
	return o
}

// conclude tells apart why a session ended. A limit that was exceeded comes
// first, whatever the module made of it.
func (n *session) conclude(ctx context.Context, o outcome) (Result, error) {
	var limit *stopError
	switch {
	case errors.As(context.Cause(n.ctx), &limit):
		o.result.Stop, o.result.Detail = limit.stop, limit.detail
		return o.result, nil
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case o.err != nil:
		return Result{}, o.err
	}
	o.result.end(o.fault, n.memory)
	return o.result, nil
}
