package consumers

import (
	"fmt"
	"os"
	"path/filepath"
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

// markdown is the table, and whether it is whole.
func (b *table) markdown() (text string, whole bool) {
	var out strings.Builder
	out.WriteString("| consumer |")
	for _, l := range layouts {
		fmt.Fprintf(&out, " %s |", l.name)
	}
	out.WriteString("\n|---|" + strings.Repeat("---|", len(layouts)) + "\n")
	whole = true
	for _, c := range consumers {
		fmt.Fprintf(&out, "| %s |", c.title)
		for _, l := range layouts {
			cell := b.cells[[2]string{c.name, l.name}]
			whole = whole && cell != ""
			fmt.Fprintf(&out, " %s |", cell)
		}
		out.WriteString("\n")
	}
	return out.String(), whole
}

// print shows the table, and writes it to the file that WPK_CONSUMERS names. A
// table with a hole is written nowhere.
func (b *table) print(t *testing.T) {
	t.Helper()
	text, whole := b.markdown()
	t.Logf("\n%s", text)
	if file := os.Getenv("WPK_CONSUMERS"); file != "" && whole && !t.Failed() {
		check(t, os.WriteFile(file, []byte(text), 0o600))
	}
}

// TestReadme looks that README shows what [TestConsumers] holds for known.
func TestReadme(t *testing.T) {
	known := newTable()
	for _, c := range consumers {
		for _, l := range layouts {
			known.put(c, l.name, c.known(l.name))
		}
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	check(t, err)
	want, _ := known.markdown()
	if !strings.Contains(string(readme), "<!-- consumers -->\n"+want+"\n") {
		t.Errorf("README.md has another table of consumers; `make consumers` writes it:\n%s", want)
	}
}
