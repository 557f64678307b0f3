// Package strictyaml reads YAML into structs and refuses what they have no place for: an unknown key or a value of the
// wrong type is an [*Error] with its line and column, and with the name that was probably meant. Nothing is expanded:
// aliases are refused, which can make little text big.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds nesting; the deepest file that is read with this needs ten levels.
const maxDepth = 32

// Scalar is a struct that may also be written as one text.
type Scalar interface {
	SetScalar(text string)
}

// Decoder turns nodes into structs. The name of a key is the field's tag `yaml`; a field with the tag ",inline" is a
// struct whose keys are those of its parent. A field of type yaml.Node takes anything.
type Decoder struct {
	// Exact refuses what Kubernetes refuses too: a number where a text is wanted, one value for a list of one.
	Exact bool
	// Offset is added to the lines, and Indent to the columns, of a text that lies within another file.
	Offset, Indent int
	// Places are filled with where each value stands, by its path, as "spec.images[0].glob"; nil when nobody asks.
	Places map[string]Place
}

// Place is a position in a file, from 1.
type Place struct{ Line, Column int }

// Documents splits a file into its documents. One with nothing but comments is left out.
func Documents(data []byte) ([]*yaml.Node, error) {
	var all []*yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, syntaxError(err)
		}
		if root := doc.Content[0]; root.Kind != yaml.ScalarNode || root.Tag != "!!null" {
			all = append(all, root)
		}
	}
}

// Unmarshal reads a file of one document into the struct that v points to. The library's own strict mode knows lines
// only, and stops short of saying which name was meant.
func (d Decoder) Unmarshal(data []byte, v any) error {
	docs, err := Documents(data)
	switch {
	case err != nil:
		var wrong *Error
		if errors.As(err, &wrong) {
			d.move(wrong)
		}
		return err
	case len(docs) > 1:
		return &Error{Problem: "more than one YAML document"}
	case len(docs) == 0:
		return nil // nothing but comments
	}
	return d.Decode(docs[0], v)
}

// Decode reads a node into the struct that v points to.
func (d Decoder) Decode(n *yaml.Node, v any) error {
	return d.fill(n, reflect.ValueOf(v).Elem(), "", 0)
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
func (d Decoder) fill(n *yaml.Node, v reflect.Value, key string, depth int) error {
	if d.Places != nil {
		d.Places[key] = d.place(n)
	}
	if v.Type() == reflect.TypeFor[yaml.Node]() {
		v.Set(reflect.ValueOf(*n))
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return d.at(n, "%s: aliases are not supported", orFile(key))
	}
	if depth > maxDepth {
		return d.at(n, "%s: nested too deeply", orFile(key))
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // "key:" with nothing after it is a key that is not set
	}
	switch v.Kind() {
	case reflect.Struct:
		return d.fillStruct(n, v, key, depth)
	case reflect.Slice:
		return d.fillSlice(n, v, key, depth)
	case reflect.Map:
		return d.fillMap(n, v, key, depth)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.fill(n, v.Elem(), key, depth+1)
	}
	return d.fillScalar(n, v, key)
}

func (d Decoder) fillScalar(n *yaml.Node, v reflect.Value, key string) error {
	if n.Kind != yaml.ScalarNode {
		return d.at(n, "%s: want %s, not %s", orFile(key), kindName(v.Type()), nodeName(n))
	}
	if v.Kind() == reflect.String {
		if d.Exact && n.Tag != "!!str" {
			return d.at(n, "%s: want a text, not %s: put it in quotes", key, n.Value)
		}
		// "version: 1.10" is the number 1.1 to YAML, yet what a person wrote is the string.
		v.SetString(n.Value)
		return nil
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		return d.at(n, "%s: want %s, not %q", key, kindName(v.Type()), n.Value)
	}
	return nil
}

func (d Decoder) fillStruct(n *yaml.Node, v reflect.Value, key string, depth int) error {
	if s, ok := v.Addr().Interface().(Scalar); ok && n.Kind == yaml.ScalarNode {
		s.SetScalar(n.Value)
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return d.at(n, "%s: want keys with values, not %s", orFile(key), nodeName(n))
	}
	return d.each(n, key, func(name, value *yaml.Node, full string) error {
		field, ok := fieldOf(v, name.Value)
		if !ok {
			wrong := d.at(name, "unknown key %q", full)
			wrong.Nearest = Nearest(name.Value, names(v.Type()))
			return wrong
		}
		return d.fill(value, field, full, depth+1)
	})
}

// fillMap takes names that are the writer's own.
func (d Decoder) fillMap(n *yaml.Node, v reflect.Value, key string, depth int) error {
	if n.Kind != yaml.MappingNode {
		return d.at(n, "%s: want keys with values, not %s", orFile(key), nodeName(n))
	}
	m := reflect.MakeMap(v.Type())
	v.Set(m)
	return d.each(n, key, func(name, value *yaml.Node, full string) error {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.fill(value, element, full, depth+1); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name.Value), element)
		return nil
	})
}

// each goes over the pairs of a mapping, and refuses a name that comes twice.
func (d Decoder) each(n *yaml.Node, key string, f func(name, value *yaml.Node, full string) error) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		full := strings.TrimPrefix(key+"."+name.Value, ".")
		if seen[name.Value] {
			return d.at(name, "%s: given twice", full)
		}
		seen[name.Value] = true
		if err := f(name, n.Content[i+1], full); err != nil {
			return err
		}
	}
	return nil
}

// fillSlice takes one value for a list of one, as most tools do.
func (d Decoder) fillSlice(n *yaml.Node, v reflect.Value, key string, depth int) error {
	items := []*yaml.Node{n}
	switch {
	case n.Kind == yaml.SequenceNode:
		items = n.Content
	case d.Exact:
		return d.at(n, "%s: want a list, not %s", orFile(key), nodeName(n))
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := d.fill(item, list.Index(i), fmt.Sprintf("%s[%d]", key, i), depth+1); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func (d Decoder) place(n *yaml.Node) Place {
	return Place{Line: n.Line + d.Offset, Column: n.Column + d.Indent}
}

func (d Decoder) at(n *yaml.Node, format string, args ...any) *Error {
	p := d.place(n)
	return &Error{Line: p.Line, Column: p.Column, Problem: fmt.Sprintf(format, args...)}
}

// move sets an error of the library's, which knows no column, to where the text stands.
func (d Decoder) move(e *Error) {
	if e.Line > 0 {
		e.Line += d.Offset
	}
}

func orFile(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

const inline = ",inline"

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		switch tag := v.Type().Field(i).Tag.Get("yaml"); {
		case tag == inline:
			if f, ok := fieldOf(v.Field(i), name); ok {
				return f, true
			}
		case tag == name && tag != "":
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// names are the keys that a struct knows.
func names(t reflect.Type) []string {
	var all []string
	for i := range t.NumField() {
		switch tag := t.Field(i).Tag.Get("yaml"); tag {
		case "":
		case inline:
			all = append(all, names(t.Field(i).Type)...)
		default:
			all = append(all, tag)
		}
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
