package build

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
)

// AssemblyScriptOptions are the settings for AssemblyScript.
type AssemblyScriptOptions struct {
	Entry  string   // the file that is the program; "" = asconfig.json's entries, else assembly/index.ts
	Target string   // asconfig.json's target; "" = release when there is one
	Flags  []string // more flags for asc, after ours
}

// The files of an AssemblyScript project.
const (
	ascConfigFile = "asconfig.json"
	ascEntry      = "assembly/index.ts"
	ascShim       = "@assemblyscript/wasi-shim"
)

// assemblyScriptToolchain compiles AssemblyScript with the project's own asc. The shim of WASI, a package of the
// AssemblyScript project, connects console, process, Date and the like with WASI preview 1.
type assemblyScriptToolchain struct{}

func (assemblyScriptToolchain) compile(ctx context.Context, j *job) (product, error) {
	a, err := newAsc(ctx, j)
	if err != nil {
		return product{}, err
	}
	flags, err := a.flags()
	if err != nil {
		return product{}, err
	}
	out := j.path("module.wasm")
	args := append([]string{}, flags...)
	args = append(args, "--outFile", out)
	if strings.Contains(string(a.config), `"textFile"`) { // otherwise it would go between the sources
		args = append(args, "--textFile", j.path("module.wat"))
	}
	if err := j.run(ctx, a.call(args...), nil); err != nil {
		return product{}, err
	}
	facts := Facts{Language: LanguageAssemblyScript, Name: a.name, Tools: []Tool{{Name: "asc", Version: a.version}}, Flags: j.portable(flags)}
	if a.node != "" {
		facts.Tools = append(facts.Tools, Tool{Name: "node", Version: a.node})
	}
	return product{path: out, facts: facts, inventory: a.inventory, binaries: map[string]string{"asc": a.path}}, nil
}

// An asc is the AssemblyScript compiler, ready to be called for one job.
type asc struct {
	*job
	path    string
	version string
	node    string
	name    string // of the package; "" when package.json names none
	config  []byte // asconfig.json; nil when there is none
}

// ascVersion matches the answer of `asc --version`: "Version 0.27.37".
var ascVersion = lazyRegexp(`[0-9]+\.[0-9]+\.[0-9]+\S*`)

// newAsc finds the compiler that belongs to the project, else one on PATH. It is a program for Node.js.
func newAsc(ctx context.Context, j *job) (*asc, error) {
	a := &asc{job: j, config: readSmall(filepath.Join(j.Dir, ascConfigFile)), name: packageName(j.Dir)}
	node, err := j.Exec.LookPath("node", j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "node", Purpose: "runs asc, the AssemblyScript compiler"}
	}
	if a.path = a.find(); a.path == "" {
		return nil, &MissingError{
			Kind: KindTool, Name: "asc", Purpose: "compiles AssemblyScript", Looked: []string{"node_modules/.bin here and above", "PATH"},
		}
	}
	out, err := output(ctx, j.Exec, a.call("--version"))
	if err != nil {
		return nil, err
	}
	a.version = ascVersion().FindString(out)
	out, _ = output(ctx, j.Exec, Command{Path: node, Args: []string{"--version"}, Dir: j.Dir, Env: j.Env})
	a.node = strings.TrimPrefix(out, "v")
	return a, nil
}

// find returns the path of asc.
func (a *asc) find() string {
	name := "asc"
	if runtime.GOOS == "windows" {
		name = "asc.cmd"
	}
	for _, modules := range nodeModules(a.Dir) {
		if path, err := a.Exec.LookPath(filepath.Join(modules, ".bin", name), a.Env); err == nil {
			return path
		}
	}
	path, _ := a.Exec.LookPath("asc", a.Env)
	return path
}

// nodeModules are the folders in which Node.js looks for packages: here and above.
func nodeModules(dir string) []string {
	var folders []string
	for {
		folders = append(folders, filepath.Join(dir, "node_modules"))
		parent := filepath.Dir(dir)
		if parent == dir {
			return folders
		}
		dir = parent
	}
}

func (a *asc) call(args ...string) Command {
	return Command{Path: a.path, Args: args, Dir: a.Dir, Env: dropenv(a.Env, "NODE_OPTIONS")}
}

// flags are asc's arguments. What the project's asconfig.json says holds, except for where the results go.
func (a *asc) flags() ([]string, error) {
	var config struct {
		Extends string
		Entries []string
		Targets map[string]json.RawMessage
	}
	_ = json.Unmarshal(a.config, &config) // asc says what is wrong with it
	var flags []string
	entry := a.AssemblyScript.Entry
	if entry == "" && len(config.Entries) == 0 {
		entry = ascEntry
	}
	if entry != "" {
		flags = append(flags, filepath.ToSlash(entry))
	}
	if !strings.Contains(string(a.config), "wasi") {
		shim, err := a.shim()
		if err != nil {
			return nil, err
		}
		flags = append(flags, "--config", shim)
	}
	target := a.AssemblyScript.Target
	if _, has := config.Targets["release"]; has && target == "" {
		target = "release"
	}
	if target != "" {
		flags = append(flags, "--target", target)
	} else {
		flags = append(flags, "-O", "--noAssert")
	}
	return append(flags, a.AssemblyScript.Flags...), nil
}

// shim returns the path of the shim's configuration, as asc wants it: relative to where it runs.
func (a *asc) shim() (string, error) {
	for _, modules := range nodeModules(a.Dir) {
		if dir := filepath.Join(modules, filepath.FromSlash(ascShim)); exists(dir, ascConfigFile) {
			rel, err := filepath.Rel(a.Dir, filepath.Join(dir, ascConfigFile))
			return "./" + filepath.ToSlash(rel), err
		}
	}
	return "", &MissingError{
		Kind: KindSysroot, Name: ascShim, Purpose: "connects AssemblyScript with WASI", Looked: []string{"node_modules here and above"},
	}
}

// hasAssemblyScript reports whether a folder is an AssemblyScript project: it says so, has the usual entry, or depends
// on the compiler.
func hasAssemblyScript(dir string) bool {
	if exists(dir, ascConfigFile) || exists(dir, ascEntry) {
		return true
	}
	var p struct {
		Dependencies, DevDependencies map[string]string
	}
	_ = json.Unmarshal(readSmall(filepath.Join(dir, "package.json")), &p)
	return p.Dependencies["assemblyscript"] != "" || p.DevDependencies["assemblyscript"] != ""
}

// packageName is the name in package.json, without scope.
func packageName(dir string) string {
	var p struct{ Name string }
	_ = json.Unmarshal(readSmall(filepath.Join(dir, "package.json")), &p)
	return p.Name[strings.LastIndexByte(p.Name, '/')+1:]
}
