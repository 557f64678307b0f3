package build

import (
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// SizeError tells that a module is larger than it may be, and where its bytes are.
type SizeError struct {
	Size, Limit int64               // in bytes
	Sections    []wasm.SectionSize  // the largest ones, the largest first
	Functions   []wasm.FunctionSize // the same
	Strip       int64               // how many bytes less a stripped module would have
}

// How many parts a SizeError names.
const (
	largestSections  = 4
	largestFunctions = 5
)

func sizeError(m *Module, limit int64) error {
	e := &SizeError{Size: int64(len(m.Wasm)), Limit: limit}
	sizes, err := m.Info.Sizes(m.Wasm)
	if err != nil {
		return &ResultError{Err: err}
	}
	e.Sections = sizes.Sections[:min(len(sizes.Sections), largestSections)]
	e.Functions = sizes.Functions[:min(len(sizes.Functions), largestFunctions)]
	if stripped, _, err := strip(m, nil); err == nil {
		e.Strip = e.Size - int64(len(stripped))
	}
	return e
}

func (e *SizeError) Error() string {
	var parts, functions []string
	for _, s := range e.Sections {
		parts = append(parts, fmt.Sprintf("%s %d", s.Name, s.Size))
	}
	for _, f := range e.Functions {
		name := f.Name
		if name == "" {
			name = fmt.Sprintf("function %d", f.Index)
		}
		functions = append(functions, fmt.Sprintf("%s %d", name, f.Size))
	}
	s := fmt.Sprintf("the module has %d bytes, the limit is %d; largest sections: %s", e.Size, e.Limit, strings.Join(parts, ", "))
	if len(functions) > 0 {
		s += "; largest functions: " + strings.Join(functions, ", ")
	}
	return s
}
