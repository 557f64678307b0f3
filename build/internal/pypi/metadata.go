package pypi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// Limits of a METADATA file. Its body, the description, is not read.
const (
	maxMetadata = 8 << 20
	maxRequires = 5000
)

// Metadata is what a distribution says about itself.
// https://packaging.python.org/en/latest/specifications/core-metadata/
type Metadata struct {
	Name           string // as written
	Version        pep440.Version
	RequiresPython pep440.Specifiers
	Requires       []Requirement
	License        string // an SPDX expression; "" when it says none, or only in the older fields, which are any text
}

// ParseMetadata reads the fields of a METADATA file that decide what else is needed.
func ParseMetadata(data []byte) (Metadata, error) {
	var m Metadata
	if len(data) > maxMetadata {
		return m, fmt.Errorf("METADATA: more than %d bytes", maxMetadata)
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, maxMetadata+1)
	for s.Scan() {
		line := strings.TrimRight(s.Text(), "\r")
		if line == "" {
			break // the description follows
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || line[0] == ' ' || line[0] == '\t' {
			continue // a folded line, of a field that is of no interest here
		}
		if err := m.field(strings.ToLower(key), strings.TrimSpace(value)); err != nil {
			return m, err
		}
	}
	if err := s.Err(); err != nil {
		return m, err
	}
	if !validName(m.Name) || m.Version.Original() == "" {
		return m, errors.New("METADATA: the name or the version is missing")
	}
	return m, nil
}

func (m *Metadata) field(key, value string) (err error) {
	switch key {
	case "name":
		m.Name = value
	case "version":
		m.Version, err = pep440.Parse(value)
	case "license-expression":
		m.License = value
	case "requires-python":
		m.RequiresPython, err = pep440.ParseSpecifiers(value)
	case "requires-dist":
		var r Requirement
		if r, err = ParseRequirement(value); err == nil {
			m.Requires = append(m.Requires, r)
		}
		if len(m.Requires) > maxRequires {
			err = fmt.Errorf("more than %d requirements", maxRequires)
		}
	}
	if err != nil {
		return fmt.Errorf("METADATA: %w", err)
	}
	return nil
}

// EntryPoint is a function that a distribution offers as a command.
// https://packaging.python.org/en/latest/specifications/entry-points/
type EntryPoint struct {
	Name   string // the command's
	Module string // "pkg.cli"
	Object string // "main", or "App.run"
}

// ParseEntryPoint reads "pkg.cli:main"; extras in brackets are of a past time and do not count.
func ParseEntryPoint(name, value string) (EntryPoint, error) {
	value, _, _ = strings.Cut(value, "[")
	module, object, ok := strings.Cut(strings.TrimSpace(value), ":")
	e := EntryPoint{name, strings.TrimSpace(module), strings.TrimSpace(object)}
	if !ok || !dotted(e.Module) || !dotted(e.Object) || name == "" {
		return e, fmt.Errorf("%s = %q is no entry point: want module:function", name, value)
	}
	return e, nil
}

// letters are what names of modules and functions are made of, as far as people name entry points.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// dotted tells whether a text is names of Python with dots between.
func dotted(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || '0' <= part[0] && part[0] <= '9' || strings.Trim(part, letters) != "" {
			return false
		}
	}
	return true
}

// ParseEntryPoints returns the commands of an entry_points.txt. What is no entry point is left out, as pip does.
func ParseEntryPoints(data []byte) []EntryPoint {
	var all []EntryPoint
	section := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#', line[0] == ';':
		case line[0] == '[':
			section = strings.Trim(line, "[] ")
		case section == "console_scripts":
			name, value, _ := strings.Cut(line, "=")
			if e, err := ParseEntryPoint(strings.TrimSpace(name), value); err == nil {
				all = append(all, e)
			}
		}
	}
	return all
}
