package consumers

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// table is what each consumer did with each layout.
type table struct {
	mu    sync.Mutex
	cells map[[2]string]string // of a consumer and a layout
}

func newTable() *table { return &table{cells: map[[2]string]string{}} }

func (b *table) put(c consumer, layout, cell string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cells[[2]string{c.name, layout}] = cell
}

// print shows the table in Markdown, and writes it to the file that
// WPK_CONSUMERS names. A table with a hole is written nowhere.
func (b *table) print(t *testing.T) {
	t.Helper()
	var out strings.Builder
	out.WriteString("| consumer |")
	for _, l := range layouts {
		fmt.Fprintf(&out, " %s |", l.name)
	}
	out.WriteString("\n|---|" + strings.Repeat("---|", len(layouts)) + "\n")
	whole := true
	for _, c := range consumers {
		fmt.Fprintf(&out, "| %s |", c.title)
		for _, l := range layouts {
			cell := b.cells[[2]string{c.name, l.name}]
			whole = whole && cell != ""
			fmt.Fprintf(&out, " %s |", cell)
		}
		out.WriteString("\n")
	}
	t.Logf("\n%s", out.String())
	if file := os.Getenv("WPK_CONSUMERS"); file != "" && whole && !t.Failed() {
		check(t, os.WriteFile(file, []byte(out.String()), 0o600))
	}
}
