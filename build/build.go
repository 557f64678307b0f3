// Package build turns a source folder into one WebAssembly module.
//
// It finds out which language the folder is written in, runs the user's own toolchain for it with the flags that make
// the result reproducible, and returns the module's bytes with the facts of the build: which tools in which versions,
// with which flags, from which revision. Two builds of the same sources with the same tools give the same bytes, in
// whatever folder the sources lie.
//
// The package prints nothing: the tools' own output goes to [Options.Output]. It never writes into the source folder:
// whatever a build leaves behind goes to a private folder below [Options.Cache] and is removed again.
package build

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/wpkdev/wpk/wasm"
)

// The languages that [Options.Language] and [Facts.Language] name.
const (
	LanguageGo             = "go"
	LanguageRust           = "rust"
	LanguageC              = "c"
	LanguagePython         = "python"
	LanguageJavaScript     = "javascript"
	LanguageAssemblyScript = "assemblyscript"
	LanguageZig            = "zig"
	LanguageRuby           = "ruby"
	LanguageCommand        = "command" // a compiler that wpk does not know, see [CommandOptions]
)

// The values of [Options.Target] and [Facts.Target].
const (
	TargetWASIP1 = "wasip1" // a core module that imports WASI preview 1
	TargetWASIP2 = "wasip2" // a component that imports WASI 0.2
)

// maxModule bounds the module that a build may produce. Registries and engines give up long before.
const maxModule = 512 << 20

// Options say what to build and with what. Only Dir and Env are needed.
type Options struct {
	Dir      string // a project's folder, or the folder of one of its main packages
	Language string // one of the Language constants; "" = detect
	Target   string // TargetWASIP1 or TargetWASIP2; "" = TargetWASIP1
	Settings
	Env      []string  // the caller's environment as "KEY=value"; tools are looked up on its PATH
	Cache    string    // folder for private work folders and for what makes the next build faster; "" = the system's temporary folder
	Output   io.Writer // what the tools print, as it comes; nil discards it
	Jobs     int       // how many compilers run at once; 0 = one for each processor
	Exec     Executor  // runs the tools; nil = real processes
	Runtimes Runtimes  // the runtime packs of interpreted languages; nil = there are none

	// Inventory asks for all of [Facts]: what of others is in the module, and which programs exactly made it. It takes
	// longer, and the module is the same.
	Inventory bool
}

// Settings are those of each language; a project uses one of them.
type Settings struct {
	Go   GoOptions
	Rust RustOptions
	C    COptions // C and C++

	Python     PythonOptions
	JavaScript JavaScriptOptions

	Component      ComponentOptions // components, of whatever language
	AssemblyScript AssemblyScriptOptions
	Zig            ZigOptions
	Ruby           RubyOptions
	Command        CommandOptions // a compiler that wpk does not know

	Optimize OptimizeOptions // modules, of whatever language
}

// GoOptions are the settings for Go.
type GoOptions struct {
	Package  string   // the main package, as "./cmd/x" below Dir or as an import path; "" = the only one there is
	Tags     []string // build tags
	LDFlags  string   // more flags for the linker, after "-s -w -buildid="
	BuildVCS bool     // stamp the module with the revision; off, because it makes equal sources differ
	Reactor  bool     // a library with _initialize and //go:wasmexport functions instead of a command
	Compiler string   // CompilerGo or CompilerTinyGo; "" = CompilerGo
	CgoStubs bool     // build even when a dependency's C is replaced by something that fails at run time
}

// The values of [GoOptions.Compiler].
const (
	CompilerGo     = "go"     // the Go project's own
	CompilerTinyGo = "tinygo" // https://tinygo.org: far smaller modules, not all of the language and library
)

// RustOptions are the settings for Rust.
type RustOptions struct {
	Package           string   // a package of the workspace, by its name or its folder below Dir; "" = the one in Dir, else any
	Bin               string   // which program; "" = the package's default one, else the only one there is
	Features          []string // features to enable
	NoDefaultFeatures bool     // leave out the package's default features
	Profile           string   // cargo's profile; "" = release
	LDFlags           []string // more flags for the linker
	Reactor           bool     // the library (crate-type cdylib) with _initialize instead of a program
}

