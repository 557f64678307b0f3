package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A node is a part of the file in the picture.
type node struct {
	name   string
	detail string // shown when the pointer is on it
	size   int64
	color  string
	nodes  []node // the largest first; what they leave of size has no rectangle
}

// The bounds of a picture: more parts could not be told apart.
const (
	maxPackages  = 80
	maxFunctions = 1500 // of one package
)

// palette are the colours of packages by their rank. The largest ones get the
// colours that differ most.
var palette = [...]string{
	"#8ecae6", "#ffcb77", "#b5e48c", "#f4a6a6", "#cdb4db", "#90dbc4",
	"#f6bd8b", "#a3b8f0", "#e5d68a", "#e8a7d0", "#a9d6e5", "#c7d59f",
}

const (
	colorData  = "#d9c7ae"
	colorNames = "#d5d8dc"
	colorOther = "#e6e1ea"
	colorFrame = "#f7f8fa"
	colorMore  = "#eceff1"
)

// tree makes the picture's parts of sizes.
func tree(name string, total int64, s *Sizes) node {
	root := node{name: name, size: total, color: colorFrame}
	for _, sec := range s.Sections {
		n := node{name: sec.Name, size: sec.Size, color: colorOther, detail: sec.Name + " section"}
		if sec.Count > 1 {
			n.detail = fmt.Sprintf("%d %s sections", sec.Count, sec.Name)
		}
		switch {
		case sec.Custom:
			n.color, n.detail = colorNames, "custom section "+sec.Name
		case sec.Name == "data":
			n.color = colorData
		case sec.Name == "code":
			n.color, n.nodes = colorFrame, packageNodes(s)
		}
		root.nodes = append(root.nodes, n)
	}
	return root
}

// packageNodes are the packages, with the functions in them.
func packageNodes(s *Sizes) []node {
	type key struct{ language, pkg string }
	at := map[key]int{}
	var all []node
	for i, p := range s.Packages {
		if i == maxPackages {
			rest := s.Packages[i:]
			n := node{name: fmt.Sprintf("%d more packages", len(rest)), color: colorMore}
			for _, p := range rest {
				n.size += p.Size
			}
			all = append(all, n)
			break
		}
		at[key{p.Language, p.Package}] = i
		name := cmp.Or(p.Package, p.Language, "unnamed")
		words := strings.TrimSpace(fmt.Sprintf("%s %s, %d functions", p.Language, p.Package, p.Functions))
		all = append(all, node{name: name, detail: words, size: p.Size, color: palette[i%len(palette)]})
	}
	for _, f := range s.Functions {
		i, shown := at[key{f.Language, f.Package}]
		if !shown {
			continue
		}
		if p := &all[i]; len(p.nodes) < maxFunctions {
			p.nodes = append(p.nodes, node{name: shortName(f), detail: f.Name, size: f.Size, color: p.color})
		}
	}
	for i := range all {
		addRest(&all[i])
	}
	slices.SortStableFunc(all, func(a, b node) int { return cmp.Compare(b.size, a.size) })
	return all
}

// addRest makes one part of the functions that are too many to be shown.
func addRest(p *node) {
	rest := p.size
	for _, f := range p.nodes {
		rest -= f.size
	}
	if rest > 0 && len(p.nodes) == maxFunctions {
		p.nodes = append(p.nodes, node{name: "smaller functions", size: rest, color: colorMore})
	}
}

// shortName is a function's name as its package's frame may leave it: without
// the package, and of C++ and Rust the last two parts without types.
func shortName(f FunctionSize) string {
	if strings.Contains(f.Name, "::") {
		return lastParts(f.Name)
	}
	name := strings.TrimPrefix(f.Name, f.Package)
	if name == "" || f.Package == "" {
		return f.Name
	}
	return strings.TrimLeft(name, ".:/")
}

// lastParts makes "get::do_get" of "void std::get<T>::do_get(int)".
func lastParts(name string) string {
	var plain strings.Builder
	depth := 0
	for i, r := range name {
		switch {
		case r == '<' && i > 0:
			depth++
		case r == '>' && depth > 0:
			depth--
		case depth > 0:
		case r == '(' && i > 0:
			name = "" // the parameters
		case name != "":
			plain.WriteRune(r)
		}
	}
	parts := strings.Split(strings.Trim(plain.String(), "<>& "), "::")
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "__1" || p == "__2" }) // versions of libc++
	short := strings.Join(parts[max(0, len(parts)-2):], "::")
	if i := strings.LastIndexByte(short, ' '); i >= 0 {
		short = short[i+1:] // what it returns
	}
	return short
}
