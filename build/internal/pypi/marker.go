package pypi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// Limits of one marker, far above what people write.
const (
	maxMarker = 8 << 10
	maxDepth  = 64
)

// Environment has the values that markers ask for, by the markers' names.
// https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers
type Environment map[string]string

// Target is the environment of a Python program in WebAssembly: CPython of this version, such as "3.13.5", on WASI.
func Target(version string) Environment {
	minor := version
	if parts := strings.SplitN(version, ".", 3); len(parts) == 3 {
		minor = parts[0] + "." + parts[1]
	}
	return Environment{
		"python_version": minor, "python_full_version": version,
		"implementation_name": "cpython", "implementation_version": version, "platform_python_implementation": "CPython",
		"os_name": "posix", "sys_platform": "wasi", "platform_system": "wasi", "platform_machine": "wasm32",
		"platform_release": "0.0.0", "platform_version": "0.0.0",
	}
}

// versionKeys are compared as versions; all else is text.
var versionKeys = []string{"python_version", "python_full_version", "implementation_version"}

// setKeys stand for the extras and groups that were asked for.
var setKeys = []string{"extra", "extras", "dependency_groups"}

// aliases are names of before the specification.
var aliases = map[string]string{
	"os.name": "os_name", "sys.platform": "sys_platform", "platform.version": "platform_version",
	"platform.machine": "platform_machine", "platform.python_implementation": "platform_python_implementation",
	"python_implementation": "platform_python_implementation",
}

// A Marker is a condition on the environment. nil always holds.
type Marker struct {
	op          string // "and", "or", or a comparison of left and right
	a, b        *Marker
	left, right operand
	text        string // the whole, on the outermost
}

type operand struct {
	name  string // a variable, or
	value string // a text
}

// ParseMarker reads a condition.
func ParseMarker(s string) (*Marker, error) {
	if len(s) > maxMarker {
		return nil, errors.New("the marker is too long")
	}
	words, err := splitMarker(s)
	if err != nil {
		return nil, err
	}
	p := &markerParser{words: words}
	m, err := p.or(0)
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("marker %q: %q is out of place", s, p.words[0])
	}
	if err != nil {
		return nil, err
	}
	m.text = strings.TrimSpace(s)
	return m, nil
}

func (m *Marker) String() string {
	if m == nil {
		return ""
	}
	return m.text
}

// splitMarker cuts a marker into words: names, quoted texts with their quotes, operators and parentheses.
func splitMarker(s string) ([]string, error) {
	var words []string
	for i := 0; i < len(s); {
		c := s[i]
		n := 1
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return nil, fmt.Errorf("marker %q: a quote is not closed", s)
			}
			n = end + 2
		case strings.IndexByte("<>=!~", c) >= 0:
			for i+n < len(s) && strings.IndexByte("<>=!~", s[i+n]) >= 0 {
				n++
			}
		case c == '(' || c == ')':
		case alphanumeric(c) || c == '_':
			for i+n < len(s) && (alphanumeric(s[i+n]) || s[i+n] == '_' || s[i+n] == '.') {
				n++
			}
		default:
			return nil, fmt.Errorf("marker %q: unexpected %q", s, c)
		}
		words = append(words, s[i:i+n])
		i += n
	}
	return words, nil
}

type markerParser struct {
	words []string
}

func (p *markerParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *markerParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *markerParser) or(depth int) (*Marker, error) { return p.chain("or", depth, p.and) }

func (p *markerParser) and(depth int) (*Marker, error) { return p.chain("and", depth, p.one) }

func (p *markerParser) chain(word string, depth int, part func(int) (*Marker, error)) (*Marker, error) {
	m, err := part(depth)
	for err == nil && p.peek() == word {
		p.next()
		var right *Marker
		right, err = part(depth)
		m = &Marker{op: word, a: m, b: right}
	}
	return m, err
}

func (p *markerParser) one(depth int) (*Marker, error) {
	if depth > maxDepth {
		return nil, errors.New("the marker is nested too deeply")
	}
	if p.peek() == "(" {
		p.next()
		m, err := p.or(depth + 1)
		if err == nil && p.next() != ")" {
			err = errors.New("a parenthesis in a marker is not closed")
		}
		return m, err
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	op := p.next()
	if op == "not" {
		op += " " + p.next()
	}
	if !slices.Contains([]string{"===", "==", "!=", "<=", ">=", "~=", "<", ">", "in", "not in"}, op) {
		return nil, fmt.Errorf("%q is no comparison in a marker", op)
	}
	right, err := p.operand()
	return &Marker{op: op, left: left, right: right}, err
}

func (p *markerParser) operand() (operand, error) {
	w := p.next()
	if w != "" && (w[0] == '\'' || w[0] == '"') {
		return operand{value: w[1 : len(w)-1]}, nil
	}
	if name, ok := aliases[w]; ok {
		w = name
	}
	if _, known := Target("3.0.0")[w]; !known && !slices.Contains(setKeys, w) {
		return operand{}, fmt.Errorf("%q is unknown in a marker", w)
	}
	return operand{name: w}, nil
}

// Holds reports whether the condition is true in an environment with some extras asked for.
func (m *Marker) Holds(env Environment, extras []string) bool {
	switch {
	case m == nil:
		return true
	case m.op == "and":
		return m.a.Holds(env, extras) && m.b.Holds(env, extras)
	case m.op == "or":
		return m.a.Holds(env, extras) || m.b.Holds(env, extras)
	}
	for _, o := range []operand{m.left, m.right} {
		if slices.Contains(setKeys, o.name) {
			return m.holdsFor(o.name, extras)
		}
	}
	return m.compare(env)
}

// holdsFor: `extra == "x"` and `"x" in extras` ask the same. No group is ever asked for.
func (m *Marker) holdsFor(key string, extras []string) bool {
	want := m.right.value
	if m.right.name != "" {
		want = m.left.value
	}
	has := key != "dependency_groups" && slices.ContainsFunc(extras, func(e string) bool { return Normalize(e) == Normalize(want) })
	return has != (m.op == "!=" || m.op == "not in")
}

func (m *Marker) compare(env Environment) bool {
	left, right := m.left.in(env), m.right.in(env)
	if slices.Contains(versionKeys, m.left.name) || slices.Contains(versionKeys, m.right.name) {
		if is, ok := compareVersions(m.op, left, right, m.right.name != ""); ok {
			return is
		}
	}
	switch m.op {
	case "==", "===":
		return left == right
	case "!=":
		return left != right
	case "in":
		return strings.Contains(right, left)
	case "not in":
		return !strings.Contains(right, left)
	case "<":
		return left < right
	case "<=":
		return left <= right
	case ">":
		return left > right
	case ">=":
		return left >= right
	}
	return false
}

func (o operand) in(env Environment) string {
	if o.name != "" {
		return env[o.name]
	}
	return o.value
}

// compareVersions compares two versions when they are some. In `"3.8" <= python_version` the condition is turned round.
func compareVersions(op, left, right string, turned bool) (is, ok bool) {
	if turned {
		left, right = right, left
		op = strings.NewReplacer("<", ">", ">", "<").Replace(op)
	}
	v, err := pep440.Parse(left)
	if err != nil {
		return false, false
	}
	set, err := pep440.ParseSpecifiers(op + right)
	if err != nil {
		return false, false
	}
	return set.Contains(v), true
}