// COptions are the settings for C and C++: plain sources, CMake, Meson, autotools and Makefile projects.
type COptions struct {
	CC        string   // the compiler, with arguments if need be ("zig cc"); "" = find one
	CFlags    []string // more flags for the compiler, after ours
	LDFlags   []string // more flags for the linking compiler, after ours
	Driver    string   // one of the Driver constants, for a folder that has several; "" = the first that fits
	Bin       string   // which program: a target of the driver, or the file's name; "" = the only one there is
	Configure []string // more arguments for cmake, meson setup, configure or make: "-DWITH_X=OFF", "--without-x", "PLAT=generic"
	Emulate   []string // what wasi-libc emulates on request: the Emulate constants
	Setjmp    bool     // make setjmp and longjmp of WebAssembly's exceptions, which few engines have yet
	Emulator  []string // a command that runs a module, as `wpk run` does: folders as --dir HOST:GUEST:rw, the module's path and its arguments follow
	Ignore    []string // files and folders that are no sources, although they may lie in Dir: what the caller writes there
}

// The values of [COptions.Emulate].
const (
	EmulateSignal        = "signal"         // signal and raise, inside the program
	EmulateMman          = "mman"           // mmap as malloc and read
	EmulateGetpid        = "getpid"         // a number that is the same for every process
	EmulateProcessClocks = "process-clocks" // clock, times and getrusage by the wall clock
)

// Module is a finished build.
type Module struct {
	Wasm     []byte       // the module's bytes
	Digest   string       // "sha256:" and the hexadecimal digest of Wasm
	Info     *wasm.Module // what the module is, imports and exports
	Facts    Facts        // how it came to be
	Warnings []Warning    // what compiles and will not work
	Shrink   *Shrink      // what [OptimizeOptions] have changed; nil = nothing
}

// Warning tells of something in the sources that compiles and cannot work in WebAssembly.
type Warning struct {
	Where string `json:"where"` // the place, as "cmd/server/main.go:12:3" or as the name of a dependency
	Text  string `json:"text"`  // what will not work, and why
}

// Facts tell how a module was built. They hold no absolute path, so that they are equal for equal builds.
type Facts struct {
	Language string   `json:"language"`          // one of the Language constants
	Target   string   `json:"target"`            // TargetWASIP1 or TargetWASIP2
	Name     string   `json:"name,omitempty"`    // the program's name, without suffix; "" when nothing in the sources names it
	Package  string   `json:"package,omitempty"` // Go: the main package's import path; Rust: the package's name
	Module   string   `json:"module,omitempty"`  // Go: the main module's path
	Version  string   `json:"version,omitempty"` // Go: the main module's version, when it has one; Rust: the package's
	Tools    []Tool   `json:"tools"`             // the compiler first, then what drove it
	Flags    []string `json:"flags,omitempty"`   // the flags that shaped the module, ours and the caller's
	Env      []string `json:"env,omitempty"`     // the environment that shaped the module, as "KEY=value"
	Source   Source   `json:"source"`            // where the sources come from

	// Dependencies are what of others is in the module, sorted by name. Without [Options.Inventory] only those that an
	// interpreted language's toolchain knows anyway.
	Dependencies []Dependency `json:"dependencies,omitempty"`
	// Unknown are parts of the module that nothing here can name, a sentence each; only with [Options.Inventory].
	Unknown []string `json:"unknown,omitempty"`
	// Varies are the reasons why another build of the same revision may give another module, a sentence each; only with
	// [Options.Inventory]. None means that the module is reproducible, as far as is known.
	Varies []string `json:"varies,omitempty"`
}

// Tool is a program that took part in a build.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Digest  string `json:"digest,omitempty"` // "sha256:…" of the program's file; only with [Options.Inventory]
}

// Source is what git knows about the source folder; all zero without git or outside a repository.
type Source struct {
	Revision string `json:"revision,omitempty"` // the commit, in full
	URL      string `json:"url,omitempty"`      // of the remote "origin" as https, without credentials
	Dirty    bool   `json:"dirty,omitempty"`    // changed or untracked files below the source folder

	// The rest is only there with [Options.Inventory].
	Folder string    `json:"folder,omitempty"` // the source folder below the repository's, slash-separated; "" = the same
	Time   time.Time `json:"time,omitzero"`    // of the commit, UTC
}

// Build compiles the project in o.Dir. Its errors are:
//   - *[fs.PathError]: o.Dir cannot be read
//   - *[DetectError]: nothing there that can be built
//   - *[TargetError]: the project is for another kind of WebAssembly
//   - *[MissingError]: a tool, target or sysroot is missing on this machine
//   - *[CgoError]: a Go program that needs C
//   - *[AmbiguousError]: several programs, and the options name none
//   - *[ToolError]: the tool ran and failed; what it said went to o.Output
//   - *[GemError]: a Ruby program that needs a gem with machine code
//   - *[DistributionError], *[ProjectFileError], *[IndexError]: what a Python project requires cannot be had
//   - *[ResultError]: the tool succeeded, yet what it left is no module
//   - *[SizeError]: the module is larger than the options allow
//   - the context's error when it ended first
func Build(ctx context.Context, o Options) (*Module, error) {
	j, err := newJob(o)
	if err != nil {
		return nil, err
	}
	defer j.close()
	m, err := j.build(ctx, o.Target)
	return m, j.search.explain(err)
}

