package build

import (
	"fmt"
	"path"
	"slices"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
	"github.com/wpkdev/wpk/wasm"
)

// keptSections are the custom sections that stay in a stripped module: what loaders and engines read, and the few bytes
// that tell who made it, which strip keeps in ELF files, too.
//   - https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md (dylink.0)
//   - https://github.com/WebAssembly/tool-conventions/blob/main/BuildId.md (build_id)
//   - https://github.com/WebAssembly/tool-conventions/blob/main/CodeMetadata.md (metadata.code.…)
func keptSections() []string {
	return []string{"producers", "build_id", "dylink.0", "metadata.code.*", worldSection, worldSection + ":*"}
}

// strip takes the custom sections out of a module and out of whatever is inside, except for those that match keep or
// keptSections. It returns the names of what it took out, sorted.
func strip(m *Module, keep []string) (stripped []byte, removed []string, err error) {
	keep = append(keptSections(), keep...)
	stays := func(s wasm.Section) bool {
		if s.ID != 0 {
			return true
		}
		for _, pattern := range keep {
			if ok, err := path.Match(pattern, s.Custom); s.Custom == pattern || (ok && err == nil) {
				return true
			}
		}
		if i, there := slices.BinarySearch(removed, s.Custom); !there {
			removed = slices.Insert(removed, i, s.Custom)
		}
		return false
	}
	stripped, err = editModule(m, sectionEdit{stays: stays})
	return stripped, removed, err
}

// A sectionEdit is what editModule does to a module or component and to everything inside. A function that is nil
// changes nothing.
type sectionEdit struct {
	stays  func(wasm.Section) bool        // whether a section does
	module func(b []byte) ([]byte, error) // another module in the place of a core module
}

// maxNesting bounds components in components.
const maxNesting = 32

func editModule(m *Module, e sectionEdit) ([]byte, error) { return e.apply(m.Wasm, m.Info, 0) }

func (e sectionEdit) apply(b []byte, info *wasm.Module, depth int) ([]byte, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("%w: components nested deeper than %d", errMalformed, maxNesting)
	}
	if info.Kind == wasm.Core && e.module != nil {
		return e.module(b)
	}
	const preamble = 8
	out := slices.Clone(b[:preamble])
	begin := int64(preamble)
	for _, s := range info.Sections {
		end := s.Offset + s.Size
		whole := b[begin:end]
		begin = end
		switch {
		case e.stays != nil && !e.stays(s):
		case info.IsNested(s):
			inner, err := wasm.Decode(b[s.Offset:end])
			if err != nil {
				return nil, &ResultError{Name: "a module in the component", Err: err}
			}
			changed, err := e.apply(b[s.Offset:end], inner, depth+1)
			if err != nil {
				return nil, err
			}
			out = wasmbin.AppendSection(out, s.ID, changed)
		default:
			out = append(out, whole...)
		}
	}
	return out, nil
}
