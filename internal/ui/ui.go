// Package ui is how wpk speaks to a person: streams that know whether they
// are terminals, one status line, tables, and sizes and times in words.
//
// Results go to Out, everything else to Err. Nothing in here decides what is
// said, only how: with colours and a moving status line on a terminal, as
// plain lines without timestamps elsewhere, and with nothing at all when
// Quiet is set.
package ui

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Streams are the standard streams of one wpk process, injected so that tests
// need no process.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer

	// Live is true when Err is a terminal that can redraw a line.
	Live bool
	// Color is true when Err may be coloured; OutColor is the same for Out.
	Color, OutColor bool
	// Width is the terminal's width in columns, 80 when unknown.
	Width int
	// Quiet drops everything but results and errors.
	Quiet bool

	mu     sync.Mutex
	status string
}

// System returns the process's own streams. The environment decides about
// colour: NO_COLOR (https://no-color.org) and TERM=dumb switch it off.
func System(getenv func(string) string) *Streams {
	s := &Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Width: 80}
	plain := getenv("NO_COLOR") != ""
	dumb := getenv("TERM") == "dumb"
	s.Live = isTerminal(os.Stderr) && !dumb
	s.Color = s.Live && !plain
	s.OutColor = isTerminal(os.Stdout) && !dumb && !plain
	if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 20 {
		s.Width = w
	}
	return s
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// Say prints one line of progress that stays.
func (s *Streams) Say(format string, args ...any) {
	if s.Quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprintf(s.Err, format+"\n", args...)
	s.draw()
}

// Status replaces the status line, which only a terminal shows. An empty text
// removes it.
func (s *Streams) Status(format string, args ...any) {
	if s.Quiet || !s.Live {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.status = fmt.Sprintf(format, args...)
	s.draw()
}

// Write passes a tool's own output on to Err, above the status line. It is
// what a compiler's streams are connected to.
func (s *Streams) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	n, err := s.Err.Write(p)
	if n > 0 && p[n-1] == '\n' {
		s.draw()
	}
	return n, err
}

// clear and draw are called with mu held.
func (s *Streams) clear() {
	if s.status != "" {
		io.WriteString(s.Err, "\r\x1b[K")
	}
}

func (s *Streams) draw() {
	if s.status == "" {
		return
	}
	text := []rune(s.status)
	if len(text) >= s.Width {
		text = text[:s.Width-1]
	}
	io.WriteString(s.Err, string(text))
}
