package runtimepack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// metadataFile is what a recipe says about its result: one fact a line, its fields separated by a tab.
const metadataFile = "metadata"

// maxMetadata bounds it.
const maxMetadata = 1 << 20

// metadata is what a recipe says, decoded.
type metadata struct {
	Config
	archives []archive // of each of Config.Sources
	flags    []string
}

// An archive is a source as a file.
type archive struct{ uri, file string }

// factFields are how many fields follow each key.
var factFields = map[string]int{"language": 1, "version": 1, "abi": 1, "tool": 2, "source": 5, "flag": 1}

// readMetadata decodes the facts, in whatever order; the order of equal ones stays.
func readMetadata(raw []byte) (*metadata, error) {
	m := &metadata{}
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		key, fields := fields[0], fields[1:]
		if want, known := factFields[key]; !known || want != len(fields) {
			return nil, fmt.Errorf("line %d: not a fact: %q", n, lines.Text())
		}
		if repeats := key == "tool" || key == "source" || key == "flag"; seen[key] && !repeats {
			return nil, fmt.Errorf("line %d: a second %s", n, key)
		}
		seen[key] = true
		if slices.ContainsFunc(fields, func(f string) bool { return f != "" && !isText(f) }) || fields[0] == "" {
			return nil, fmt.Errorf("line %d: not plain text", n)
		}
		if err := m.add(key, fields); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(m.flags) > maxList {
		return nil, errors.New("too many flags")
	}
	return m, m.check()
}

func (m *metadata) add(key string, f []string) (err error) {
	switch key {
	case "language":
		m.Language = f[0]
	case "version":
		m.Version = f[0]
	case "abi":
		m.ABI, err = strconv.Atoi(f[0])
	case "tool":
		m.Tools = append(m.Tools, Tool{f[0], f[1]})
	case "source":
		m.Sources = append(m.Sources, Source{Name: f[0], Version: f[1], Digest: f[2]})
		m.archives = append(m.archives, archive{uri: f[3], file: f[4]})
	case "flag":
		m.flags = append(m.flags, f[0])
	}
	return err
}

// readMissing decodes what a recipe says when it lacks a tool: lines of kind, name and purpose, the last one being
// where it gave up. It is nil when nothing is said.
func readMissing(raw []byte) *MissingError {
	var e *MissingError
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 || !isText(f[0]) || !isText(f[1]) || !isText(f[2]) {
			continue
		}
		next := &MissingError{Kind: f[0], Name: f[1], Purpose: f[2]}
		if e != nil && e.Name != next.Name {
			next.Also = append(e.Also, e.Name)
		}
		e = next
	}
	return e
}
