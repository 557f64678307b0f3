package ui

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// ErrNoTerminal is a question where there is nobody to answer it.
var ErrNoTerminal = errors.New("there is no terminal to ask at")

// Interactive reports whether there is a person at both ends: to read what is asked, and to answer.
func (s *Streams) Interactive() bool {
	in, isFile := s.In.(*os.File)
	errs, alsoFile := s.Err.(*os.File)
	return isFile && alsoFile && isTerminal(in) && isTerminal(errs)
}

// Secret asks for a line that is not shown. Without a terminal it is [ErrNoTerminal], and nothing is read.
func (s *Streams) Secret(question string) ([]byte, error) {
	in, ok := s.In.(*os.File)
	if !ok || !s.Interactive() {
		return nil, ErrNoTerminal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprint(s.Err, question+": ")
	line, err := term.ReadPassword(int(in.Fd()))
	io.WriteString(s.Err, "\n")
	s.draw()
	return line, err
}
