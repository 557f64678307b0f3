package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// check looks at size and the first eight bytes: the magic number, the version
// and the layer, which is 1 in a component.
// See https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
func check(module []byte, limit int64) error {
	switch {
	case int64(len(module)) > limit:
		return fmt.Errorf("%w: %d bytes, of which %d are allowed", ErrTooLarge, len(module), limit)
	case len(module) < 8 || !bytes.HasPrefix(module, []byte("\x00asm")):
		return ErrNotWasm
	case module[6] == 1 && module[7] == 0:
		return ErrComponent
	}
	return checkFunctions(module)
}

// checkImports compares what the module imports with what the host has, so
// that the error names the function and not just the linking's failure.
func checkImports(m wazero.CompiledModule, r wazero.Runtime) error {
	wasi := r.Module(wasi_snapshot_preview1.ModuleName).ExportedFunctionDefinitions()
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		known, ok := wasi[name]
		switch {
		case module != wasi_snapshot_preview1.ModuleName:
			return &ImportError{Module: module, Name: name, Kind: "func", Reason: foreign(module)}
		case !ok:
			return &ImportError{Module: module, Name: name, Kind: "func"}
		case !sameSignature(f, known):
			return &ImportError{Module: module, Name: name, Kind: "func", Reason: "it has another signature"}
		}
	}
	for _, mem := range m.ImportedMemories() {
		module, name, _ := mem.Import()
		return &ImportError{Module: module, Name: name, Kind: "memory"}
	}
	return nil
}

func sameSignature(a, b api.FunctionDefinition) bool {
	return slices.Equal(a.ParamTypes(), b.ParamTypes()) && slices.Equal(a.ResultTypes(), b.ResultTypes())
}

// foreign says what kind of host a module asks for, when it can be told.
func foreign(module string) string {
	switch {
	case module == "wasi_unstable":
		return "the module was built for WASI preview 0"
	case strings.HasPrefix(module, "wasi:"):
		return "the module was built for WASI 0.2"
	case module == "gojs" || module == "go":
		return "the module was built with GOOS=js; build it with GOOS=wasip1"
	default:
		return ""
	}
}
