package wasm

// The ids of the sections that are decoded. Custom sections have id 0 in both
// formats; the other ids are unrelated.
const (
	idCustom = 0

	coreImport = 2
	coreMemory = 5
	coreExport = 7
	coreCode   = 10
	coreData   = 11

	componentModule    = 1
	componentComponent = 4

	componentImport = 10
	componentExport = 11
)

// coreSections are the names of https://webassembly.github.io/spec/core/binary/modules.html#sections by id.
var coreSections = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global",
	"export", "start", "element", "code", "data", "data count", "tag",
}

// componentSections are the names of
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#component-definitions by id.
var componentSections = [...]string{
	"custom", "core module", "core instance", "core type", "component", "instance", "alias",
	"type", "canon", "start", "import", "export", "value",
}

func sectionName(kind Kind, id byte) string {
	names := coreSections[:]
	if kind == Component {
		names = componentSections[:]
	}
	if int(id) < len(names) {
		return names[id]
	}
	return ""
}

// decoder returns the function that reads a section's content, or nil for
// those that stay unread.
func decoder(kind Kind, id byte) func(*cursor, *Module) error {
	switch {
	case kind == Core && id == coreImport:
		return decodeImports
	case kind == Core && id == coreMemory:
		return decodeMemories
	case kind == Core && id == coreExport:
		return decodeExports
	case kind == Component && id == componentImport:
		return decodeComponentImports
	case kind == Component && id == componentExport:
		return decodeComponentExports
	}
	return nil
}

// coreOrder is the place of each core section id in a module. The ids of the
// tag and data count sections were given later than their places.
var coreOrder = [len(coreSections)]int{
	1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 13: 6, 6: 7, 7: 8, 8: 9, 9: 10, 12: 11, 10: 12, 11: 13,
}

// orderCheck enforces that every section but custom ones comes at most once
// and in its place: https://webassembly.github.io/spec/core/binary/modules.html#binary-module.
// Components may repeat and mix theirs.
type orderCheck struct{ last Section }

func (o *orderCheck) next(s Section) error {
	if s.ID == idCustom {
		return nil
	}
	switch was, is := coreOrder[o.last.ID], coreOrder[s.ID]; {
	case was == is:
		return &FormatError{Offset: s.Offset, Section: s.Name, Reason: "a second section of this kind"}
	case was > is:
		return &FormatError{Offset: s.Offset, Section: s.Name, Reason: "it must come before the " + o.last.Name + " section"}
	}
	o.last = s
	return nil
}
