package policy

import (
	"fmt"
	"io"
	"strings"

	"github.com/wpkdev/wpk/verify"
)

// Outcome is how a rule has ended.
type Outcome string

// The outcomes.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Warn    Outcome = "warn"    // it failed, and its policy only warns
	Skipped Outcome = "skipped" // nobody needed to know
)

// Report tells the outcome of each rule of each policy.
type Report struct {
	Reference string    `json:"reference"`
	Digest    string    `json:"digest"`
	Outcome   Outcome   `json:"outcome"`
	Message   string    `json:"message,omitempty"` // when no policy is for the artifact
	Policies  []Verdict `json:"policies"`
	// Verified are the signatures and attestations that the policies rest on.
	Verified []verify.Verified `json:"verified,omitempty"`
}

// Verdict is the outcome of one policy.
type Verdict struct {
	Name    string  `json:"name"`
	Line    int     `json:"line"` // in the file
	Mode    string  `json:"mode"` // "enforce" or "warn"
	Outcome Outcome `json:"outcome"`
	// Image is the pattern by which the policy is for the artifact.
	Image string `json:"image,omitempty"`
	// Notes are what somebody should know whatever the outcome.
	Notes []string `json:"notes,omitempty"`
	Rules []Rule   `json:"rules,omitempty"`
}

// Rule is the outcome of one rule, and of what it is made of.
type Rule struct {
	Name    string  `json:"name"` // "authority release", "maxAge", …
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"` // one line
	Rules   []Rule  `json:"rules,omitempty"`
}

// Text writes the report for people, a line for each rule.
func (r Report) Text(w io.Writer) error {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%s  %s", r.Outcome, r.Digest)
	if r.Message != "" {
		fmt.Fprintf(b, "  %s", r.Message)
	}
	b.WriteByte('\n')
	for _, p := range r.Policies {
		fmt.Fprintf(b, "%-7s policy %s (line %d, %s)", p.Outcome, p.Name, p.Line, p.Mode)
		switch {
		case p.Image != "":
			fmt.Fprintf(b, ": is for %s", p.Image)
		case p.Outcome == Skipped:
			b.WriteString(": is for other images")
		}
		b.WriteByte('\n')
		for _, note := range p.Notes {
			fmt.Fprintf(b, "        note: %s\n", note)
		}
		writeRules(b, p.Rules, 1)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeRules(b *strings.Builder, rules []Rule, depth int) {
	for _, r := range rules {
		fmt.Fprintf(b, "%s%-7s %s", strings.Repeat("  ", depth), r.Outcome, r.Name)
		if r.Why != "" {
			fmt.Fprintf(b, ": %s", r.Why)
		}
		b.WriteByte('\n')
		writeRules(b, r.Rules, depth+1)
	}
}

// firstFailure is the reason that explains the most: the innermost of the first rule that failed.
func (p Verdict) firstFailure() string {
	return firstOf(p.Rules)
}

func firstOf(rules []Rule) string {
	for _, r := range rules {
		if r.Outcome != Fail {
			continue
		}
		if inner := firstOf(r.Rules); inner != "" {
			return inner
		}
		return r.Name + ": " + r.Why
	}
	return ""
}
