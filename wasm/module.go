// Package wasm reads the WebAssembly binary format far enough to say what a
// file is: core module or component, its sections, what it imports and
// exports, its memories, who produced it and which WASI it asks for.
//
// It is a reader for foreign bytes. It never panics, never allocates from a
// length that it has not compared with the bytes that are really there, and
// never reads the bodies of the code and data sections, so that a module of a
// hundred megabytes costs a few small reads. It does not validate: a module
// that Read accepts may still be refused by an engine.
//
// The formats are those of https://webassembly.github.io/spec/core/binary/ and
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md.
package wasm

// Kind tells the two binary formats apart that share the magic "\0asm".
type Kind uint8

const (
	// Core is a core module: version 1, layer 0 (bytes 4 to 8 are 01 00 00 00).
	Core Kind = iota
	// Component is a component: version 13, layer 1 (bytes 4 to 8 are 0d 00 01 00).
	Component
)

// String returns "core module" or "component".
func (k Kind) String() string {
	if k == Component {
		return "component"
	}
	return "core module"
}

// MarshalText makes JSON say "core module" and not 0.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Module is what Read found out about one file. Every slice is in the order
// of the file.
type Module struct {
	Kind     Kind      `json:"kind"`
	Size     int64     `json:"size"` // of the whole file, in bytes
	Sections []Section `json:"sections"`
	Imports  []Import  `json:"imports,omitempty"`
	Exports  []Export  `json:"exports,omitempty"`
	// Memories are the imported and the own memories of a core module. The
	// memories inside of a component's nested modules are not listed.
	Memories  []Memory   `json:"memories,omitempty"`
	Producers []Producer `json:"producers,omitempty"`
	// Name is the module's own name in the name section, often empty.
	Name string `json:"name,omitempty"`
	// NamedFunctions is the number of entries the name section says it has
	// for functions; 0 means that the module was stripped.
	NamedFunctions int `json:"namedFunctions,omitempty"`
}

// Section is one top-level section of the file.
type Section struct {
	ID   byte   `json:"id"`
	Name string `json:"name"` // "type", "import", "code", "custom" …
	// Custom is a custom section's own name, such as "producers".
	Custom string `json:"custom,omitempty"`
	Offset int64  `json:"offset"` // of the content, after id and length
	Size   int64  `json:"size"`   // of the content, in bytes
}

// Import is one thing that the module needs from its host.
type Import struct {
	// Module is the first level of a core module's two-level name. It is
	// empty in a component, whose imports have one name such as
	// "wasi:cli/environment@0.2.0".
	Module string `json:"module,omitempty"`
	Name   string `json:"name"`
	// Kind is "func", "table", "memory", "global" or "tag" in a core module;
	// "core module", "func", "value", "type", "component" or "instance" in a
	// component.
	Kind string `json:"kind"`
}

// Export is one thing that the module offers; Kind as in Import.
type Export struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// Memory is the type of one linear memory. Min and Max count pages of
// PageSize bytes; Max is meaningless unless HasMax.
type Memory struct {
	Min      uint64 `json:"min"`
	Max      uint64 `json:"max,omitempty"`
	PageSize uint64 `json:"pageSize"` // 65536, or what the custom-page-sizes proposal says
	HasMax   bool   `json:"hasMax,omitempty"`
	Shared   bool   `json:"shared,omitempty"`
	Is64     bool   `json:"is64,omitempty"`
	Imported bool   `json:"imported,omitempty"`
}

// Producer is one value of the producers section: Field is "language",
// "processed-by" or "sdk".
type Producer struct {
	Field   string `json:"field"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}
