package pack

import "github.com/wpkdev/wpk/wasm"

// Starts says whether a consumer starts an artifact.
type Starts string

// The three answers.
const (
	StartsPlain Starts = "yes"
	StartsFlag  Starts = "with a flag"
	StartsNot   Starts = "no"
)

// Consumer is one program that runs artifacts and what it does with a given
// one.
type Consumer struct {
	Name   string `json:"name"`
	Starts Starts `json:"starts"`
	// Note is the flag that is needed, or the reason why it cannot start.
	Note string `json:"note,omitempty"`
}

// The reasons and flags of the table.
const (
	noteComponent    = "crun's engines run core modules only; a component needs runwasi with wasmtime"
	noteRuntimeClass = "a RuntimeClass whose handler is crun with a Wasm engine"
	noteSnapshot     = "fails with \"parent snapshot does not exist\"; use the universal layout"
	notePlatform     = "--platform wasi/wasm"
	noteNoChild      = "no child for linux/<arch>; use the universal layout"
	noteArtifact     = "wants the CNCF Wasm artifact, not an image"
	noteNotImage     = "not an image; use the universal layout"
	noteOther        = "depends on the children of this index"
	notePlugin       = "a plugin of Envoy and Istio, not a program"
	noteLegacy       = "for Kubewarden, Krustlet and wasm-to-oci; use the artifact layout"
	noteSpin         = "Spin alone starts its applications"
)

// Consumers tells who starts a module of this kind in this layout, as
// measured with the real programs (see RATIONALE.md, "Layouts"). Layout is
// that of [Content].
func Consumers(layout string, kind wasm.Kind) []Consumer {
	if layout == LayoutRuntime {
		return nil // nobody starts a runtime without a program
	}
	names := []string{
		"Podman, CRI-O (crun + WasmEdge)",
		"containerd 1.7 (CRI)",
		"containerd 2 (CRI), Kubernetes",
		"Docker (--runtime crun-wasm)",
		"wkg, wasmCloud, Spin",
	}
	verdicts := imageVerdicts(layout)
	out := make([]Consumer, len(names))
	for i, name := range names {
		out[i] = verdicts[i]
		out[i].Name = name
		isImage := (layout == LayoutUniversal || layout == LayoutImage || layout == LayoutIndex) && i < len(names)-1
		if isImage && kind == wasm.Component {
			out[i] = Consumer{name, StartsNot, noteComponent}
		}
	}
	return out
}

// imageVerdicts is the measured table, in the order of Consumers.
func imageVerdicts(layout string) []Consumer {
	cri := Consumer{Starts: StartsPlain, Note: noteRuntimeClass}
	not := func(note string) Consumer { return Consumer{Starts: StartsNot, Note: note} }
	switch layout {
	case LayoutUniversal:
		return []Consumer{{Starts: StartsPlain}, cri, cri, {Starts: StartsPlain}, not(noteArtifact)}
	case LayoutImage:
		return []Consumer{
			{Starts: StartsPlain, Note: "with a platform warning"},
			cri, not(noteSnapshot),
			{Starts: StartsFlag, Note: "the containerd image store; the older store refuses it"},
			not(noteArtifact),
		}
	case LayoutArtifact:
		no := not(noteNotImage)
		return []Consumer{no, no, no, no, {Starts: StartsPlain}}
	case LayoutProxyWasm, LayoutProxyWasmCompat:
		no := not(notePlugin)
		return []Consumer{no, no, no, no, no}
	case LayoutLegacy:
		no := not(noteNotImage)
		return []Consumer{no, no, no, no, not(noteLegacy)}
	case LayoutSpin:
		no := not(noteNotImage)
		return []Consumer{no, no, no, no, {Starts: StartsFlag, Note: noteSpin}}
	default:
		return []Consumer{
			{Starts: StartsFlag, Note: notePlatform},
			not(noteNoChild), not(noteNoChild),
			{Starts: StartsFlag, Note: notePlatform},
			not(noteArtifact),
		}
	}
}
