package build

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// Dependency is something of others that is in a module.
type Dependency struct {
	Type    string         `json:"type"` // of package URLs: "golang", "cargo", "pypi", "npm", "gem", "deb", "rpm", "apk", "generic"
	Kind    DependencyKind `json:"kind,omitempty"`
	Name    string         `json:"name"`
	Version string         `json:"version"`
	PURL    string         `json:"purl,omitempty"` // https://github.com/package-url/purl-spec

	SHA256  string `json:"sha256,omitempty"`  // of the file that it came in, hexadecimal; "" when it was installed here already
	SHA512  string `json:"sha512,omitempty"`  // the same, as npm's registry has it
	DirHash string `json:"dirHash,omitempty"` // hexadecimal, of a folder: what go.sum has in base64 after "h1:"

	License  string   `json:"license,omitempty"`  // an SPDX expression, as its author says; "" = not known
	Relation Relation `json:"relation,omitempty"` // "" = not known
	Note     string   `json:"note,omitempty"`     // what else there is to say, such as the files that were linked
}

// DependencyKind says what a [Dependency] is.
type DependencyKind string

// The kinds of dependencies.
const (
	DependencyModule          DependencyKind = "module"           // Go
	DependencyCrate           DependencyKind = "crate"            // Rust
	DependencyDistribution    DependencyKind = "distribution"     // Python
	DependencyNPM             DependencyKind = "npm package"      // JavaScript
	DependencyGem             DependencyKind = "gem"              // Ruby
	DependencySystemLibrary   DependencyKind = "system library"   // C, of this machine
	DependencyRuntime         DependencyKind = "runtime"          // an interpreter
	DependencySource          DependencyKind = "source"           // what a runtime was compiled from
	DependencyStandardLibrary DependencyKind = "standard library" // of the language
)

// Relation says how a [Dependency] got into a module.
type Relation string

// The relations.
const (
	RelationDirect   Relation = "direct"   // the project names it
	RelationIndirect Relation = "indirect" // something that the project names needs it
	RelationBuild    Relation = "build"    // it ran while building, such as a procedural macro, and is not in the module itself
)

// sortDependencies puts dependencies into one order, each of them once.
func sortDependencies(all []Dependency) []Dependency {
	slices.SortFunc(all, func(a, b Dependency) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Note, b.Note))
	})
	return slices.Compact(all)
}

// packageURL makes a package URL of its parts. The name may have a namespace before it, and qualifiers are pairs of keys
// and values, sorted by key; those without a value are left out.
// https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst
func packageURL(kind, name, version string, qualifiers ...string) string {
	switch kind {
	case "golang", "npm", "deb", "apk":
		name = strings.ToLower(name)
	case "pypi":
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	}
	var b strings.Builder
	b.WriteString("pkg:" + kind)
	for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		b.WriteString("/" + purlEscape(part))
	}
	if version != "" {
		b.WriteString("@" + purlEscape(version))
	}
	separator := "?"
	for i := 0; i+1 < len(qualifiers); i += 2 {
		if qualifiers[i+1] != "" {
			b.WriteString(separator + qualifiers[i] + "=" + purlEscape(qualifiers[i+1]))
			separator = "&"
		}
	}
	return b.String()
}

// purlEscape is percent-encoding that leaves ":" alone, as package URLs want it.
func purlEscape(s string) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return strings.NewReplacer("%3A", ":", "%7E", "~").Replace(s)
}
