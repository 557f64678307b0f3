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
	p.golang(&o.Go, b.Go)
	p.rust(&o.Rust, b.Rust)
	p.c(&o.C, b.C)
	p.python(&o.Python, b.Python)
}

func (p projectOverlay) golang(o *build.GoOptions, y project.Go) {
	value(p, "package", &o.Package, y.Package)
	list(p, "go-tags", &o.Tags, y.Tags)
	value(p, "ldflag", &o.LDFlags, strings.Join(y.LDFlags, " "))
	choice(p, "go-buildvcs", &o.BuildVCS, y.BuildVCS)
	choice(p, "reactor", &o.Reactor, y.Reactor)
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
}

func (p projectOverlay) c(o *build.COptions, y project.C) {
	value(p, "cc", &o.CC, y.CC)
	list(p, "cflag", &o.CFlags, y.CFlags)
	list(p, "ldflag", &o.LDFlags, y.LDFlags)
	value(p, "driver", &o.Driver, y.Driver)
	value(p, "bin", &o.Bin, y.Bin)
}

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
