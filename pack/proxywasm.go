package pack

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/wpkdev/wpk/wasm"
)

// The media types of the Wasm image specification's variant "oci".
// https://github.com/solo-io/wasm/blob/master/spec/spec.md
const (
	proxyConfigType = "application/vnd.module.wasm.config.v1+json"
	proxyLayerType  = "application/vnd.module.wasm.content.layer.v1+wasm"
)

// The files of the variant "compat", and the titles of the layers of "oci".
// https://github.com/solo-io/wasm/blob/master/spec/spec-compat.md
const (
	proxyPlugin  = "plugin"
	proxyRuntime = "runtime-config.json"
)

// proxyConfig says for which runtime a plugin is.
type proxyConfig struct {
	Type        string   `json:"type"`
	ABIVersions []string `json:"abiVersions"`
	Config      struct{} `json:"config"`
}

// ProxyWasm packs a plugin of Envoy as two layers of its own types, the config
// and the module: the variant "oci" of the Wasm image specification, which
// Istio reads. A module that no proxy would load is a [*ModuleError]. Config
// and Files must be empty.
func ProxyWasm(module []byte, o Options) (v1.Image, error) {
	config, err := o.proxy(module, LayoutProxyWasm)
	if err != nil {
		return nil, err
	}
	a := newBlobImage(config, proxyConfigType, proxyRuntime, o.Annotations)
	// Istio wants exactly two layers.
	a.add(config, proxyConfigType, proxyRuntime)
	a.add(module, proxyLayerType, proxyPlugin+".wasm")
	return a.seal()
}

// ProxyWasmCompat packs a plugin of Envoy as an image that any registry takes:
// the variant "compat", one gzip layer with /plugin.wasm. Name is not used. A
// module that no proxy would load is a [*ModuleError]. Config and Files must be
// empty.
func ProxyWasmCompat(module []byte, o Options) (v1.Image, error) {
	config, err := o.proxy(module, LayoutProxyWasmCompat)
	if err != nil {
		return nil, err
	}
	o.Name = proxyPlugin
	o.Files = []File{{Path: "/" + proxyRuntime, Data: config}}
	return Image(module, o)
}

// proxy checks the module and makes the config of the plugin.
func (o *Options) proxy(module []byte, layout string) ([]byte, error) {
	info, err := o.alone(module)
	if err != nil {
		return nil, err
	}
	abi := proxyABI(info)
	switch {
	case info.Kind == wasm.Component:
		return nil, &ModuleError{layout, "it is a component, and proxies load core modules"}
	case len(abi) == 0:
		return nil, &ModuleError{layout, "it exports no function proxy_abi_version_*, without which no proxy loads it"}
	}
	raw, err := json.Marshal(proxyConfig{Type: "envoy_proxy", ABIVersions: abi})
	if err != nil {
		return nil, fmt.Errorf("pack plugin: %w", err)
	}
	return raw, nil
}

// isProxyImage recognizes the variant "compat" by the file's name and by what
// the module is for.
func isProxyImage(c *Content) bool {
	if path.Base(c.ModulePath) != proxyPlugin+".wasm" {
		return false
	}
	info, err := wasm.Decode(c.Module)
	return err == nil && len(proxyABI(info)) > 0
}

// proxyABI are the versions of Proxy-Wasm that a module is for, as "0.2.1".
// https://github.com/proxy-wasm/spec/tree/main/abi-versions
func proxyABI(m *wasm.Module) []string {
	var versions []string
	for _, e := range m.Exports {
		if v, ok := strings.CutPrefix(e.Name, "proxy_abi_version_"); ok && e.Kind == "func" {
			versions = append(versions, strings.ReplaceAll(v, "_", "."))
		}
	}
	return versions
}
