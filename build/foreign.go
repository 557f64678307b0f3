package build

import (
	"fmt"
	"slices"

	"github.com/wpkdev/wpk/wasm"
)

// maxForeign bounds how many imports are named.
const maxForeign = 4

// foreignWarnings tells of a program's imports that no WASI engine offers. Rust's linker makes such imports of every C
// function that it does not find. A library's imports are its host's affair.
func foreignWarnings(m *wasm.Module) []Warning {
	if m.Kind != wasm.Core || !m.IsCommand() {
		return nil
	}
	foreign := importsBeyond(m, adaptedModule, "wasi_unstable")
	var all []Warning
	for n, i := range foreign {
		w := Warning{Where: "import of " + i.Name, Text: fmt.Sprintf("nothing that WASI has: the program starts only where the host offers it in %q", i.Module)}
		if n == maxForeign-1 && len(foreign) > maxForeign {
			w.Text += fmt.Sprintf("; so are %d more", len(foreign)-maxForeign)
			return append(all, w)
		}
		all = append(all, w)
	}
	return all
}

// importsBeyond are the imports that come from none of the modules offered.
func importsBeyond(m *wasm.Module, offered ...string) []wasm.Import {
	return slices.DeleteFunc(slices.Clone(m.Imports), func(i wasm.Import) bool { return slices.Contains(offered, i.Module) })
}
