package inspect

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Picture is what a treemap shows.
type Picture struct {
	Title  string // the reference or file
	Total  int64  // of the file, in bytes
	Sizes  *Sizes
	Bytes  func(int64) string // a size in words
	Width  int                // in pixels; 0 = 1280
	Height int                // in pixels; 0 = 800
}

// The measures of a picture, in tenths of a pixel.
const (
	border    = 20
	strip     = 170 // of a frame's name
	header    = 420
	charWidth = 66 // of the font at its size, on average
	boldWidth = 74
	minText   = 260
	maxText   = 120 // characters
	minCell   = 12
)

// WriteSVG writes a treemap as an image that needs nothing beside itself. The
// same sizes give the same bytes.
func WriteSVG(w io.Writer, p Picture) error {
	b := bufio.NewWriter(w)
	p.svg(b, true)
	return b.Flush()
}

func (p Picture) svg(w io.Writer, alone bool) {
	width, height := p.Width, p.Height
	if width <= 0 {
		width = 1280
	}
	if height <= 0 {
		height = 800
	}
	if alone {
		fmt.Fprintln(w, `<?xml version="1.0" encoding="UTF-8"?>`)
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		width, height, width, height, text("sizes of "+p.Title, maxText))
	fmt.Fprint(w, `<style>text{font:11px system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;fill:#1f2933;pointer-events:none}`+
		`.t{font-size:16px;font-weight:600}.s{font-size:13px;fill:#52606d}.f{font-weight:600}rect{stroke:#fff;stroke-width:1}.c:hover{stroke:#1f2933}</style>`+"\n")
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	all := rect{0, 0, int64(width) * 10, int64(height) * 10}
	title := text(p.Title, 90)
	fmt.Fprintf(w, `<text class="t" x="8" y="26">%s<tspan class="s" dx="12" font-weight="400">%s</tspan></text>`+"\n", title, text(p.Bytes(p.Total), maxText))
	p.children(w, tree(p.Title, p.Total, p.Sizes), all.inset(60, header), 0)
	fmt.Fprintln(w, `</svg>`)
}

// children draws the parts of a node into a rectangle.
func (p Picture) children(w io.Writer, n node, r rect, depth int) {
	sizes := make([]int64, 0, len(n.nodes))
	var shown []node
	for _, c := range n.nodes {
		if c.size > 0 {
			sizes, shown = append(sizes, c.size), append(shown, c)
		}
	}
	for i, at := range squarify(sizes, r) {
		p.draw(w, shown[i], at, depth)
	}
}

// draw draws one part: a cell, or a frame with a name on top and parts below.
func (p Picture) draw(w io.Writer, n node, r rect, depth int) {
	if r.w < minCell || r.h < minCell {
		return
	}
	detail := n.detail
	if detail == "" {
		detail = n.name
	}
	label := n.name + " " + p.Bytes(n.size)
	frame := len(n.nodes) > 0 && r.w > 2*minText && r.h > 3*strip
	weight, letter := "", charWidth
	if frame {
		weight, letter = ` class="f"`, boldWidth
	}
	fmt.Fprintf(w, `<g><title>%s: %s</title><rect class="c" x="%s" y="%s" width="%s" height="%s" fill="%s"/>`,
		text(detail, 4*maxText), text(p.Bytes(n.size), maxText), px(r.x), px(r.y), px(r.w), px(r.h), n.color)
	if most := int(r.w-2*border) / letter; r.w >= minText && r.h >= strip && most > 2 {
		if utf8.RuneCountInString(label) > most {
			label = n.name
		}
		fmt.Fprintf(w, `<text%s x="%s" y="%s">%s</text>`, weight, px(r.x+border+20), px(r.y+125), text(label, most))
	}
	fmt.Fprintln(w, `</g>`)
	if frame {
		p.children(w, n, r.inset(border, strip), depth+1)
	}
}

// px is a length in pixels.
func px(tenths int64) string {
	if tenths%10 == 0 {
		return fmt.Sprint(tenths / 10)
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// text makes foreign text safe for XML and HTML, and at most so many characters
// long.
func text(s string, most int) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if runes := []rune(clean); len(runes) > most {
		clean = string(runes[:max(0, most-1)]) + "…"
	}
	return html.EscapeString(clean)
}
