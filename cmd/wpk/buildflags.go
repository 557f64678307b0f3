package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/project"
)

// compileFlags say how to compile.
type compileFlags struct {
	language string
	target   string
	jobs     int
	golang   build.GoOptions
	rust     build.RustOptions
	c        build.COptions
	python   build.PythonOptions
	script   javaScriptFlags
	command  build.CommandOptions
	ldflags  []string
	wit      build.ComponentOptions
	given    func(flag string) bool // whether a flag is on the command line
	runtime  string
	optimize optimizeFlags
}

func (o *compileFlags) register(c *cobra.Command) {
	f := c.Flags()
	o.given = f.Changed
	f.StringVar(&o.language, "language", "", "`LANGUAGE` of the project: "+orList(build.Languages())+" (default: found out)")
	f.StringVar(&o.target, "target", "", "`TARGET`: wasip1 (a module, the default), wasip2 (a component)")
	f.IntVar(&o.jobs, "jobs", 0, "`N` compilers at once (default: one a processor)")
	f.StringVar(&o.golang.Package, "package", "", "Go, Rust: the `PACKAGE` with the program, such as ./cmd/tool")
	f.StringSliceVar(&o.golang.Tags, "go-tags", nil, "Go: build `TAGS`")
	f.BoolVar(&o.golang.BuildVCS, "go-buildvcs", false, "Go: stamp the module with the revision")
	f.BoolVar(&o.golang.Reactor, "reactor", false, "Go, Rust: build a library (_initialize and exported functions) instead of a command")
	f.StringVar(&o.golang.Compiler, "compiler", "", "Go: the `COMPILER`: go (the default), tinygo (smaller modules, not all of Go)")
	f.BoolVar(&o.golang.CgoStubs, "cgo-stubs", false, "Go: build even when a dependency only pretends to work without C")
	f.StringSliceVar(&o.rust.Features, "features", nil, "Rust: `FEATURES` to enable")
	f.BoolVar(&o.rust.NoDefaultFeatures, "no-default-features", false, "Rust: leave out the package's default features")
	f.StringVar(&o.rust.Profile, "profile", "", "Rust: cargo's `PROFILE` (default: release)")
	f.StringVar(&o.c.CC, "cc", "", "C: the `COMPILER`, with arguments if need be (\"zig cc\")")
	f.StringArrayVar(&o.c.CFlags, "cflag", nil, "C: one more `FLAG` for the compiler; may be repeated")
	f.StringVar(&o.c.Driver, "driver", "", "C: `DRIVER` of the build for a folder that has several: cmake, meson, autotools, make, none")
	f.StringArrayVar(&o.c.Configure, "configure-arg", nil, "C: one more `ARGUMENT` for cmake, meson setup, configure or make, such as -DWITH_X=OFF; may be repeated")
	f.StringSliceVar(&o.c.Emulate, "emulate", nil, "C: `CALLS` that wasi-libc emulates on request: signal, mman, getpid, process-clocks")
	f.BoolVar(&o.c.Setjmp, "setjmp", false, "C: allow setjmp, by WebAssembly's exceptions (clang 20 or newer, and an engine that has them)")
	f.StringVar(&o.c.Bin, "bin", "", "C, Rust, Ruby: the `PROGRAM` to take: a target of CMake, make or cargo, a file it leaves, or a script")
	f.StringVar(&o.wit.WIT, "wit", "", "wasip2: `FILE` or folder in DIR with the WIT of a library (default: wit)")
	f.StringVar(&o.wit.World, "world", "", "wasip2: the `WORLD` to build (default: the only one)")
	pythonFlags(c, &o.python)
	o.script.register(c)
	f.StringVar(&o.runtime, "runtime", "", "Python, JavaScript: the runtime pack, as `REF@sha256:…` (default: the one that is installed)")
	f.StringVar(&o.command.Run, "command", "", "any other compiler: the shell `COMMAND` that leaves a .wasm, in a copy of DIR, best at $WPK_OUTPUT")
	f.StringVar(&o.command.Output, "command-output", "", "the `FILE` that the command leaves, below DIR")
	f.StringArrayVar(&o.ldflags, "ldflag", nil, "one more `FLAG` for the linker; may be repeated")
	o.optimize.register(c)
}

// options are the flags over what the project's wpk.yaml says.
func (o *compileFlags) options(dir string) (build.Options, error) {
	file, err := project.Load(dir)
	if err != nil {
		return build.Options{}, err
	}
	golang, rust, c := o.golang, o.rust, o.c
	python, err := fromHere(o.python)
	if err != nil {
		return build.Options{}, err
	}
	javascript, err := o.script.options(python)
	if err != nil {
		return build.Options{}, err
	}
	golang.LDFlags = strings.Join(o.ldflags, " ")
	c.LDFlags = o.ldflags
	rust.Package, rust.Bin, rust.LDFlags, rust.Reactor = golang.Package, c.Bin, o.ldflags, golang.Reactor
	settings := build.Settings{Go: golang, Rust: rust, C: c, Python: python, JavaScript: javascript, Command: o.command, Component: o.wit}
	opts := build.Options{Dir: dir, Language: o.language, Target: o.target, Settings: settings, Jobs: o.jobs}
	overlay := projectOverlay{o.given}
	overlay.apply(&opts, file.Build)
	value(overlay, "runtime", &o.runtime, file.Build.Runtime)
	if opts.Optimize, err = o.optimize.options(overlay, file.Build); err != nil {
		return opts, err
	}
	return opts, checkChoices(opts)
}

// checkChoices refuses words that no build knows, wherever they come from.
func checkChoices(o build.Options) error {
	if known := build.Languages(); o.Language != "" && o.Language != build.LanguageCommand && !slices.Contains(known, o.Language) {
		return &valueError{"--language", o.Language, "want " + orList(known)}
	}
	switch o.Go.Compiler {
	case "", build.CompilerGo, build.CompilerTinyGo:
	default:
		return &valueError{"--compiler", o.Go.Compiler, "want go or tinygo"}
	}
	switch o.Target {
	case "", build.TargetWASIP1, build.TargetWASIP2:
	default:
		return &valueError{"--target", o.Target, "want wasip1 or wasip2"}
	}
	switch o.C.Driver {
	case "", build.DriverCMake, build.DriverMeson, build.DriverAutotools, build.DriverMake, build.DriverNone:
	default:
		return &valueError{"--driver", o.C.Driver, "want cmake, meson, autotools, make or none"}
	}
	for _, calls := range o.C.Emulate {
		switch calls {
		case build.EmulateSignal, build.EmulateMman, build.EmulateGetpid, build.EmulateProcessClocks:
		default:
			return &valueError{"--emulate", calls, "want signal, mman, getpid or process-clocks"}
		}
	}
	return checkLibrary(o.Python)
}

// orList is "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
