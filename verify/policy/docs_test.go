package policy

import (
	"os"
	"strings"
	"testing"
)

// TestDocs reads every policy that the documentation shows.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d policies are shown", len(blocks))
	}
	for _, b := range blocks {
		text, _, _ := strings.Cut(b, "```")
		p, err := Parse([]byte(text), "docs/policy.md")
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		for _, w := range p.Warnings {
			t.Errorf("%s:%d: %s", p.Names(), w.Line, w.Text)
		}
	}
}

// The fields that the documentation names are those that are known.
func TestDocsFields(t *testing.T) {
	data, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"repository", "maxAge", "minVersion", "insecureTrustTag", "smoke", "imports", "sourceRepository", "builder"} {
		if !strings.Contains(string(data), "| `"+field+"` |") {
			t.Errorf("%s is not documented", field)
		}
	}
	for _, short := range predicateNames() {
		if !strings.Contains(string(data), short[0]) {
			t.Errorf("predicate type %s is not documented", short[0])
		}
	}
}
