package strictyaml

import "fmt"

// Error tells what is wrong in a file, and where.
type Error struct {
	File         string // the file's path
	Line, Column int    // from 1; 0 when the whole file is meant
	Problem      string // one line
	Nearest      string // the known key that an unknown one is most like; "" when none is
}

func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Column > 0 {
		s += fmt.Sprintf(":%d", e.Column)
	}
	return s + ": " + e.Problem
}
