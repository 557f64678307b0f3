package build

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// The pieces that make components, as [MissingError] names them.
const (
	pieceJco       = "jco"
	pieceWasmTools = "wasm-tools"
	pieceAdapter   = "wasi-adapter" // beside wasm-tools, which has none of its own
)

// CauseOutdated is a tool that is too old for what it was given; Subject is its name.
const CauseOutdated CauseKind = "outdated"

// A componentTool makes components of modules: wasm-tools, or jco, which is the same code as an npm package.
type componentTool struct {
	*job
	path    string
	name    string
	version string
	adapter []byte // nil = jco's own
}

// A componentFinder looks for the tool and for the adapter.
type componentFinder struct {
	*job
	kind   string   // "command" or "reactor"
	jco    string   // its path; "" when it is not there
	looked []string // places without an adapter
}

// findComponentTool returns wasm-tools when there is an adapter for it, else jco, which brings its own. wasm-tools first,
// since it starts ten times as fast.
func findComponentTool(ctx context.Context, j *job, kind string) (*componentTool, error) {
	f := &componentFinder{job: j, kind: kind}
	f.jco, _ = j.Exec.LookPath(pieceJco, j.Env)
	chosen, err := f.chosen()
	if err != nil {
		return nil, err
	}
	path, notFound := j.Exec.LookPath(pieceWasmTools, j.Env)
	if notFound == nil {
		adapter := chosen
		if adapter == nil {
			adapter = f.adapter(path)
		}
		if t := f.tool(ctx, pieceWasmTools, path, adapter); t != nil && adapter != nil {
			return t, nil
		}
	}
	if f.jco != "" {
		if t := f.tool(ctx, pieceJco, f.jco, chosen); t != nil {
			return t, nil
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if notFound == nil && len(f.looked) > 0 {
		return nil, &MissingError{
			Kind: KindTarget, Name: pieceAdapter, Purpose: f.fileName() + " is what wasm-tools makes a component with",
			Looked: f.looked, AnyOf: []string{pieceJco},
		}
	}
	return nil, &MissingError{
		Kind: KindTool, Name: pieceJco, Purpose: "turns a module into a component", AnyOf: []string{pieceWasmTools},
		Looked: []string{pieceJco + " and " + pieceWasmTools + " on PATH"},
	}
}

// tool asks a program for its version; nil when it does not even start, as jco without Node.js.
func (f *componentFinder) tool(ctx context.Context, name, path string, adapter []byte) *componentTool {
	out, err := output(ctx, f.Exec, Command{Path: path, Args: []string{"--version"}, Dir: f.work, Env: f.Env})
	words := strings.Fields(strings.TrimPrefix(out, name)) // "1.10.2", "wasm-tools 1.220.0 (abc 2025-01-01)"
	if err != nil || len(words) == 0 {
		return nil
	}
	return &componentTool{job: f.job, path: path, name: name, version: words[0], adapter: adapter}
}

// chosen reads the adapter that the caller has chosen, if any.
func (f *componentFinder) chosen() ([]byte, error) {
	path := f.Component.Adapter
	if path == "" {
		path = getenv(f.Env, "WPK_WASI_ADAPTER")
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(f.Dir, path)
	}
	if path == "" {
		return nil, nil
	}
	if isDir(path) {
		path = filepath.Join(path, f.fileName())
	}
	b, err := os.ReadFile(path)
	if err == nil && !strings.HasPrefix(string(b), "\x00asm\x01") {
		err = &fs.PathError{Op: "read adapter", Path: path, Err: syscall.EINVAL}
	}
	return b, err
}

// fileName is the name under which all the world passes the adapter on.
func (f *componentFinder) fileName() string { return adaptedModule + "." + f.kind + ".wasm" }

// adapter returns the first adapter among the places where a tool leaves one: beside wasm-tools, in jco's package, among
// the sources of cargo's dependencies. nil when there is none.
func (f *componentFinder) adapter(wasmTools string) []byte {
	places := []string{filepath.Dir(wasmTools)}
	if f.jco != "" {
		places = append(places, jcoLibraries(f.jco)...)
	}
	if home := cargoHome(f.Env); home != "" {
		places = append(places, cargoAdapters(home)...)
	}
	for _, dir := range places {
		if b, err := os.ReadFile(filepath.Join(dir, f.fileName())); err == nil {
			return b
		}
		f.looked = append(f.looked, dir)
	}
	return nil
}

// jcoLibraries are the folders where jco may have its adapters: npm's bin/jco is a link to a file in the package, and on
// Windows a script beside node_modules.
func jcoLibraries(jco string) []string {
	const library = "node_modules/@bytecodealliance/jco/lib"
	places := []string{filepath.Join(filepath.Dir(jco), filepath.FromSlash(library))}
	if file, err := filepath.EvalSymlinks(jco); err == nil {
		places = append(places, filepath.Join(filepath.Dir(filepath.Dir(file)), "lib"))
	}
	return places
}

// adapterCrate is the Rust package that holds the adapters.
const adapterCrate = "wasi-preview1-component-adapter-provider-"

// cargoAdapters are the folders of adapters that cargo has unpacked, the newest first; one that tells what was looked
// for when there are none.
func cargoAdapters(home string) []string {
	pattern := filepath.Join(home, "registry", "src", "*", adapterCrate+"*")
	dirs, _ := filepath.Glob(pattern)
	slices.SortFunc(dirs, func(a, b string) int { return compareVersions(crateVersion(b), crateVersion(a)) })
	for i, dir := range dirs {
		dirs[i] = filepath.Join(dir, "artefacts")
	}
	if len(dirs) == 0 {
		return []string{pattern}
	}
	return dirs
}

func crateVersion(dir string) string { return strings.TrimPrefix(filepath.Base(dir), adapterCrate) }

// compareVersions compares dotted numbers.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// tools are the facts: an adapter of its own has no version but its digest.
func (t *componentTool) tools() []Tool {
	tools := []Tool{{Name: t.name, Version: t.version}}
	if t.adapter != nil {
		tools = append(tools, Tool{Name: adaptedModule, Version: "sha256:" + hashOf(t.adapter)[:12]})
	}
	return tools
}

// newArguments make a component of a module. Both tools take an adapter's name from its file's; "NAME=FILE" would fail
// on a folder with "=" in its name.
func (t *componentTool) newArguments(in, out, kind string) []string {
	args := []string{"new", in, "-o", out}
	if t.name == pieceWasmTools {
		args = append([]string{"component"}, args...)
	}
	if t.adapter == nil {
		return append(args, "--wasi-"+kind)
	}
	return append(args, "--adapt", adaptedModule+".wasm")
}

// embedArguments put a world into a module.
func (t *componentTool) embedArguments(in, out, wit, world string) []string {
	if t.name == pieceJco {
		return []string{"embed", in, "--wit", wit, "-o", out}
	}
	args := []string{"component", "embed", wit, in, "-o", out}
	if world != "" {
		args = append(args, "--world", world)
	}
	return args
}

// run calls the tool in the work folder, where the adapter lies.
func (t *componentTool) run(ctx context.Context, args ...string) error {
	if t.adapter != nil {
		if err := os.WriteFile(t.job.path(adaptedModule+".wasm"), t.adapter, 0o600); err != nil {
			return err
		}
	}
	return t.job.run(ctx, Command{Path: t.path, Args: args, Dir: t.work, Env: t.Env}, t.recognise)
}

// recognise knows what tools of before 2025 say about Go's modules, which name an import several times.
func (t *componentTool) recognise(said string) []Cause {
	if strings.Contains(said, "module has duplicate import for") {
		return []Cause{{Kind: CauseOutdated, Subject: t.name}}
	}
	return nil
}
