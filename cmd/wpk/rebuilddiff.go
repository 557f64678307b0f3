package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/wasm"
)

// compare sets what was recorded against what a second build gave. Of an
// artifact in several layouts only one was asked for.
func compare(r *attest.Recorded, again *againBuilt, subject string, module []byte) *rebuilt {
	found := &rebuilt{
		Source: strings.Trim(r.Source.URL+"@"+r.Source.Revision, "@"), Digest: compared{subject, again.digests[0]},
		Module: compared{r.Module.Digest, again.module}, Varies: r.Facts.Varies,
	}
	if slices.Contains(again.digests, subject) {
		found.Digest.Is = subject
	}
	found.Same = found.Digest.Was == found.Digest.Is && found.Module.Was == found.Module.Is
	if found.Same {
		return found
	}
	found.Differences = append(toolDifferences(r.Facts.Tools, again.facts.Tools), listDifferences("flag", r.Facts.Flags, again.facts.Flags)...)
	found.Differences = append(found.Differences, listDifferences("environment", r.Facts.Env, again.facts.Env)...)
	for _, d := range []difference{
		{"wpk", compared{r.Builder.Version, versionOf()}},
		{"language", compared{r.Facts.Language, again.facts.Language}},
		{"target", compared{r.Facts.Target, again.facts.Target}},
	} {
		if d.Was != d.Is {
			found.Differences = append(found.Differences, d)
		}
	}
	if found.Module.Was != found.Module.Is {
		found.Differences = append(found.Differences, sectionDifferences(module, again.wasm)...)
	}
	return found
}

// toolDifferences compares the programs by name.
func toolDifferences(was, is []build.Tool) []difference {
	text := func(tools []build.Tool, name string) string {
		for _, t := range tools {
			if t.Name == name {
				return strings.Join(strings.Fields(t.Version+" "+t.Digest), " ")
			}
		}
		return ""
	}
	var all []difference
	seen := map[string]bool{}
	for _, t := range append(slices.Clone(was), is...) {
		d := difference{"tool " + t.Name, compared{text(was, t.Name), text(is, t.Name)}}
		if !seen[t.Name] && d.Was != d.Is {
			all = append(all, d)
		}
		seen[t.Name] = true
	}
	return all
}

// listDifferences are the words that only one of the lists has.
func listDifferences(what string, was, is []string) []difference {
	var all []difference
	for _, w := range was {
		if !slices.Contains(is, w) {
			all = append(all, difference{what, compared{Was: w}})
		}
	}
	for _, w := range is {
		if !slices.Contains(was, w) {
			all = append(all, difference{what, compared{Is: w}})
		}
	}
	return all
}

// sectionDifferences compares the sections of two modules by their place among
// those of the same name.
func sectionDifferences(was, is []byte) []difference {
	before, after := sectionsOf(was), sectionsOf(is)
	var all []difference
	for i := range max(len(before), len(after)) {
		var a, b section
		if i < len(before) {
			a = before[i]
		}
		if i < len(after) {
			b = after[i]
		}
		if a != b {
			all = append(all, difference{"section " + a.or(b), compared{a.text(), b.text()}})
		}
	}
	return all
}

// A section is one of a module, as it is compared.
type section struct {
	name string
	size int64
	sum  string
}

func (s section) or(other section) string {
	if s.name == "" {
		return other.name
	}
	return s.name
}

func (s section) text() string {
	if s.name == "" {
		return ""
	}
	return fmt.Sprintf("%s of %s (%s)", s.name, ui.Bytes(s.size), s.sum)
}

func sectionsOf(module []byte) []section {
	m, err := wasm.Decode(module)
	if err != nil {
		return nil
	}
	var all []section
	for _, s := range m.Sections {
		all = append(all, newSection(module, s))
	}
	return all
}

func newSection(module []byte, s wasm.Section) section {
	name := s.Name
	if s.Custom != "" {
		name += " " + s.Custom
	}
	content := module[s.Offset : s.Offset+s.Size]
	return section{ui.Printable(name), s.Size, digest.FromBytes(content).String()[:len("sha256:")+12]}
}
