package policy

import (
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// scope is one document while it is checked: it knows where each of its values stands.
type scope struct {
	places   map[string]strictyaml.Place
	warnings *[]Warning
}

// place is where the value of a path stands; of one that is missing, that of what it would be in.
func (s scope) place(path string) strictyaml.Place {
	for {
		if p, ok := s.places[path]; ok {
			return p
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return s.places[""]
		}
		path = path[:cut]
	}
}

func (s scope) errorf(path, format string, args ...any) *Error {
	p := s.place(path)
	return &Error{Line: p.Line, Column: p.Column, Problem: path + ": " + fmt.Sprintf(format, args...)}
}

func (s scope) warnf(path, format string, args ...any) {
	p := s.place(path)
	*s.warnings = append(*s.warnings, Warning{Line: p.Line, Column: p.Column, Text: path + ": " + fmt.Sprintf(format, args...)})
}

// oneOf checks a word against those that are known, and names the nearest.
func (s scope) oneOf(path, given string, known ...string) error {
	for _, k := range known {
		if given == k {
			return nil
		}
	}
	wrong := s.errorf(path, "want %s, not %q", strings.Join(known, " or "), given)
	if given == "" {
		wrong = s.errorf(path, "is missing: want %s", strings.Join(known, " or "))
	}
	wrong.Nearest = strictyaml.Nearest(given, known)
	return wrong
}
