package pep440

import (
	"fmt"
	"slices"
	"strings"
)

// maxClauses bounds one set of specifiers.
const maxClauses = 256

// Specifiers is a set of conditions on a version, such as ">=1.2,!=1.5.*". The zero value allows every version.
type Specifiers struct {
	clauses []clause
}

type clause struct {
	op      string
	version Version // zero for a "===" of no version
	prefix  bool    // "==1.2.*"
	text    string  // what "===" compares with
}

// operators in the order in which they must be looked for.
var operators = []string{"===", "==", "!=", "<=", ">=", "~=", "<", ">"}

// ParseSpecifiers reads conditions that are separated by commas; "" is none.
func ParseSpecifiers(s string) (Specifiers, error) {
	var set Specifiers
	if strings.TrimSpace(s) == "" {
		return set, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" { // "pip" lets a comma end the list
			continue
		}
		c, err := parseClause(part)
		if err != nil {
			return Specifiers{}, err
		}
		if set.clauses = append(set.clauses, c); len(set.clauses) > maxClauses {
			return Specifiers{}, fmt.Errorf("more than %d conditions on one version", maxClauses)
		}
	}
	return set, nil
}

func parseClause(s string) (clause, error) {
	i := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(s, op) })
	if i < 0 {
		return clause{}, fmt.Errorf("%q is no condition on a version: want one of %s before it", shorten(s), strings.Join(operators, " "))
	}
	c := clause{op: operators[i]}
	text := strings.TrimSpace(s[len(c.op):])
	if c.op == "===" {
		c.text = text
		if text == "" || strings.ContainsAny(text, " \t") {
			return clause{}, fmt.Errorf("%q is no condition on a version", shorten(s))
		}
		if v, err := Parse(text); err == nil {
			c.version = v
		}
		return c, nil
	}
	text, c.prefix = strings.CutSuffix(text, ".*")
	var err error
	if c.version, err = Parse(text); err != nil {
		return clause{}, fmt.Errorf("condition %q: %w", shorten(s), err)
	}
	equality := c.op == "==" || c.op == "!="
	switch {
	case c.prefix && (!equality || c.version.dev >= 0 || c.version.local != ""):
		return clause{}, fmt.Errorf("condition %q: \".*\" has no place here", s)
	case c.version.local != "" && !equality:
		return clause{}, fmt.Errorf("condition %q: a local version can only be equal or not", s)
	case c.op == "~=" && len(c.version.release) < 2:
		return clause{}, fmt.Errorf("condition %q: \"~=\" wants two numbers at least", s)
	}
	return c, nil
}

// And returns the conditions of both sets.
func (s Specifiers) And(t Specifiers) Specifiers {
	return Specifiers{slices.Concat(s.clauses, t.clauses)}
}

// Contains reports whether a version fulfils all conditions. Whether pre-releases are wanted is another question: see
// [Specifiers.Prereleases].
func (s Specifiers) Contains(v Version) bool {
	for _, c := range s.clauses {
		if !c.allows(v) {
			return false
		}
	}
	return true
}

// Prereleases reports whether the conditions ask for pre-releases, by naming one.
func (s Specifiers) Prereleases() bool {
	return slices.ContainsFunc(s.clauses, func(c clause) bool { return c.op != "!=" && c.version.release != nil && c.version.IsPrerelease() })
}

// Exact reports whether the conditions allow one version only, and so may name one that was withdrawn.
func (s Specifiers) Exact() bool {
	return slices.ContainsFunc(s.clauses, func(c clause) bool { return c.op == "===" || c.op == "==" && !c.prefix })
}

// Any reports whether there is no condition.
func (s Specifiers) Any() bool { return len(s.clauses) == 0 }

func (s Specifiers) String() string {
	parts := make([]string, len(s.clauses))
	for i, c := range s.clauses {
		parts[i] = c.String()
	}
	return strings.Join(parts, ",")
}

func (c clause) String() string {
	switch {
	case c.op == "===":
		return c.op + c.text
	case c.prefix:
		return c.op + c.version.String() + ".*"
	}
	return c.op + c.version.String()
}

func (c clause) allows(v Version) bool {
	switch c.op {
	case "===":
		return strings.EqualFold(v.original, c.text) || strings.EqualFold(v.String(), c.text)
	case "==":
		return c.equals(v)
	case "!=":
		return !c.equals(v)
	case "<=":
		return v.comparePublic(c.version) <= 0
	case ">=":
		return v.comparePublic(c.version) >= 0
	case "<":
		return c.before(v)
	case ">":
		return c.after(v)
	}
	// ~=2.2.1 is >=2.2.1 and ==2.2.*
	prefix := clause{version: Version{epoch: c.version.epoch, release: c.version.release[:len(c.version.release)-1], post: -1, dev: -1}}
	return v.comparePublic(c.version) >= 0 && prefix.begins(v)
}

// equals: a local version counts only when the condition has one.
func (c clause) equals(v Version) bool {
	switch {
	case c.prefix:
		return c.begins(v)
	case c.version.local == "":
		return v.comparePublic(c.version) == 0
	}
	return v.Compare(c.version) == 0
}

// begins reports whether v begins with the condition's version.
func (c clause) begins(v Version) bool {
	w := c.version
	n := len(w.release)
	if v.epoch != w.epoch {
		return false
	}
	for i := range n {
		if at(v.release, i) != w.release[i] {
			return false
		}
	}
	if w.pre == "" && w.post < 0 {
		return true
	}
	// "==1.0a1.*": what follows the prefix may only be shorter in zeros.
	if compareRelease(v.release, w.release) != 0 || v.pre != w.pre || v.preNum != w.preNum {
		return false
	}
	return w.post < 0 || v.post == w.post
}

// before: "<3.1" is not 3.1.dev0, unless it names a pre-release itself.
func (c clause) before(v Version) bool {
	bound := c.version
	if !bound.IsPrerelease() {
		bound.dev = 0
	}
	return v.Compare(bound) < 0
}

// after: ">3.1" is neither 3.1.post1 nor 3.1+local, the same with changes.
func (c clause) after(v Version) bool {
	bound := c.version
	switch {
	case bound.dev >= 0:
		bound.dev++
		return v.Compare(bound) >= 0
	case bound.post >= 0:
		bound.post, bound.dev = bound.post+1, 0
		return v.Compare(bound) >= 0
	}
	of := v
	of.post, of.dev = -1, -1
	return v.comparePublic(bound) > 0 && (v.post < 0 || of.comparePublic(bound) != 0)
}
