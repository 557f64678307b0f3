package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
)

// javaScriptFlags are those that JavaScript does not share with Python: --entry and --no-snapshot are pythonFlags'.
type javaScriptFlags struct {
	define []string
	minify bool
}

func (o *javaScriptFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&o.define, "define", nil, "JavaScript: `NAME=VALUE` replaces a name by a constant, such as process.env.STAGE='\"test\"'; may be repeated")
	f.BoolVar(&o.minify, "minify", false, "JavaScript: leave out white space and shorten names")
}

func (o *javaScriptFlags) options(shared build.PythonOptions) (build.JavaScriptOptions, error) {
	define, err := keyValues("--define", o.define)
	return build.JavaScriptOptions{Entry: shared.Entry, NoSnapshot: shared.NoSnapshot, Define: define, Minify: o.minify}, err
}

func explainJavaScript(err error) (int, string) {
	var packages *build.PackagesError
	var addon *build.AddonError
	switch {
	case errors.As(err, &packages):
		return exitMissing, packagesHint(packages)
	case errors.As(err, &addon):
		return exitBuild, "use a package that is JavaScript or WebAssembly all through, or leave this one out where it is optional"
	case errors.Is(err, build.ErrNoScript):
		return exitBuild, `name the file: --entry FILE, or "bin" or "main" in package.json`
	case errors.Is(err, build.ErrPackageFile):
		return exitBuild, ""
	}
	return 0, ""
}

// packagesHint is the command that installs a project's packages: by its lock file where there is one.
func packagesHint(e *build.PackagesError) string {
	locked := map[string]string{
		"npm": "npm ci", "pnpm": "pnpm install --frozen-lockfile", "yarn": "yarn install --immutable", "bun": "bun install --frozen-lockfile",
	}
	add := map[string]string{"": "npm install", "npm": "npm install", "pnpm": "pnpm add", "yarn": "yarn add", "bun": "bun add"}
	command := add[e.Manager] + " " + strings.Join(e.Names, " ")
	if e.Listed {
		command = locked[e.Manager]
		if command == "" {
			command = "npm install"
		}
	}
	return "in " + e.Dir + ": " + command
}
