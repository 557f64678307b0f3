package smoke

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a difference's excerpt.
const (
	contextLines = 2
	shownLines   = 5
	shownBytes   = 160 // of a line
)

// judge compares a cell with the first one and with the exit code expected.
func (c *Cell) judge(first *Cell, exitCode uint32) {
	differs := c.differs(first)
	c.Same = differs == ""
	switch {
	case c.Error != "":
	case c.ExitCode != exitCode:
		c.Error = fmt.Sprintf("exit code %d instead of %d", c.ExitCode, exitCode)
	case differs != "":
		c.Error = fmt.Sprintf("%s differs from %s", differs, first.Arch)
	}
	c.OK = c.Error == ""
}

// differs names the first thing that is not as in the first cell, and shows it.
func (c *Cell) differs(first *Cell) string {
	switch {
	case c == first:
		return ""
	case c.Stop != first.Stop || c.crashed != first.crashed:
		return "end"
	case c.Stdout.Digest != first.Stdout.Digest:
		c.Diff = excerpt(first, c, "stdout", first.Stdout.Data, c.Stdout.Data)
		return "stdout"
	case c.Stderr.Digest != first.Stderr.Digest:
		c.Diff = excerpt(first, c, "stderr", first.Stderr.Data, c.Stderr.Data)
		return "stderr"
	case c.ExitCode != first.ExitCode:
		return "exit code"
	default:
		return ""
	}
}

// excerpt shows the first lines that differ as a unified diff does, with a
// little before them.
func excerpt(first, c *Cell, stream string, a, b []byte) string {
	was, is := slices.Collect(strings.Lines(string(a))), slices.Collect(strings.Lines(string(b)))
	n := 0
	for n < len(was) && n < len(is) && was[n] == is[n] {
		n++
	}
	var s strings.Builder
	fmt.Fprintf(&s, "--- %s %s\n+++ %s %s\n", first.Arch, stream, c.Arch, stream)
	if n == len(was) && n == len(is) {
		fmt.Fprintf(&s, "@@ after the first %d bytes @@\n", captured)
		return s.String()
	}
	fmt.Fprintf(&s, "@@ line %d @@\n", n+1)
	show(&s, ' ', was[max(0, n-contextLines):n])
	show(&s, '-', was[n:])
	show(&s, '+', is[n:])
	return s.String()
}

func show(s *strings.Builder, mark byte, lines []string) {
	for i, line := range lines {
		if i == shownLines {
			fmt.Fprintf(s, "%c… %d more lines\n", mark, len(lines)-i)
			return
		}
		fmt.Fprintf(s, "%c%s\n", mark, printable(line))
	}
}

// printable cuts a line and quotes it when a terminal could not show it, or
// would obey it.
func printable(line string) string {
	line, ended := strings.CutSuffix(line, "\n")
	rest := ""
	if len(line) > shownBytes {
		rest = fmt.Sprintf("… %d more bytes", len(line)-shownBytes)
		line = line[:shownBytes]
	}
	plain := utf8.ValidString(line) && strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
	if !plain {
		line = fmt.Sprintf("%q", line)
	}
	if !ended {
		rest += " (no newline)"
	}
	return line + rest
}
