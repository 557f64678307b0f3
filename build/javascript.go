package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/bundle"
	"github.com/wpkdev/wpk/build/internal/jsbundle"
	"github.com/wpkdev/wpk/build/runtimepack"
)

// JavaScriptOptions are the settings for JavaScript and TypeScript.
type JavaScriptOptions struct {
	Entry      string            // the file to begin with, or the name of one of package.json's "bin"; "" = what package.json says, or a file of a usual name
	Define     map[string]string // identifiers to replace by constants, which are written as in JavaScript: {"process.env.STAGE": "\"test\""}
	Minify     bool              // leave out white space and shorten names
	NoSnapshot bool              // start the interpreter up when the program runs
}

// javaScriptToolchain bundles a program with the npm packages that it imports, and puts it behind QuickJS, compiled to
// WebAssembly once and for all: the runtime pack. Nothing of JavaScript has to be on this machine.
type javaScriptToolchain struct{}

func (javaScriptToolchain) compile(ctx context.Context, j *job) (product, error) {
	m, err := readManifest(j.Dir)
	if err != nil {
		return product{}, err
	}
	entry, err := findScript(j.Dir, m, j.JavaScript.Entry)
	if err != nil {
		return product{}, err
	}
	pack, runtime, err := j.javaScriptRuntime(ctx)
	if err != nil {
		return product{}, err
	}
	bundled, err := j.bundle(entry.file)
	if err != nil {
		return product{}, err
	}
	entries := []bundle.Entry{{Name: "main.js", Data: bundled.Code}, {Name: "main.js.map", Data: bundled.Map}}
	blob, err := bundle.Blob(entries)
	if err != nil {
		return product{}, err
	}
	sum := hashOf(runtime)
	path, err := j.attach(ctx, attachment{
		language: LanguageJavaScript, tool: "quickjs", runtime: runtime, sum: sum, blob: blob, snapshot: !j.JavaScript.NoSnapshot,
	})
	if err != nil {
		return product{}, err
	}
	f := Facts{
		Language: LanguageJavaScript, Name: entry.name, Package: m.Name, Version: m.Version,
		Tools: []Tool{
			{Name: "quickjs", Version: pack.Version},
			{Name: "esbuild", Version: jsbundle.Version},
			{Name: "javascript runtime pack", Version: "sha256:" + sum},
		},
		Flags: j.javaScriptFlags(),
	}
	for _, p := range bundled.Packages {
		f.Dependencies = append(f.Dependencies, Dependency{Type: "npm", Name: p.Name, Version: p.Version})
	}
	f.Dependencies = slices.Compact(f.Dependencies) // a package may be installed in several folders
	return product{path: path, facts: f, warnings: warningsOf(bundled), inventory: j.javaScriptInventory(pack, sum, m, bundled)}, nil
}

// javaScriptRuntime returns the runtime pack and the runtime itself.
func (j *job) javaScriptRuntime(ctx context.Context) (*runtimepack.Pack, []byte, error) {
	if j.Runtimes == nil {
		return nil, nil, &MissingError{Kind: KindRuntime, Name: LanguageJavaScript, Purpose: "is QuickJS as a WebAssembly module"}
	}
	p, err := j.Runtimes.Runtime(ctx, LanguageJavaScript)
	if err != nil {
		return nil, nil, err
	}
	runtime, err := os.ReadFile(p.Path(runtimepack.RuntimeFile))
	return p, runtime, err
}

// bundle makes one file of the program. What esbuild says goes to the output, like that of any tool.
func (j *job) bundle(entry string) (*jsbundle.Result, error) {
	r, err := jsbundle.Bundle(jsbundle.Options{Dir: j.Dir, Entry: entry, Define: j.JavaScript.Define, Minify: j.JavaScript.Minify})
	var failed *jsbundle.FailedError
	switch {
	case errors.As(err, &failed) && len(failed.Addons) > 0:
		return nil, &AddonError{Package: failed.Addons[0].Name, Where: failed.Addons[0].Where}
	case errors.As(err, &failed) && len(failed.Missing) > 0:
		return nil, j.packagesError(failed.Missing)
	case errors.As(err, &failed):
		_, _ = fmt.Fprint(j.Output, strings.Join(failed.Said, ""))
		return nil, &ToolError{Tool: "esbuild", Dir: j.Dir, ExitCode: 1}
	case err != nil:
		return nil, err
	}
	_, err = fmt.Fprint(j.Output, strings.Join(r.Said, ""))
	return r, err
}

func (j *job) javaScriptFlags() []string {
	var flags []string
	o := j.JavaScript
	for _, name := range sortedKeys(o.Define) {
		flags = append(flags, "define:"+name+"="+o.Define[name])
	}
	if o.Minify {
		flags = append(flags, "minify")
	}
	if !o.NoSnapshot {
		flags = append(flags, "snapshot")
	}
	return flags
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func warningsOf(r *jsbundle.Result) []Warning {
	var all []Warning
	for _, w := range r.Warnings {
		all = append(all, Warning{Where: w.Where, Text: w.Text})
	}
	for _, name := range r.Inputs {
		// A node_modules somewhere above the project is taken as Node does it, and makes the build depend on it.
		if strings.HasPrefix(name, "../") && strings.Contains(name, "node_modules/") {
			all = append(all, Warning{Where: name, Text: "is of a node_modules outside of the project: elsewhere the program is another one"})
			break
		}
	}
	return all
}
