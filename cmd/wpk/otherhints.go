package main

import (
	"errors"
	"os/exec"

	"github.com/wpkdev/wpk/build"
)

// ascInstall is how an AssemblyScript project gets its compiler: as a package
// of its own, so that all who build it have the same version.
const ascInstall = "npm install --save-dev assemblyscript @assemblyscript/wasi-shim"

// rubyInstall is how a Ruby project gets its Ruby.
const rubyInstall = "npm install --save-dev @ruby/3.4-wasm-wasi"

// otherHint knows the pieces that no package manager of a system has; "" is
// none of them.
func otherHint(e *build.MissingError) string {
	switch e.Name {
	case "tinygo":
		if command := installCommand("", e.Name); command != "" {
			return command
		}
		return "https://tinygo.org/getting-started/install has packages; without --compiler tinygo, Go itself builds this"
	case "asc", "@assemblyscript/wasi-shim":
		return withNpm(ascInstall)
	case "@ruby/3.4-wasm-wasi":
		return withNpm(rubyInstall)
	case "zig":
		if command := installCommand("", e.Name); command != "" {
			return command
		}
		return "https://ziglang.org/download, or pip install ziglang"
	}
	if e.Kind == build.KindTarget && e.Version == "tinygo0.32" || e.Version == "tinygo0.33" {
		return "get TinyGo " + e.Version[len("tinygo"):] + " or newer: https://tinygo.org/getting-started/install"
	}
	return ""
}

// withNpm is a command of npm's for the project, after the one that installs npm.
func withNpm(install string) string {
	if command := installCommand("", "npm"); !installed("npm") && command != "" {
		return command + ", then in the project: " + install
	}
	return "in the project: " + install
}

// installed reports whether a program is on PATH.
func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// cgoHint says what to do about a Go program that needs C.
func cgoHint(err error) string {
	var cgo *build.CgoError
	if errors.As(err, &cgo) && cgo.Says != "" {
		return "use a package in pure Go instead, or leave this one out with a build tag (--go-tags); --cgo-stubs builds all the same"
	}
	return "use a package in pure Go instead, or leave this one out with a build tag (--go-tags); C itself compiles with wpk as a C project"
}
