package main

import (
	"strings"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/project"
)

// projectOverlay puts what wpk.yaml says in the place of what no flag says.
type projectOverlay struct {
	given func(flag string) bool // whether a flag is on the command line
}

func (p projectOverlay) apply(o *build.Options, b project.Build) {
	value(p, "language", &o.Language, b.Language)
	value(p, "target", &o.Target, b.Target)
	value(p, "command", &o.Command.Run, b.Command.Run)
	value(p, "command-output", &o.Command.Output, b.Command.Output)
	value(p, "wit", &o.Component.WIT, b.WIT)
	value(p, "world", &o.Component.World, b.World)
	p.golang(&o.Go, b.Go)
	p.rust(&o.Rust, b.Rust)
	list(p, "emulate", &o.C.Emulate, b.Emulate)
	p.c(&o.C, b.C)
	p.python(&o.Python, b.Python)
	p.javascript(&o.JavaScript, b.JavaScript)
	value(p, "", &o.Zig.Zig, b.Zig.Zig)
	value(p, "", &o.Zig.Release, b.Zig.Release)
	list(p, "", &o.Zig.Flags, b.Zig.Flags)
	value(p, "bin", &o.Zig.Bin, b.Zig.Bin)
	value(p, "bin", &o.Ruby.Bin, b.Ruby.Bin)
	value(p, "entry", &o.AssemblyScript.Entry, b.AssemblyScript.Entry)
	value(p, "", &o.AssemblyScript.Target, b.AssemblyScript.Target)
	list(p, "", &o.AssemblyScript.Flags, b.AssemblyScript.Flags)
}

func (p projectOverlay) golang(o *build.GoOptions, y project.Go) {
	value(p, "package", &o.Package, y.Package)
	list(p, "go-tags", &o.Tags, y.Tags)
	value(p, "ldflag", &o.LDFlags, strings.Join(y.LDFlags, " "))
	choice(p, "go-buildvcs", &o.BuildVCS, y.BuildVCS)
	choice(p, "reactor", &o.Reactor, y.Reactor)
	value(p, "compiler", &o.Compiler, y.Compiler)
	choice(p, "cgo-stubs", &o.CgoStubs, y.CgoStubs)
}

func (p projectOverlay) rust(o *build.RustOptions, y project.Rust) {
	value(p, "package", &o.Package, y.Package)
	value(p, "bin", &o.Bin, y.Bin)
	list(p, "features", &o.Features, y.Features)
	if y.DefaultFeatures != nil && !p.given("no-default-features") {
		o.NoDefaultFeatures = !*y.DefaultFeatures
	}
	value(p, "profile", &o.Profile, y.Profile)
	list(p, "ldflag", &o.LDFlags, y.LDFlags)
	choice(p, "reactor", &o.Reactor, y.Reactor)
}

func (p projectOverlay) c(o *build.COptions, y project.C) {
	value(p, "cc", &o.CC, y.CC)
	list(p, "cflag", &o.CFlags, y.CFlags)
	list(p, "ldflag", &o.LDFlags, y.LDFlags)
	value(p, "driver", &o.Driver, y.Driver)
	value(p, "bin", &o.Bin, y.Bin)
	list(p, "configure-arg", &o.Configure, y.Configure)
	list(p, "emulate", &o.Emulate, y.Emulate)
	choice(p, "setjmp", &o.Setjmp, y.Setjmp)
}

func (p projectOverlay) javascript(o *build.JavaScriptOptions, y project.JavaScript) {
	value(p, "entry", &o.Entry, y.Entry)
	choice(p, "minify", &o.Minify, y.Minify)
	if y.Snapshot != nil && !p.given("no-snapshot") {
		o.NoSnapshot = !*y.Snapshot
	}
}

// value takes what the file says unless the flag is given; "" is no flag.
func value(p projectOverlay, flag string, to *string, from string) {
	if from != "" && !p.given(flag) {
		*to = from
	}
}

func list(p projectOverlay, flag string, to *[]string, from []string) {
	if len(from) > 0 && !p.given(flag) {
		*to = from
	}
}

func choice(p projectOverlay, flag string, to *bool, from *bool) {
	if from != nil && !p.given(flag) {
		*to = *from
	}
}
