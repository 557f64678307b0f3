package inspect

import (
	"slices"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// The languages of an [Origin].
const (
	languageGo             = "Go"
	languageRust           = "Rust"
	languageC              = "C"
	languageCXX            = "C++"
	languageAssemblyScript = "AssemblyScript"
)

// Origin is where a function comes from, as far as its name tells.
type Origin struct {
	Language string `json:"language,omitempty"`
	// Package is the Go package, the Rust crate, the C++ namespace or the
	// AssemblyScript file; "" when the name has none, as in C.
	Package string `json:"package,omitempty"`
	// Name is what a person calls the function: demangled as far as that goes.
	Name string `json:"name"`
}

// Producers are those of a file and of the modules in it, each once. b are the
// bytes that m was read from.
func Producers(m *wasm.Module, b []byte) ([]wasm.Producer, error) {
	modules, err := m.Modules(b)
	if err != nil {
		return nil, err
	}
	var all []wasm.Producer
	seen := map[wasm.Producer]bool{}
	add := func(producers []wasm.Producer) {
		for _, p := range producers {
			if !seen[p] {
				seen[p] = true
				all = append(all, p)
			}
		}
	}
	add(m.Producers)
	for _, inner := range modules {
		add(inner.Module.Producers)
	}
	return all, nil
}

// maxLanguages is more than any module is written in.
const maxLanguages = 32

// Languages are those among producers.
func Languages(producers []wasm.Producer) []string {
	var all []string
	for _, p := range producers {
		if p.Field == "language" && len(all) < maxLanguages && !slices.Contains(all, p.Name) {
			all = append(all, p.Name)
		}
	}
	return all
}

// OriginOf reads a symbol of a module that is written in some languages. They
// matter, because a.b is a method of Go and may be anything elsewhere.
func OriginOf(symbol string, languages []string) Origin {
	switch {
	case symbol == "":
		return Origin{}
	case slices.Contains(languages, languageGo):
		return goOrigin(symbol)
	case strings.HasPrefix(symbol, "_ZN") && isRustLegacy(symbol):
		return rustLegacy(symbol)
	case strings.HasPrefix(symbol, "_R"):
		return rustV0(symbol)
	case strings.HasPrefix(symbol, "_Z"):
		return cxxMangled(symbol)
	case strings.HasPrefix(symbol, "~lib/"), strings.HasPrefix(symbol, "assembly/"):
		i := strings.LastIndexByte(symbol, '/')
		return Origin{languageAssemblyScript, symbol[:i], symbol}
	case strings.Contains(symbol, "::"):
		return colonOrigin(symbol, languages)
	case strings.HasSuffix(symbol, "]") || strings.Contains(symbol, "("):
		return Origin{languageCXX, "", symbol}
	}
	return Origin{languageC, "", symbol}
}

// goOrigin reads "net/http.(*Server).Serve", "type:.eq.main.T" and what TinyGo
// makes of the first: "(*net/http.Server).Serve".
func goOrigin(symbol string) Origin {
	o := Origin{Language: languageGo, Name: symbol}
	path := strings.TrimPrefix(strings.TrimPrefix(symbol, "type:.eq."), "type:.hash.")
	path = strings.TrimLeft(path, "(*[].0123456789")
	if i := strings.IndexByte(path, '['); i >= 0 { // type arguments have paths of their own
		path = path[:i]
	}
	slash := strings.LastIndexByte(path, '/')
	dot := strings.IndexByte(path[slash+1:], '.')
	if dot > 0 {
		// A dot in the last element of an import path is escaped in symbols.
		o.Package = strings.ReplaceAll(path[:slash+1+dot], "%2e", ".")
	}
	if o.Package == "" || strings.HasPrefix(symbol, "go:") || strings.HasPrefix(symbol, "_rt0_") || strings.HasPrefix(symbol, "wasm_") {
		o.Package = "runtime"
	}
	return o
}

// colonOrigin reads names that the linker has demangled: of Rust they end in a
// hash, all others are C++.
func colonOrigin(symbol string, languages []string) Origin {
	parts := strings.Split(symbol, "::")
	if last := parts[len(parts)-1]; slices.Contains(languages, languageRust) || isHash(last) {
		if isHash(last) {
			parts = parts[:len(parts)-1]
		}
		return Origin{languageRust, crateOf(parts[0]), strings.Join(parts, "::")}
	}
	first := parts[0]
	if i := strings.LastIndexAny(first, " *&"); i >= 0 {
		first = first[i+1:] // the type that a template function returns
	}
	if i := strings.IndexAny(first, "<("); i >= 0 {
		first = first[:i]
	}
	return Origin{languageCXX, first, symbol}
}

// crateOf is the crate in the first part of a path, which may be "<T as Trait>"
// or begin as "<alloc".
func crateOf(first string) string {
	first = strings.TrimLeft(first, "<&*[( ")
	first = strings.TrimPrefix(strings.TrimPrefix(first, "mut "), "dyn ")
	if i := strings.IndexAny(first, " <>,;]:)"); i >= 0 {
		first = first[:i]
	}
	return first
}
