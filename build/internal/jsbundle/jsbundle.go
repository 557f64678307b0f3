// Package jsbundle makes one JavaScript file of a program in JavaScript or TypeScript and of the npm packages that it
// imports, with esbuild's Go API: nothing of JavaScript has to be on this machine.
//
// The file is for the JavaScript runtime of package runtimepack. Imports of Node's own modules become calls of the
// runtime's library; those that it does not have become stubs, and warnings.
package jsbundle

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Version is the version of esbuild that is linked in.
const Version = "0.28.2"

// Options say what to bundle.
type Options struct {
	Dir    string            // the project's folder: absolute, without symbolic links
	Entry  string            // the file to begin with, below Dir, with slashes
	Define map[string]string // identifiers to replace by constants, in JavaScript
	Minify bool              // leave out white space and shorten names; stack traces keep the original names of files
}

// Result is a bundled program.
type Result struct {
	Code     []byte
	Map      []byte    // where each piece of Code comes from, see [EncodeMap]
	Inputs   []string  // the files that are in it, relative to Dir, sorted
	Packages []Package // the npm packages that they belong to, sorted by name and folder
	Warnings []Warning // what will not work
	Said     []string  // esbuild's own warnings, formatted
}

// Warning is about an import.
type Warning struct {
	Where string // "src/a.ts:1:7"
	Text  string
}

// FailedError tells that esbuild refuses the program.
type FailedError struct {
	Said    []string // its messages, formatted
	Missing []Import // the imports of npm packages that are not installed; when there are no other errors
	Addons  []Import // the imports that lead to machine code
}

func (e *FailedError) Error() string { return "esbuild: " + strings.Join(e.Said, "\n") }

// Import is one import, by the place that it is at.
type Import struct {
	Name  string // of the package, or the file
	Where string // "src/a.ts:1:7"
}

// The paths that a program sees: it has no files of its own when it runs.
const (
	programURL  = `"file:///main.js"`
	programFile = `"/main.js"`
	programDir  = `"/"`
)

// Bundle bundles a program. What esbuild says against it is a *[FailedError].
func Bundle(o Options) (*Result, error) {
	p := &plugin{dir: o.Dir}
	define := map[string]string{
		"process.env.NODE_ENV": `"production"`, "import.meta.url": programURL, "import.meta.filename": programFile, "import.meta.dirname": programDir,
		"import.meta.main": "true", "__filename": programFile, "__dirname": programDir,
	}
	for k, v := range o.Define {
		define[k] = v
	}
	res := api.Build(api.BuildOptions{
		AbsWorkingDir: o.Dir, EntryPoints: []string{"./" + o.Entry}, Outfile: filepath.Join(o.Dir, "main.js"), // not written
		Bundle: true, Write: false, Metafile: true, LogLevel: api.LogLevelSilent, LogLimit: 100,
		Platform: api.PlatformNode, Format: api.FormatESModule, Target: api.ES2023,
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		MinifySyntax: o.Minify, MinifyWhitespace: o.Minify, MinifyIdentifiers: o.Minify, Charset: api.CharsetUTF8,
		Define: define, Loader: map[string]api.Loader{".txt": api.LoaderText, "": api.LoaderJS}, Plugins: []api.Plugin{p.esbuild()},
	})
	if len(res.Errors) > 0 {
		return nil, p.failed(res.Errors)
	}
	r := &Result{}
	for _, f := range res.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			encoded, err := EncodeMap(f.Contents)
			if err != nil {
				return nil, err
			}
			r.Map = encoded
		} else if strings.HasSuffix(f.Path, ".js") {
			r.Code = f.Contents
		}
	}
	if err := r.readInputs(o.Dir, res.Metafile); err != nil {
		return nil, err
	}
	own, warned := splitWarnings(res.Warnings)
	r.Warnings = warned
	r.Said = format(own, api.WarningMessage)
	return r, nil
}

// splitWarnings parts the plugin's warnings from esbuild's. Each one counts once.
func splitWarnings(all []api.Message) (own []api.Message, ours []Warning) {
	for _, m := range all {
		if m.PluginName == "" {
			own = append(own, m)
			continue
		}
		if w := (Warning{where(m.Location), m.Text}); !slices.Contains(ours, w) {
			ours = append(ours, w)
		}
	}
	slices.SortFunc(ours, func(a, b Warning) int { return strings.Compare(a.Where+"\x00"+a.Text, b.Where+"\x00"+b.Text) })
	return own, ours
}

func format(messages []api.Message, kind api.MessageKind) []string {
	return api.FormatMessages(messages, api.FormatMessagesOptions{Kind: kind, TerminalWidth: 100})
}

// where is a place as compilers write it, with columns that count from one.
func where(l *api.Location) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", path.Clean(filepath.ToSlash(l.File)), l.Line, l.Column+1)
}

// failed sorts esbuild's errors. An import that cannot be resolved is known by its place, not by the error's text.
func (p *plugin) failed(errors []api.Message) error {
	e := &FailedError{Said: format(errors, api.ErrorMessage)}
	others := false
	for _, m := range errors {
		if addon, ok := m.Detail.(addonDetail); ok {
			e.Addons = append(e.Addons, Import{addon.name, where(m.Location)})
			continue
		}
		name, ok := p.unresolved(m.Location)
		if !ok {
			others = true
			continue
		}
		if !slices.ContainsFunc(e.Missing, func(i Import) bool { return i.Name == name }) {
			e.Missing = append(e.Missing, Import{name, where(m.Location)})
		}
	}
	if others {
		e.Missing = nil
	}
	return e
}
