package pack

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/wpkdev/wpk/wasm"
)

// The media types of the CNCF Wasm artifact.
// https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
const (
	cncfConfigType = "application/vnd.wasm.config.v0+json"
	cncfLayerType  = "application/wasm"
)

// cncfConfig is the artifact's config. wkg refuses one without created.
type cncfConfig struct {
	Created      time.Time      `json:"created"`
	Architecture string         `json:"architecture"` // "wasm"
	OS           string         `json:"os"`           // "wasip1" or "wasip2", the specification has no third
	LayerDigests []v1.Hash      `json:"layerDigests"`
	Component    *cncfComponent `json:"component,omitempty"` // of components, which must have it
}

// cncfComponent is the component's world: the names of what it exports and
// imports, in the order of the file.
type cncfComponent struct {
	Exports []string `json:"exports"`
	Imports []string `json:"imports"`
	// Target is the world that the component is for, where that is certain.
	Target string `json:"target,omitempty"`
}

// Artifact packs the module as the Wasm artifact of the CNCF: one raw layer
// and a config that says what the module needs. wkg, wasmCloud and Spin read
// it. There is no place for a start or for files: Config and Files must be
// empty.
func Artifact(module []byte, o Options) (v1.Image, error) {
	info, err := o.alone(module)
	if err != nil {
		return nil, err
	}
	layer := described(module, cncfLayerType, "")
	config := cncfConfig{
		Created: o.created(), Architecture: "wasm", OS: "wasip1", LayerDigests: []v1.Hash{layer.Digest},
	}
	if info.Kind == wasm.Component {
		config.OS, config.Component = "wasip2", world(info)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("pack artifact: %w", err)
	}
	a := newBlobImage(raw, cncfConfigType, "", o.Annotations)
	a.add(module, cncfLayerType, o.fileName())
	return a.seal()
}

// alone checks the options of a layout that holds the module and nothing else.
func (o *Options) alone(module []byte) (*wasm.Module, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch c := o.Config; {
	case len(o.Files) > 0:
		return nil, &OptionError{"Files", o.Files[0].Path, "has no place in a layout that holds the module alone"}
	case len(c.Entrypoint)+len(c.Cmd)+len(c.Env)+len(c.Labels) > 0 || c.WorkingDir != "":
		return nil, &OptionError{"Config", o.ModulePath(), "has no place for a start in a layout that holds the module alone"}
	}
	info, err := wasm.Decode(module)
	if err != nil {
		return nil, fmt.Errorf("pack module: %w", err)
	}
	return info, nil
}

// fileName is what a client that pulls the module as a file calls it.
func (o *Options) fileName() string { return strings.TrimPrefix(o.ModulePath(), "/") }

func world(m *wasm.Module) *cncfComponent {
	c := &cncfComponent{Exports: []string{}, Imports: []string{}}
	for _, e := range m.Exports {
		c.Exports = append(c.Exports, e.Name)
	}
	for _, i := range m.Imports {
		c.Imports = append(c.Imports, i.Name)
	}
	c.Target = targetWorld(c)
	return c
}

// worlds are those of WASI that are known by the one interface that they
// export, with what they may import.
var worlds = []struct {
	name, exports string
	imports       []string
}{
	{"wasi:cli/command", "wasi:cli/run", []string{
		"wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:filesystem/", "wasi:sockets/", "wasi:random/",
	}},
	{"wasi:http/proxy", "wasi:http/incoming-handler", []string{
		"wasi:http/", "wasi:io/", "wasi:clocks/", "wasi:random/random@", "wasi:cli/stdin@", "wasi:cli/stdout@", "wasi:cli/stderr@",
	}},
}

// targetWorld is the world of WASI that the component fits, "" when it has any
// import or export beyond it.
func targetWorld(c *cncfComponent) string {
	if len(c.Exports) != 1 {
		return ""
	}
	name, version, _ := strings.Cut(c.Exports[0], "@")
	for _, w := range worlds {
		if name == w.exports && version != "" && allBegin(c.Imports, w.imports) {
			return w.name + "@" + version
		}
	}
	return ""
}

func allBegin(names, prefixes []string) bool {
	for _, name := range names {
		fits := false
		for _, p := range prefixes {
			fits = fits || strings.HasPrefix(name, p)
		}
		if !fits {
			return false
		}
	}
	return true
}
