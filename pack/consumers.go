package pack

import (
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

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
	// Layout is the one that it would start, when that is another one.
	Layout string `json:"layout,omitempty"`
}

// The names of consumers that others ask for.
const (
	ConsumerPodman     = "Podman"
	ConsumerKubernetes = "containerd 2, Kubernetes"
	ConsumerRunwasi    = "containerd 2 with runwasi"
	ConsumerSpin       = "Spin"
)

// The reasons and flags of the table.
const (
	noteComponent    = "crun's engines run core modules only; a component needs runwasi with wasmtime"
	noteLibrary      = "a library: it has no _start"
	noteForeign      = "no such engine offers what it imports: "
	noteRuntimeClass = "a RuntimeClass whose handler is crun with a Wasm engine"
	noteRunwasi      = "a RuntimeClass whose handler is io.containerd.wasmtime.v1"
	noteSnapshot     = `fails with "parent snapshot does not exist"`
	notePlatform     = "--platform wasi/wasm"
	noteDocker       = "--runtime crun-wasm"
	noteDockerStore  = "--runtime crun-wasm, and the containerd image store: the older one refuses it"
	noteNoChild      = "no child for linux/<arch>"
	noteArtifact     = "wants the CNCF Wasm artifact"
	noteNotImage     = "not an image"
	noteSpin         = "as the source of a component in spin.toml"
	noteNotSpin      = "starts Spin applications"
	noteSpinPart     = "a Spin application: its modules are no programs by themselves"
	noteComponents   = "runs components: wpk build --target wasip2"
	noteNotPlugin    = "no plugin: it exports no proxy_abi_version"
	notePlugin       = "a plugin of Envoy and Istio, no program"
)

// What a module is for those who start it.
type program struct {
	component bool
	command   bool   // has _start or wasi:cli/run
	serves    bool   // answers HTTP requests: wasi:http/incoming-handler
	plugin    bool   // of Envoy: https://github.com/proxy-wasm/spec
	foreign   string // an import that is not of WASI; "" = none
}

func programOf(m *wasm.Module) program {
	p := program{component: m.Kind == wasm.Component, command: m.IsCommand()}
	for _, e := range m.Exports {
		p.serves = p.serves || strings.HasPrefix(e.Name, "wasi:http/incoming-handler")
		p.plugin = p.plugin || strings.HasPrefix(e.Name, "proxy_abi_version")
	}
	for _, i := range m.Imports {
		known := i.Module == "wasi_snapshot_preview1" || i.Module == "wasi_unstable"
		if !p.component && !known && p.foreign == "" {
			p.foreign = i.Module + "." + i.Name
		}
	}
	return p
}

// problem is why no engine behind crun runs it; "" when they do.
func (p program) problem() string {
	switch {
	case p.component:
		return noteComponent
	case p.plugin:
		return notePlugin
	case !p.command:
		return noteLibrary
	case p.foreign != "":
		return noteForeign + p.foreign
	}
	return ""
}

// runwasiProblem is the same for wasmtime behind runwasi, which runs components, too.
func (p program) runwasiProblem() string {
	if !p.component {
		return p.problem()
	}
	if !p.command && !p.serves {
		return "a library: it has neither wasi:cli/run nor wasi:http/incoming-handler"
	}
	return ""
}

// Consumers tells who starts a module in this layout, as measured with the real
// programs or read in their sources (see RATIONALE.md, "Layouts"). Layout is
// that of [Content].
func Consumers(layout string, m *wasm.Module) []Consumer {
	if layout == LayoutRuntime {
		return nil // nobody starts a runtime without a program
	}
	p := programOf(m)
	crun := func(name string, byLayout func(string) Consumer) Consumer {
		return decide(name, layout, p.problem(), byLayout)
	}
	return []Consumer{
		crun(ConsumerPodman, onPodman),
		crun("CRI-O", onCrio),
		crun("containerd 1.7", onContainerd1),
		crun(ConsumerKubernetes, onContainerd2),
		decide(ConsumerRunwasi, layout, p.runwasiProblem(), onRunwasi),
		crun("Docker", onDocker),
		called("wkg", artifactOnly(layout, "")),
		called("wasmCloud", wasmCloud(layout, p)),
		called(ConsumerSpin, spin(layout, p)),
		called("Istio, Envoy", proxy(layout, p)),
	}
}

