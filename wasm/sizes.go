package wasm

import (
	"cmp"
	"fmt"
	"slices"
)

// Sizes tell where the bytes of a file are.
type Sizes struct {
	// Sections are the kinds of sections, the largest first. For a component
	// they are those of the modules in it, and all that binds these together is
	// the one called "component".
	Sections []SectionSize `json:"sections"`
	// Functions are those of all modules, the largest first.
	Functions []FunctionSize `json:"functions,omitempty"`
}

// SectionSize is how much all sections of one name take.
type SectionSize struct {
	Name   string `json:"name"` // "code", or a custom section's own name
	Custom bool   `json:"custom,omitempty"`
	Count  int    `json:"count"`
	Size   int64  `json:"size"` // in bytes, with the sections' headers
}

// FunctionSize is a function, and the module that it is in.
type FunctionSize struct {
	Function
	Module int `json:"module,omitempty"` // the number of the module in a component, from 0
}

// componentPart is the name of what a component has besides modules.
const componentPart = "component"

// Sizes measures the sections and functions of a file. b are the bytes that m
// was read from. Errors are of type *FormatError.
func (m *Module) Sizes(b []byte) (*Sizes, error) {
	modules, err := m.Modules(b)
	if err != nil {
		return nil, err
	}
	var sizes Sizes
	sections := sectionSums{}
	rest := m.Size
	for n, inner := range modules {
		sections.add(inner.Module)
		rest -= inner.Module.Size
		functions, err := inner.Module.Functions(inner.Bytes)
		if err != nil {
			return nil, err
		}
		if len(sizes.Functions)+len(functions) > maxFunctions {
			return nil, &FormatError{Offset: inner.Offset, Reason: fmt.Sprintf("more than %d functions in all modules", maxFunctions)}
		}
		for _, f := range functions {
			sizes.Functions = append(sizes.Functions, FunctionSize{f, n})
		}
	}
	if m.Kind == Component {
		sections[SectionSize{Name: componentPart}] = &SectionSize{Name: componentPart, Count: 1, Size: rest}
	}
	sizes.Sections = sections.sorted()
	slices.SortStableFunc(sizes.Functions, func(a, b FunctionSize) int { return cmp.Compare(b.Size, a.Size) })
	return &sizes, nil
}

// sectionSums are totals by name; the keys have nothing but that.
type sectionSums map[SectionSize]*SectionSize

func (t sectionSums) add(m *Module) {
	end := int64(preambleSize)
	for _, s := range m.Sections {
		key := SectionSize{Name: s.Name}
		if s.ID == idCustom {
			key = SectionSize{Name: s.Custom, Custom: true}
		}
		sum := t[key]
		if sum == nil {
			sum = &SectionSize{Name: key.Name, Custom: key.Custom}
			t[key] = sum
		}
		sum.Count++
		sum.Size += s.Offset + s.Size - end
		end = s.Offset + s.Size
	}
}

func (t sectionSums) sorted() []SectionSize {
	all := make([]SectionSize, 0, len(t))
	for _, sum := range t {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b SectionSize) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Name, b.Name), cmp.Compare(b.Count, a.Count))
	})
	return all
}
