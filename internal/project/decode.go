package project

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds nesting; a wpk.yaml needs four levels.
const maxDepth = 16

// decode reads YAML into the struct that v points to, and refuses what the struct has no place for. The library's own
// strict mode knows lines only, and stops short of saying which name was meant.
func decode(data []byte, v any) error {
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil // nothing but comments
	case err != nil:
		return syntaxError(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return &Error{Problem: "more than one YAML document"}
	}
	return fill(doc.Content[0], reflect.ValueOf(v).Elem(), "", 0)
}

// syntaxError brings the library's message into our form: "yaml: line 3: …".
func syntaxError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &Error{Line: line, Problem: text}
}

// fill decodes a node into a value. key is its path, as "build.c", for messages.
func fill(n *yaml.Node, v reflect.Value, key string, depth int) error {
	if n.Kind == yaml.AliasNode {
		return at(n, "%s: aliases are not supported", orFile(key))
	}
	if depth > maxDepth {
		return at(n, "%s: nested too deeply", orFile(key))
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // "key:" with nothing after it is a key that is not set
	}
	switch v.Kind() {
	case reflect.Struct:
		return fillStruct(n, v, key, depth)
	case reflect.Slice:
		return fillSlice(n, v, key, depth)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(n, v.Elem(), key, depth+1)
	}
	if n.Kind != yaml.ScalarNode {
		return at(n, "%s: want %s, not %s", key, kindName(v.Type()), nodeName(n))
	}
	// "version: 1.10" is the number 1.1 to YAML, yet what a person wrote is the string.
	if v.Kind() == reflect.String {
		v.SetString(n.Value)
		return nil
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		return at(n, "%s: want %s, not %q", key, kindName(v.Type()), n.Value)
	}
	return nil
}

func fillStruct(n *yaml.Node, v reflect.Value, key string, depth int) error {
	if c, ok := v.Addr().Interface().(*Command); ok && n.Kind == yaml.ScalarNode {
		c.Run = n.Value
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return at(n, "%s: want keys with values, not %s", orFile(key), nodeName(n))
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i]
		full := strings.TrimPrefix(key+"."+name.Value, ".")
		field, ok := fieldOf(v, name.Value)
		if !ok {
			wrong := at(name, "unknown key %q", full)
			wrong.Nearest = nearest(name.Value, names(v.Type()))
			return wrong
		}
		if seen[name.Value] {
			return at(name, "%s: given twice", full)
		}
		seen[name.Value] = true
		if err := fill(n.Content[i+1], field, full, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// fillSlice takes one value for a list of one, as most tools do.
func fillSlice(n *yaml.Node, v reflect.Value, key string, depth int) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := fill(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i), depth+1); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func at(n *yaml.Node, format string, args ...any) *Error {
	return &Error{Line: n.Line, Column: n.Column, Problem: fmt.Sprintf(format, args...)}
}

func orFile(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// names are the keys that a struct knows.
func names(t reflect.Type) []string {
	all := make([]string, t.NumField())
	for i := range all {
		all[i] = t.Field(i).Tag.Get("yaml")
	}
	return all
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a number"
	}
	return "a text"
}

func nodeName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", n.Value)
}

// nearest returns the name that is most like the given one, when it is like it at all: at most a third of it differs.
func nearest(given string, names []string) string {
	if len(names) == 0 || len(given) > 64 {
		return ""
	}
	best := slices.MinFunc(names, func(a, b string) int { return distance(given, a) - distance(given, b) })
	if distance(given, best)*3 > max(len(given), len(best)) {
		return ""
	}
	return best
}

// distance is the number of letters to add, drop, change or swap with the neighbour to make b of a.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
