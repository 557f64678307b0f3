package inspect

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
)

// How many rows the tables below a picture have.
const tableRows = 40

// WriteHTML writes a page with the treemap and tables of the largest parts. It
// loads nothing and runs no script.
func WriteHTML(w io.Writer, p Picture) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>%s</title>
<style>
body{margin:0 auto;max-width:1320px;padding:12px;font:14px system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;color:#1f2933;background:#fff}
svg{width:100%%;height:auto;display:block}
section{display:inline-block;vertical-align:top;margin:16px 32px 0 0;max-width:100%%;overflow-x:auto}
h2{font-size:15px;margin:0 0 6px}
table{border-collapse:collapse}
td{padding:2px 14px 2px 0;white-space:nowrap;border-top:1px solid #eceff1}
td.n{text-align:right;font-variant-numeric:tabular-nums}
</style></head><body>
`, text(p.Title, maxText))
	p.svg(b, false)
	var rows [][3]string
	for _, s := range p.Sizes.Sections {
		rows = append(rows, [3]string{s.Name, p.Bytes(s.Size), p.share(s.Size)})
	}
	table(b, "Sections", rows)
	rows = nil
	for _, s := range p.Sizes.Packages {
		rows = append(rows, [3]string{cmp.Or(s.Package, s.Language, "unnamed"), p.Bytes(s.Size), p.share(s.Size)})
	}
	table(b, "Packages", rows)
	rows = nil
	for _, f := range p.Sizes.Functions[:min(tableRows, len(p.Sizes.Functions))] {
		rows = append(rows, [3]string{f.Name, p.Bytes(f.Size), p.share(f.Size)})
	}
	table(b, "Functions", rows)
	fmt.Fprintln(b, `</body></html>`)
	return b.Flush()
}

// share is a part of the whole file in percent.
func (p Picture) share(size int64) string {
	tenths := scale(1000, size, p.Total)
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

func table(w io.Writer, title string, rows [][3]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "<section><h2>%s</h2><table>\n", title)
	for _, r := range rows[:min(tableRows, len(rows))] {
		fmt.Fprintf(w, `<tr><td>%s</td><td class="n">%s</td><td class="n">%s</td></tr>`+"\n", text(r[0], 90), text(r[1], 20), r[2])
	}
	fmt.Fprintln(w, "</table></section>")
}
