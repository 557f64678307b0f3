package engine

import (
	"fmt"
	"io"
	"sync"
)

// output counts what a module writes to stdout and stderr together.
type output struct {
	mu     sync.Mutex
	left   int64
	closed bool
	limit  int64
	direct bool
	stop   func(*stopError)
}

func newOutput(s *Spec, stop func(*stopError)) *output {
	limit := s.Limits.Output
	return &output{left: limit, limit: limit, direct: s.Real && limit < 0, stop: stop}
}

// stream returns what the module writes to instead of w. Without a limit, in
// the real world, it is w itself, so that the module sees a terminal.
func (o *output) stream(w io.Writer) io.Writer {
	switch {
	case w == nil:
		w = io.Discard
	case o.direct:
		return w
	}
	return &stream{output: o, to: w}
}

// close makes all streams drop what still comes.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

type stream struct {
	output *output
	to     io.Writer
}

// Write passes on what fits. One byte more ends the run.
func (s *stream) Write(p []byte) (int, error) {
	o := s.output
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, io.ErrClosedPipe
	}
	if o.limit >= 0 && int64(len(p)) > o.left {
		n, _ := s.to.Write(p[:o.left])
		o.left, o.closed = 0, true
		o.stop(&stopError{StopOutput, fmt.Sprintf("wrote more than %d bytes", o.limit)})
		return n, io.ErrShortWrite
	}
	n, err := s.to.Write(p)
	o.left -= int64(n)
	return n, err
}
