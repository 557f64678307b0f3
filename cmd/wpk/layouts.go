package main

import (
	"slices"
	"strings"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// layout is one way to pack a module.
type layout struct {
	name, help string
	// alone: it holds the module and nothing else, no start and no files.
	alone bool
	write func(module []byte, o pack.Options) (registry.Artifact, error)
}

func layouts() []layout {
	return []layout{
		{pack.LayoutUniversal, "starts everywhere", false, writes(pack.Universal)},
		{pack.LayoutImage, "one wasi/wasm manifest", false, writes(pack.Image)},
		{pack.LayoutArtifact, "the CNCF's, for wkg, wasmCloud, Spin", true, writes(pack.Artifact)},
		{pack.LayoutProxyWasm, "a plugin of Envoy and Istio", true, writes(pack.ProxyWasm)},
		{pack.LayoutProxyWasmCompat, "the same as an image", true, writes(pack.ProxyWasmCompat)},
		{pack.LayoutLegacy, "for Kubewarden, Krustlet, wasm-to-oci", true, writes(pack.Legacy)},
	}
}

// writes keeps a nil of one of pack's two types from becoming a value.
func writes[T registry.Artifact](write func([]byte, pack.Options) (T, error)) func([]byte, pack.Options) (registry.Artifact, error) {
	return func(module []byte, o pack.Options) (registry.Artifact, error) {
		v, err := write(module, o)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

func layoutHelp() string {
	var all []string
	for _, l := range layouts() {
		all = append(all, l.name+" ("+l.help+")")
	}
	return strings.Join(all, ", ")
}

func findLayout(name string) (layout, bool) {
	all := layouts()
	i := slices.IndexFunc(all, func(l layout) bool { return l.name == name })
	if i < 0 {
		return layout{}, false
	}
	return all[i], true
}

// checkLayouts refuses names that are none, and what would be lost: options of
// an image where no layout is one.
func (o *imageFlags) checkLayouts() error {
	if len(o.layouts) == 0 {
		return &valueError{"--layout", "", "want at least one"}
	}
	alone := true
	for i, name := range o.layouts {
		l, ok := findLayout(name)
		if !ok {
			var names []string
			for _, l := range layouts() {
				names = append(names, l.name)
			}
			return &valueError{"--layout", name, "want " + orList(names)}
		}
		if slices.Contains(o.layouts[:i], name) {
			return &valueError{"--layout", name, "given twice"}
		}
		alone = alone && l.alone
	}
	if flag := o.imageFlag(); alone && flag != "" {
		return &valueError{"--layout", strings.Join(o.layouts, ","), "it holds the module alone, and has no place for " + flag}
	}
	return nil
}

// imageFlag is the first flag that is given and says something of an image.
func (o *imageFlags) imageFlag() string {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"--file", len(o.files) > 0},
		{"--entrypoint", len(o.config.Entrypoint) > 0},
		{"--cmd", len(o.config.Cmd) > 0},
		{"--env", len(o.config.Env) > 0},
		{"--workdir", o.config.WorkingDir != ""},
		{"--label", len(o.labels) > 0},
	} {
		if f.given {
			return f.name
		}
	}
	return ""
}

// packed is a module in one layout.
type packed struct {
	layout   string
	artifact registry.Artifact
}

// pack makes every layout out of the same module.
func (o *imageFlags) pack(a *app, module []byte, opts pack.Options) ([]packed, error) {
	var all []packed
	var without []string
	for _, name := range o.layouts {
		l, _ := findLayout(name)
		own := opts
		if l.alone && dropImage(&own) {
			without = append(without, name)
		}
		artifact, err := l.write(module, own)
		if err != nil {
			return nil, err
		}
		all = append(all, packed{name, artifact})
	}
	if len(without) > 0 {
		a.ui.Say("pack: the module alone is in %s: files, arguments, environment and labels have no place there", strings.Join(without, ", "))
	}
	return all, nil
}

// dropImage takes out what only an image has a place for, and tells whether
// there was any.
func dropImage(o *pack.Options) bool {
	c := o.Config
	some := len(c.Entrypoint)+len(c.Cmd)+len(c.Env)+len(c.Labels)+len(o.Files) > 0 || c.WorkingDir != ""
	o.Config, o.Files = pack.Config{}, nil
	return some
}

// tagOf is the tag of a layout beside another one's. A consumer such as wkg
// cannot look into an index, so that each layout needs a name of its own.
func (o *imageFlags) tagOf(tag, layout string) string {
	if tag == "" {
		tag = registry.DefaultTag
	}
	if layout == pack.LayoutArtifact {
		layout = "wasm"
	}
	return strings.NewReplacer("{tag}", tag, "{layout}", layout).Replace(o.layoutTag)
}
