package ui

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Style is one of the few colours that wpk uses.
type Style string

// The theme: what each colour means.
const (
	Plain Style = ""
	Good  Style = "32" // green: passed, starts
	Bad   Style = "31" // red: failed, cannot
	Warn  Style = "33" // yellow: with a condition
	Faint Style = "2"  // what is secondary
	Bold  Style = "1"
)

// Paint wraps text in a style when color is true.
func Paint(color bool, style Style, text string) string {
	if !color || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Cell is one field of a table.
type Cell struct {
	Text  string
	Style Style
}

// Table writes rows in aligned columns, two spaces apart. Cells of the last
// column are not padded, and no line ends in a space.
func Table(w io.Writer, color bool, rows [][]Cell) error {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		last := lastFilled(row)
		for i, c := range row[:last+1] {
			out.WriteString(Paint(color, c.Style, c.Text))
			if i < last {
				out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.Text)+2))
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func lastFilled(row []Cell) int {
	last := len(row) - 1
	for last >= 0 && row[last].Text == "" {
		last--
	}
	return last
}

// Cells makes an unstyled row.
func Cells(texts ...string) []Cell {
	row := make([]Cell, len(texts))
	for i, t := range texts {
		row[i].Text = t
	}
	return row
}

// Printable makes foreign text safe to show: control characters, which could
// move a terminal's cursor or change its title, become their escaped form.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == utf8.RuneError || isBidi(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escape(r rune) string {
	const hex = "0123456789abcdef"
	return `\u` + string([]byte{hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15]})
}

// isBidi tells the characters that reorder text on screen.
func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
