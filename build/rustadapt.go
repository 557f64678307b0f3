package build

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// adapt prepares what only some projects need, as their lock file tells: names for crates outside the workspace, and a
// C compiler for the C code of dependencies.
func (c *cargoCommand) adapt(ctx context.Context) error {
	locked := readLock(filepath.Join(c.ws.Root, cargoLock))
	c.env = setenv(c.env, "CARGO_BUILD_BUILD_DIR="+c.targetDir())
	if len(c.ws.outside()) > 0 || c.ws.patched(locked) {
		if err := c.nameCrates(); err != nil {
			return err
		}
	}
	// Without a lock file nobody knows yet.
	if locked == nil || slices.ContainsFunc(locked, func(p lockedPackage) bool { return p.name == "cc" }) {
		return c.compileC(ctx)
	}
	return nil
}

// A lockedPackage is a package in a lock file.
type lockedPackage struct {
	name  string
	local bool // from a folder, and not from a registry
}

// maxLock bounds what is read of a lock file: two hundred bytes for each of a hundred thousand packages.
const maxLock = 20 << 20

// lockEntry matches the lines that are wanted of a lock file, which cargo writes in a form of its own.
var lockEntry = lazyRegexp(`(?m)^(\[\[package\]\]|name = "([^"\n]*)"|source = ".*)\r?$`)

// readLock returns the packages of a lock file; nil when there is none.
func readLock(name string) []lockedPackage {
	b := readUpTo(name, maxLock)
	if b == nil {
		return nil
	}
	packages := []lockedPackage{}
	for _, m := range lockEntry().FindAllSubmatch(b, -1) {
		last := len(packages) - 1
		switch {
		case m[0][0] == '[':
			packages = append(packages, lockedPackage{local: true})
		case last >= 0 && m[0][0] == 'n':
			packages[last].name = string(m[2])
		case last >= 0:
			packages[last].local = false
		}
	}
	return packages
}

// patched reports whether a package from a folder is in the lock file that is no member of the workspace: a [patch].
func (ws *cargoWorkspace) patched(locked []lockedPackage) bool {
	return slices.ContainsFunc(locked, func(l lockedPackage) bool {
		return l.local && !slices.ContainsFunc(ws.Packages, func(p cargoPackage) bool { return p.Name == l.name })
	})
}

// crateNamer is a rustc that names crates by what they are. To cargo a package outside the workspace is its absolute
// path, from which it makes the hash that is part of the name of every function in it and in what depends on it
// (-C metadata), and rustc writes that path into the module. Both get the package's name instead, which is unique:
// a lock file has no two packages from folders with the same name and version.
const crateNamer = `#!/bin/sh
id="$CARGO_PKG_NAME $CARGO_PKG_VERSION"
before= hashed=
for arg; do
	case $before in --crate-name | --crate-type | --target | --cfg) id="$id $arg" ;; esac
	case $before$arg in -Cmetadata=*) hashed=1 ;; esac
	before=$arg
done
[ "$hashed" ] || exec RUSTC "$@"
n=$# before=
while [ "$n" -gt 0 ]; do
	arg=$1
	case $before$arg in -Cmetadata=*) arg="metadata=$id" ;; esac
	before=$1
	shift
	set -- "$@" "$arg"
	n=$((n - 1))
done
case $CARGO_MANIFEST_DIR/ in
ROOT/* | KEPT/* | HOME/*) ;;
*) set -- "$@" "--remap-path-prefix=$CARGO_MANIFEST_DIR=$CARGO_PKG_NAME-$CARGO_PKG_VERSION" ;;
esac
exec RUSTC "$@"
`

// nameCrates puts the crate namer in the place of rustc. Windows has no shell for it: there such a project's module
// depends on the folder that it lies in.
func (c *cargoCommand) nameCrates() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	home := cargoHome(c.Env)
	if home == "" {
		home = c.kept.dir
	}
	script := []byte(strings.NewReplacer("RUSTC", shellQuote(c.rust.path), "ROOT", shellQuote(c.ws.Root), "KEPT", shellQuote(c.kept.dir),
		"HOME", shellQuote(home)).Replace(crateNamer))
	path := filepath.Join(c.kept.dir, "rustc")
	if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, script) { // to cargo, a new file is a new compiler
		if err := os.WriteFile(path, script, 0o700); err != nil { // #nosec G306 -- a program
			return err
		}
	}
	c.env = setenv(c.env, "RUSTC="+path)
	return nil
}

// compileC leads the build scripts of dependencies with C code to the C compiler that C projects get, by the variables
// that name the target: https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables. What the
// caller has set stays. Without such a compiler the dependency may still do, or fail and say so.
func (c *cargoCommand) compileC(ctx context.Context) error {
	suffix := "_" + strings.ReplaceAll(c.rust.target, "-", "_")
	for _, name := range []string{"CC" + suffix, "CC_" + c.rust.target, "TARGET_CC"} {
		if getenv(c.Env, name) != "" {
			return nil
		}
	}
	cc, err := findCompiler(ctx, c.job)
	var missing *MissingError
	switch {
	case errors.As(err, &missing):
		c.cc = missing
		return nil
	case err != nil:
		return err
	}
	f := &finder{job: c.job, env: c.cEnv()}
	ar, _, err := f.archiver(ctx, cc.driver)
	if errors.As(err, &missing) {
		c.cc = missing
		return nil
	}
	if err != nil {
		return err
	}
	var prefixes []string
	for _, flag := range c.remaps() {
		prefixes = append(prefixes, strings.TrimPrefix(flag, "--remap-path-prefix="))
	}
	flags := cc.baseFlags(COptions{}, prefixes...)
	command := cc.command()
	c.setC(suffix, slices.Concat(command[1:], flags), slices.Concat(cc.cxxFlags, flags), command[0], ar)
	return nil
}

// setC sets the variables. Flags are words between spaces; one with a space in it needs a newer cc, which undoes
// quotes when told so.
func (c *cargoCommand) setC(suffix string, cflags, cxxflags []string, path string, ar []string) {
	join, spaces := strings.Join, func(flag string) bool { return strings.ContainsAny(flag, " '\"\\") }
	vars := []string{}
	if slices.ContainsFunc(cflags, spaces) {
		vars = append(vars, "CC_SHELL_ESCAPED_FLAGS=1")
		join = func(flags []string, _ string) string { return shellJoin(flags) }
	}
	vars = append(vars,
		"CC"+suffix+"="+path, "CXX"+suffix+"="+path, "AR"+suffix+"="+join(ar[:1], " "),
		"CFLAGS"+suffix+"="+join(cflags, " "), "CXXFLAGS"+suffix+"="+join(append([]string{"--driver-mode=g++"}, cxxflags...), " "),
	)
	c.env = setenv(c.env, vars...)
}
