package policy

import (
	"strings"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// text is the file itself, for what lies within a text of it: an annotation in YAML, a policy in CUE.
type text struct{ lines []string }

func newText(data []byte) *text { return &text{strings.Split(string(data), "\n")} }

// within is what must be added to a line and a column of a text that stands as a block ("|") at a place, to have those
// of the file. For a text in another form ok is false.
func (t *text) within(at strictyaml.Place) (lines, columns int, ok bool) {
	if at.Line < 1 || at.Line >= len(t.lines) {
		return 0, 0, false
	}
	head := t.lines[at.Line-1]
	if at.Column < 1 || at.Column > len(head) || head[at.Column-1] != '|' {
		return 0, 0, false
	}
	for _, line := range t.lines[at.Line:] {
		if trimmed := strings.TrimLeft(line, " "); strings.TrimSpace(trimmed) != "" {
			return at.Line, len(line) - len(trimmed), true
		}
	}
	return at.Line, 0, true
}

// decode reads a text that is YAML itself.
func (t *text) decode(s scope, path, value string, v any) (scope, error) {
	inner := scope{places: map[string]strictyaml.Place{}, warnings: s.warnings}
	d := strictyaml.Decoder{Places: inner.places}
	at := s.place(path)
	lines, columns, block := t.within(at)
	d.Offset, d.Indent = lines, columns
	err := d.Unmarshal([]byte(value), v)
	if block {
		return inner, t.name(path, err)
	}
	for k := range inner.places {
		inner.places[k] = at
	}
	if wrong, is := err.(*Error); is { //nolint:errorlint // just made, and not wrapped
		wrong.Line, wrong.Column = at.Line, at.Column
	}
	return inner, t.name(path, err)
}

// name says in which text an error is.
func (t *text) name(path string, err error) error {
	if wrong, is := err.(*Error); is { //nolint:errorlint // just made, and not wrapped
		wrong.Problem = path + ": " + wrong.Problem
	}
	return err
}