// build does it all. asked is the target that the caller has named, if any.
func (j *job) build(ctx context.Context, asked string) (*Module, error) {
	if j.Optimize.Level != "" {
		if _, err := findWasmOpt(ctx, j); err != nil { // before the long work
			return nil, err
		}
	}
	t, err := detect(j)
	if err != nil {
		return nil, err
	}
	source := make(chan Source, 1)
	go func() { source <- sourceOf(ctx, j) }() // git takes as long as a small compiler, and has nothing to do with it
	p, err := t.compile(ctx, j)
	from := <-source
	if err != nil {
		return nil, err
	}
	m := p.module
	if m == nil {
		if m, err = load(p.path); err != nil {
			return nil, err
		}
	}
	m.Facts, m.Warnings = p.facts, append(p.warnings, foreignWarnings(m.Info)...)
	m.Facts.Source = from
	if m, err = onTarget(ctx, j, m, p.path, asked); err != nil {
		return nil, err
	}
	if m, err = optimizeModule(ctx, j, m); err != nil || !j.Inventory {
		return m, err
	}
	return m, j.takeInventory(ctx, &p, &m.Facts)
}

// onTarget makes a module be what was asked for. Without a wish, what the toolchain has left is right: some make nothing
// but components.
func onTarget(ctx context.Context, j *job, m *Module, path, asked string) (*Module, error) {
	if j.Target == TargetWASIP2 {
		var err error
		if m, err = componentize(ctx, j, m, path); err != nil {
			return nil, err
		}
	}
	m.Facts.Target = TargetWASIP1
	if m.Info.Kind == wasm.Component {
		m.Facts.Target = TargetWASIP2
	}
	if asked != "" && asked != m.Facts.Target {
		return nil, &ResultError{Name: filepath.Base(path), Err: fmt.Errorf("%w: it is %s, not %s", ErrOtherTarget, m.Facts.Target, asked)}
	}
	return m, nil
}

// A toolchain compiles one kind of project.
type toolchain interface {
	compile(ctx context.Context, j *job) (product, error)
}

// A product is what a toolchain leaves: a file in the job's work folder, and how it came to be.
type product struct {
	path     string
	module   *Module // what the file holds, where the toolchain has read it already
	facts    Facts
	warnings []Warning

	// inventory adds to the facts what is in the module; nil = nobody knows. It is called with [Options.Inventory] only.
	inventory func(ctx context.Context, f *Facts) error
	binaries  map[string]string // the files of tools, where those that ran are only in front of them
}

// A job is one build under way: the caller's options with every default filled in, and a private folder for whatever
// the tools write.
type job struct {
	Options
	work    string
	search  *searcher // Options.Exec, and what it has not found
	closers []func()  // give back what the job holds, the last one first
}

func newJob(o Options) (*job, error) {
	dir, err := realPath(o.Dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: o.Dir, Err: syscall.ENOTDIR}
	}
	o.Dir = dir
	return startJob(o)
}

// startJob makes a job whose folder is there, or that needs none.
func startJob(o Options) (*job, error) {
	if o.Output == nil {
		o.Output = io.Discard
	}
	if o.Target == "" {
		o.Target = TargetWASIP1
	}
	needAdapter(&o)
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Exec == nil {
		o.Exec = processes{}
	}
	work, err := makeWork(o.Cache)
	if err != nil {
		return nil, err
	}
	if err := writeNoOptimizer(work); err != nil {
		return nil, err
	}
	search := &searcher{Executor: o.Exec}
	o.Exec = search
	return &job{Options: o, work: work, search: search}, nil
}

func (j *job) close() {
	for _, f := range slices.Backward(j.closers) {
		f()
	}
	_ = os.RemoveAll(j.work)
}

// load reads the file that a tool left, and refuses what is not a module.
func load(path string) (*Module, error) {
	name := filepath.Base(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, &ResultError{Name: name, Err: err}
	}
	if info.Size() > maxModule {
		return nil, &ResultError{Name: name, Err: fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, info.Size(), int64(maxModule))}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &ResultError{Name: name, Err: err}
	}
	return newModule(name, b)
}

// newModule reads what the file of this name holds.
func newModule(name string, b []byte) (*Module, error) {
	m, err := wasm.Decode(b)
	if err != nil {
		return nil, &ResultError{Name: name, Err: err}
	}
	return &Module{Wasm: b, Digest: "sha256:" + hashOf(b), Info: m}, nil
}
