package strictyaml

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type inner struct {
	List []string `yaml:"list"`
}

type sample struct {
	inner  `yaml:",inline"`
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
	Number int               `yaml:"number"`
	Any    yaml.Node         `yaml:"any"`
	Sub    *sample           `yaml:"sub"`
}

func TestDecodeExact(t *testing.T) {
	var s sample
	places := map[string]Place{}
	text := "name: a\nlabels: {x: y, z.io/b: c}\nlist: [p, q]\nany: {deep: [1, *b]}\nsub:\n  name: b\n"
	text = strings.Replace(text, "name: a", "name: &b a", 1)
	if err := (Decoder{Exact: true, Places: places}).Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if s.Name != "a" || !maps.Equal(s.Labels, map[string]string{"x": "y", "z.io/b": "c"}) ||
		!slices.Equal(s.List, []string{"p", "q"}) || s.Any.Kind != yaml.MappingNode || s.Sub.Name != "b" {
		t.Errorf("got %+v", s)
	}
	if got := places["sub.name"]; got != (Place{6, 9}) {
		t.Errorf("sub.name stands at %v", got)
	}
	if got := places["list[1]"]; got != (Place{3, 11}) {
		t.Errorf("list[1] stands at %v", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]Error{
		"name: 1":                {Line: 1, Column: 7, Problem: "name: want a text, not 1: put it in quotes"},
		"name: true":             {Line: 1, Column: 7, Problem: "name: want a text, not true: put it in quotes"},
		"list: x":                {Line: 1, Column: 7, Problem: `list: want a list, not "x"`},
		"labels: [x]":            {Line: 1, Column: 9, Problem: "labels: want keys with values, not a list"},
		"labels: {a: 1}":         {Line: 1, Column: 13, Problem: "labels.a: want a text, not 1: put it in quotes"},
		"labels: {a: b, a: c}":   {Line: 1, Column: 16, Problem: "labels.a: given twice"},
		"number: many":           {Line: 1, Column: 9, Problem: `number: want a number, not "many"`},
		"lits: [a]":              {Line: 1, Column: 1, Problem: `unknown key "lits"`, Nearest: "list"},
		"name: &n x\nlist: [*n]": {Line: 2, Column: 8, Problem: "list[0]: aliases are not supported"},
		"name: x\n<<: {name: y}": {Line: 2, Column: 1, Problem: `unknown key "<<"`},
		"name: a\n---\nname: b":  {Problem: "more than one YAML document"},
		strings.Repeat("{sub: ", 40) + strings.Repeat("}", 40): {Line: 1, Column: 103, Problem: strings.TrimPrefix(strings.Repeat(".sub", 17), ".") + ": nested too deeply"},
	} {
		var s sample
		err := Decoder{Exact: true}.Unmarshal([]byte(text), &s)
		var got *Error
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%q: got %+v, want %+v", text, err, want)
		}
	}
}

// A text within another file is told where it stands there.
func TestDecodeWithin(t *testing.T) {
	d := Decoder{Offset: 10, Indent: 4}
	var s sample
	var got *Error
	if err := d.Unmarshal([]byte("name: x\nnumber: y"), &s); !errors.As(err, &got) || got.Line != 12 || got.Column != 13 {
		t.Errorf("got %v", err)
	}
	if err := d.Unmarshal([]byte("name: x\n  y: [z"), &s); !errors.As(err, &got) || got.Line < 11 {
		t.Errorf("got %v", err)
	}
}

func TestDocuments(t *testing.T) {
	docs, err := Documents([]byte("# a comment\n---\na: 1\n---\n# nothing\n---\nb: 2\n"))
	if err != nil || len(docs) != 2 || docs[1].Line != 7 {
		t.Errorf("got %d documents, %v", len(docs), err)
	}
}