func called(name string, c Consumer) Consumer {
	c.Name = name
	return c
}

// decide asks the layout only when the module itself could be started.
func decide(name, layout, problem string, byLayout func(string) Consumer) Consumer {
	c := byLayout(layout)
	if problem != "" {
		c = Consumer{Starts: StartsNot, Note: problem}
	}
	return called(name, c)
}

func yes(note string) Consumer  { return Consumer{Starts: StartsPlain, Note: note} }
func flag(note string) Consumer { return Consumer{Starts: StartsFlag, Note: note} }
func not(note, instead string) Consumer {
	return Consumer{Starts: StartsNot, Note: note, Layout: instead}
}

func onPodman(layout string) Consumer {
	switch layout {
	case LayoutUniversal, LayoutImage:
		return yes("with a warning about the platform")
	case LayoutIndex:
		return flag(notePlatform)
	}
	return not(noteNotImage, LayoutUniversal)
}

func onCrio(layout string) Consumer {
	switch layout {
	case LayoutUniversal, LayoutImage:
		return yes("")
	case LayoutIndex:
		return not(noteNoChild, LayoutUniversal)
	}
	return not(noteNotImage, LayoutUniversal)
}

func onContainerd1(layout string) Consumer {
	switch layout {
	case LayoutUniversal, LayoutImage:
		return yes(noteRuntimeClass)
	case LayoutIndex:
		return not(noteNoChild, LayoutUniversal)
	}
	return not(noteNotImage, LayoutUniversal)
}

func onContainerd2(layout string) Consumer {
	if layout == LayoutImage {
		return not(noteSnapshot, LayoutUniversal)
	}
	return onContainerd1(layout)
}

// onRunwasi reads modules that are blobs of their own, and falls back to the
// files of an image.
func onRunwasi(layout string) Consumer {
	switch layout {
	case LayoutUniversal, LayoutArtifact:
		return yes(noteRunwasi)
	}
	return onContainerd2(layout)
}

func onDocker(layout string) Consumer {
	switch layout {
	case LayoutUniversal:
		return flag(noteDocker)
	case LayoutImage:
		c := flag(noteDockerStore)
		c.Layout = LayoutUniversal
		return c
	case LayoutIndex:
		return flag(noteDocker + " " + notePlatform)
	}
	return not(noteNotImage, LayoutUniversal)
}

// artifactOnly is for those who read nothing but artifacts, and only when
// problem is "".
func artifactOnly(layout, problem string) Consumer {
	switch {
	case problem != "":
		return not(problem, "")
	case layout == LayoutArtifact:
		return yes("")
	}
	return not(noteArtifact, LayoutArtifact)
}

func wasmCloud(layout string, p program) Consumer {
	if !p.component {
		return artifactOnly(layout, noteComponents)
	}
	return artifactOnly(layout, "")
}

func spin(layout string, p program) Consumer {
	switch {
	case layout == LayoutSpin:
		return yes("")
	case !p.component || !p.serves:
		return not(noteNotSpin+"; this answers no requests (wasi:http/incoming-handler)", "")
	case layout == LayoutArtifact:
		return flag(noteSpin)
	}
	return not(noteArtifact, LayoutArtifact)
}

func proxy(layout string, p program) Consumer {
	switch {
	case !p.plugin:
		return not(noteNotPlugin, "")
	case layout == LayoutProxyWasm, layout == LayoutProxyWasmCompat:
		return yes("")
	}
	return not("wants the module in a place of its own", LayoutProxyWasm)
}
