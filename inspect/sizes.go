package inspect

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/wpkdev/wpk/wasm"
)

// Sizes tell where the bytes of a file are: by section, by package and by
// function, each the largest first.
type Sizes struct {
	Sections  []wasm.SectionSize `json:"sections"`
	Packages  []PackageSize      `json:"packages,omitempty"`
	Functions []FunctionSize     `json:"functions,omitempty"`
}

// PackageSize is the code of one package, crate or namespace.
type PackageSize struct {
	Language  string `json:"language,omitempty"`
	Package   string `json:"package,omitempty"` // "" for functions whose name does not tell
	Functions int    `json:"functions"`
	Size      int64  `json:"size"`
}

// FunctionSize is one function.
type FunctionSize struct {
	Origin
	Symbol string `json:"symbol,omitempty"` // what the file has, when Name differs
	Index  uint32 `json:"index"`
	Module int    `json:"module,omitempty"` // the module in a component, from 0
	Size   int64  `json:"size"`             // of the body, in bytes
}

// Measure tells the sizes. b are the bytes that m was read from. Errors are of
// type *[wasm.FormatError].
func Measure(m *wasm.Module, b []byte) (*Sizes, error) {
	raw, err := m.Sizes(b)
	if err != nil {
		return nil, err
	}
	languages, err := allLanguages(m, b)
	if err != nil {
		return nil, err
	}
	s := &Sizes{Sections: raw.Sections, Functions: make([]FunctionSize, 0, len(raw.Functions))}
	sums := map[PackageSize]PackageSize{}
	for _, f := range raw.Functions {
		o := OriginOf(f.Name, languages[f.Module])
		size := FunctionSize{Origin: o, Index: f.Index, Module: f.Module, Size: f.Size}
		if f.Name != o.Name {
			size.Symbol = f.Name
		}
		if o.Name == "" {
			size.Name = "function " + strconv.Itoa(int(f.Index))
		}
		s.Functions = append(s.Functions, size)
		key := PackageSize{Language: o.Language, Package: o.Package}
		sum := sums[key]
		sums[key] = PackageSize{o.Language, o.Package, sum.Functions + 1, sum.Size + f.Size}
	}
	for _, sum := range sums {
		s.Packages = append(s.Packages, sum)
	}
	slices.SortFunc(s.Packages, func(a, b PackageSize) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Language, b.Language))
	})
	return s, nil
}

// allLanguages are the languages of each module in a file.
func allLanguages(m *wasm.Module, b []byte) ([][]string, error) {
	modules, err := m.Modules(b)
	if err != nil {
		return nil, err
	}
	all := make([][]string, len(modules))
	for i, inner := range modules {
		all[i] = Languages(inner.Module.Producers)
	}
	return all, nil
}
