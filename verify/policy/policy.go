// Package policy decides whether an artifact may be used, by files in the shape of policy-controller's
// ClusterImagePolicy, so that one file guards a pipeline and a cluster:
// https://github.com/sigstore/policy-controller/tree/main/docs/api-types
//
// A file is read strictly, and what it asks for that only a cluster can answer is refused, not skipped. Conditions that
// are wpk's own stand in the annotation wpk.dev/require, where a cluster leaves them alone.
package policy

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// MaxFile bounds a policy file, in bytes.
const MaxFile = 1 << 20

// maxObjects bounds the objects of one file.
const maxObjects = 256

// Policy is a file of policies that can be evaluated.
type Policy struct {
	// File is the name that it was parsed under.
	File string
	// Warnings tell where a cluster would decide otherwise.
	Warnings []Warning

	clauses []*clause
	roots   map[string]*rootSource
}

// Names are those of the policies, in the order of the file.
func (p *Policy) Names() []string {
	var all []string
	for _, c := range p.clauses {
		all = append(all, c.name)
	}
	return all
}

// Parse reads a policy file, and checks all of it. file is for messages. The error is an [*Error], or a
// [*LanguageError] which holds one.
func Parse(data []byte, file string) (*Policy, error) {
	p := &Policy{File: file, roots: map[string]*rootSource{}}
	err := p.parse(data)
	var wrong *Error
	if errors.As(err, &wrong) {
		wrong.File = file
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Policy) parse(data []byte) error {
	if len(data) > MaxFile {
		return &Error{Line: 1, Column: 1, Problem: fmt.Sprintf("larger than %d bytes", MaxFile)}
	}
	docs, err := strictyaml.Documents(data)
	if err != nil {
		return err
	}
	if len(docs) > maxObjects {
		return &Error{Line: docs[maxObjects].Line, Column: 1, Problem: fmt.Sprintf("more than %d objects", maxObjects)}
	}
	text := newText(data)
	for _, doc := range docs {
		if err := p.object(doc, text); err != nil {
			return err
		}
	}
	if len(p.clauses) == 0 {
		return &Error{Line: 1, Column: 1, Problem: "no " + kindImagePolicy + " is in it"}
	}
	for _, c := range p.clauses {
		if err := c.resolve(p.roots); err != nil {
			return err
		}
	}
	return nil
}

// object reads one document of the file.
func (p *Policy) object(doc *yaml.Node, text *text) error {
	s := scope{places: map[string]strictyaml.Place{}, warnings: &p.Warnings}
	d := strictyaml.Decoder{Exact: true, Places: s.places}
	version, kind := header(doc)
	switch {
	case kind == kindImagePolicy && (version == versionBeta || version == versionAlpha):
		var o imagePolicy
		if err := d.Decode(doc, &o); err != nil {
			return err
		}
		c, err := s.clause(o, text)
		if err != nil {
			return err
		}
		for _, other := range p.clauses {
			if other.name == c.name {
				return s.errorf("metadata.name", "a policy before has the name %q too", c.name)
			}
		}
		p.clauses = append(p.clauses, c)
		return nil
	case kind == kindTrustRoot && version == versionAlpha:
		var o trustRoot
		if err := d.Decode(doc, &o); err != nil {
			return err
		}
		r, err := s.trustRoot(o)
		if err != nil {
			return err
		}
		if p.roots[o.Metadata.Name] != nil {
			return s.errorf("metadata.name", "a root before has the name %q too", o.Metadata.Name)
		}
		p.roots[o.Metadata.Name] = r
		return nil
	}
	return wrongKind(doc, version, kind)
}

// header is what kind of object a document says that it is.
func header(doc *yaml.Node) (version, kind string) {
	if doc.Kind != yaml.MappingNode {
		return "", ""
	}
	for i := 0; i+1 < len(doc.Content); i += 2 {
		switch doc.Content[i].Value {
		case "apiVersion":
			version = doc.Content[i+1].Value
		case "kind":
			kind = doc.Content[i+1].Value
		}
	}
	return version, kind
}

func wrongKind(doc *yaml.Node, version, kind string) error {
	wrong := &Error{Line: doc.Line, Column: doc.Column}
	switch kind {
	case kindImagePolicy:
		wrong.Problem = fmt.Sprintf("apiVersion: want %s or %s, not %q", versionBeta, versionAlpha, version)
		wrong.Nearest = strictyaml.Nearest(version, []string{versionBeta, versionAlpha})
	case kindTrustRoot:
		wrong.Problem = fmt.Sprintf("apiVersion: want %s, not %q", versionAlpha, version)
		wrong.Nearest = strictyaml.Nearest(version, []string{versionAlpha})
	default:
		wrong.Problem = fmt.Sprintf("kind: want %s or %s, not %q", kindImagePolicy, kindTrustRoot, kind)
		wrong.Nearest = strictyaml.Nearest(kind, []string{kindImagePolicy, kindTrustRoot})
	}
	return wrong
}
