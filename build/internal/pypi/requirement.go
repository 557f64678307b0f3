package pypi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// Requirement is one wish for a distribution.
// https://packaging.python.org/en/latest/specifications/dependency-specifiers/
type Requirement struct {
	Name       string // normal form
	Extras     []string
	Specifiers pep440.Specifiers
	URL        string // instead of a version: where a wheel lies
	Marker     *Marker
	SHA256     []string // digests of which the file must have one; empty = any
	Where      string   // who wants it, for messages: "requirements.txt:3", "rich 13.0"
}

// ParseRequirement reads a requirement such as `name[extra]>=1,<2; python_version >= "3.9"`.
func ParseRequirement(s string) (Requirement, error) {
	var r Requirement
	if len(s) > maxMarker {
		return r, errors.New("the requirement is too long")
	}
	rest := strings.TrimSpace(s)
	end := strings.IndexFunc(rest, func(c rune) bool { return !alphanumeric(byte(c&0x7f)) && c != '-' && c != '_' && c != '.' || c > 0x7f })
	if end < 0 {
		end = len(rest)
	}
	name := rest[:end]
	if !validName(name) {
		return r, fmt.Errorf("%q is no requirement", s)
	}
	r.Name = Normalize(name)
	rest = strings.TrimSpace(rest[end:])
	if after, ok := strings.CutPrefix(rest, "["); ok {
		extras, after, ok := strings.Cut(after, "]")
		if !ok {
			return r, fmt.Errorf("requirement %q: a bracket is not closed", s)
		}
		for e := range strings.SplitSeq(extras, ",") {
			if e = strings.TrimSpace(e); e == "" && strings.TrimSpace(extras) == "" {
				continue
			} else if !validName(e) {
				return r, fmt.Errorf("requirement %q: %q is no extra", s, e)
			}
			r.Extras = append(r.Extras, Normalize(e))
		}
		rest = strings.TrimSpace(after)
	}
	return r.conditions(s, rest)
}

// conditions reads what follows the name and the extras: versions or a URL, and a marker.
func (r Requirement) conditions(s, rest string) (Requirement, error) {
	var err error
	if after, ok := strings.CutPrefix(rest, "@"); ok {
		after = strings.TrimSpace(after)
		// A marker needs a space before its semicolon here: URLs have semicolons of their own.
		url, marker, found := strings.Cut(after, " ;")
		r.URL = strings.TrimSpace(url)
		if r.URL == "" || strings.ContainsAny(r.URL, " \t") {
			return r, fmt.Errorf("requirement %q: there is no URL", s)
		}
		if found {
			r.Marker, err = ParseMarker(marker)
		}
		return r, err
	}
	versions, marker, found := strings.Cut(rest, ";")
	versions = strings.TrimSpace(versions)
	if inner, ok := strings.CutPrefix(versions, "("); ok {
		if versions, ok = strings.CutSuffix(inner, ")"); !ok {
			return r, fmt.Errorf("requirement %q: a parenthesis is not closed", s)
		}
	}
	if r.Specifiers, err = pep440.ParseSpecifiers(versions); err != nil {
		return r, fmt.Errorf("requirement %q: %w", s, err)
	}
	if found {
		if r.Marker, err = ParseMarker(marker); err != nil {
			return r, fmt.Errorf("requirement %q: %w", s, err)
		}
	}
	return r, nil
}

// String is the requirement in a form that [ParseRequirement] reads.
func (r Requirement) String() string {
	s := r.Name
	if len(r.Extras) > 0 {
		s += "[" + strings.Join(r.Extras, ",") + "]"
	}
	if r.URL != "" {
		s += " @ " + r.URL
	}
	s += r.Specifiers.String()
	if r.Marker != nil {
		s += " ; " + r.Marker.String()
	}
	return s
}
