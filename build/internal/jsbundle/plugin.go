package jsbundle

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// available are Node's modules that the runtime's library has: see lib/boot.js of the runtime's recipe.
var available = []string{
	"assert", "assert/strict", "buffer", "console", "constants", "crypto", "events", "fs", "fs/promises", "module", "os", "path", "path/posix",
	"path/win32", "perf_hooks", "process", "querystring", "readline", "readline/promises", "stream", "stream/promises", "string_decoder", "sys",
	"timers", "timers/promises", "tty", "url", "util", "util/types",
}

// absent are those that WebAssembly has no use for, or that are not made yet.
var absent = []string{
	"async_hooks", "child_process", "cluster", "dgram", "diagnostics_channel", "dns", "dns/promises", "domain", "http", "http2", "https",
	"inspector", "inspector/promises", "net", "punycode", "repl", "stream/consumers", "stream/web", "tls", "trace_events", "v8", "vm", "wasi", "worker_threads", "zlib",
}

// loaders are packages whose only purpose is to find and load machine code.
var loaders = []string{"bindings", "node-gyp-build", "node-pre-gyp", "@mapbox/node-pre-gyp", "node-addon-api", "prebuild-install", "ffi-napi"}

// The namespaces of modules that are no files.
const (
	builtinSpace = "node"
	stubSpace    = "node-absent"
)

// A plugin decides about imports that lead out of the sources.
type plugin struct {
	dir string

	mu   sync.Mutex
	open map[string]bool // imports of packages that could not be resolved
}

// seen marks a resolution that the plugin asks for itself.
type seen struct{}

// addonDetail marks the error about machine code.
type addonDetail struct{ name string }

func (p *plugin) esbuild() api.Plugin {
	return api.Plugin{Name: "wpk", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^(node:)?[a-z]`}, p.resolveBuiltin)
		b.OnResolve(api.OnResolveOptions{Filter: `^[^./]`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) { return p.resolvePackage(b, a) })
		b.OnResolve(api.OnResolveOptions{Filter: `\.node$`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return refuseAddon(p.shown(a, a.Path)), nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: builtinSpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return loadHidden("wpk.builtin", a.Path), nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: stubSpace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			return loadHidden("wpk.stub", a.Path), nil
		})
	}}
}

// loadHidden is a module that is what one of the runtime's hidden functions returns.
func loadHidden(function, name string) api.OnLoadResult {
	code := fmt.Sprintf("module.exports = globalThis[Symbol.for(%q)](%q);\n", function, name)
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}
}

func (p *plugin) resolveBuiltin(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if a.Kind == api.ResolveEntryPoint || a.PluginData == (seen{}) {
		return api.OnResolveResult{}, nil
	}
	name, explicit := strings.CutPrefix(a.Path, "node:")
	name = strings.TrimSuffix(name, "/") // "punycode/" is how to import a package of a module's name
	if !explicit && name != a.Path {
		return api.OnResolveResult{}, nil
	}
	switch {
	case slices.Contains(available, name):
		return api.OnResolveResult{Path: name, Namespace: builtinSpace, SideEffects: api.SideEffectsFalse}, nil
	case slices.Contains(absent, name):
		text := "node:" + name + " is not available in WebAssembly: what the program uses of it throws an error"
		return api.OnResolveResult{Path: name, Namespace: stubSpace, SideEffects: api.SideEffectsFalse, Warnings: []api.Message{{Text: text}}}, nil
	}
	return api.OnResolveResult{}, nil
}

// resolvePackage only watches: an import that esbuild cannot resolve is remembered, and esbuild goes on to decide whether
// that is an error. It is none where the program catches it.
func (p *plugin) resolvePackage(b api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	if a.Kind == api.ResolveEntryPoint || a.PluginData == (seen{}) || filepath.IsAbs(a.Path) || strings.Contains(a.Path, "://") {
		return api.OnResolveResult{}, nil
	}
	if slices.Contains(loaders, packageName(a.Path)) {
		return refuseAddon(p.shown(a, packageName(a.Path))), nil
	}
	r := b.Resolve(a.Path, api.ResolveOptions{Importer: a.Importer, Namespace: a.Namespace, ResolveDir: a.ResolveDir, Kind: a.Kind, PluginData: seen{}, With: a.With})
	if len(r.Errors) > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open == nil {
			p.open = map[string]bool{}
		}
		p.open[a.Path] = true
	}
	return api.OnResolveResult{}, nil
}

// unresolved returns the package of an import at a place, when it is one that could not be resolved.
func (p *plugin) unresolved(l *api.Location) (string, bool) {
	if l == nil || l.Column < 0 || l.Length < 0 || l.Column+l.Length > len(l.LineText) {
		return "", false
	}
	text := l.LineText[l.Column : l.Column+l.Length]
	if unquoted, err := strconv.Unquote(`"` + strings.Trim(text, "\"'`") + `"`); err == nil {
		text = unquoted
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return packageName(text), p.open[text]
}

// packageName is the package of an import: "@a/b" of "@a/b/c".
func packageName(specifier string) string {
	parts := strings.SplitN(specifier, "/", 3)
	if strings.HasPrefix(specifier, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// shown names what is refused by the package that imports it: that is what a person knows.
func (p *plugin) shown(a api.OnResolveArgs, what string) string {
	rel, err := filepath.Rel(p.dir, a.Importer)
	if err != nil {
		return what
	}
	folder, ok := packageFolder(filepath.ToSlash(rel))
	if !ok {
		return what
	}
	_, name, _ := cutLast(folder, "node_modules/")
	return name
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func refuseAddon(name string) api.OnResolveResult {
	return api.OnResolveResult{Errors: []api.Message{{
		Text:   fmt.Sprintf("%s is a native addon: machine code, which WebAssembly cannot load", name),
		Detail: addonDetail{name},
	}}}
}
