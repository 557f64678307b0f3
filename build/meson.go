package build

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// mesonFile tells a Meson project.
const mesonFile = "meson.build"

// mesonToolchain builds a project that has a meson.build: sources and build tree are kept copies.
type mesonToolchain struct{}

func (mesonToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	r := &mesonRun{job: j, compiler: c}
	if r.meson, err = j.Exec.LookPath("meson", j.Env); err != nil {
		return product{}, &MissingError{Kind: KindTool, Name: "meson", Purpose: "builds projects that have a " + mesonFile}
	}
	if r.ninja = findNinja(j); r.ninja == "" {
		return product{}, &MissingError{Kind: KindTool, Name: "ninja", Purpose: "runs what Meson has planned"}
	}
	r.tree, err = openTree(ctx, j, DriverMeson, c.pieces, c.foreignFlags(j.C), stampsOf(r.meson, r.ninja), linkerScript, crossFile)
	if err != nil {
		return product{}, err
	}
	b := &treeBuild{job: j, tree: r.tree, system: r}
	return b.run(ctx, c)
}

// A mesonRun is Meson, ready to be called.
type mesonRun struct {
	*job
	compiler     *compiler
	tree         *keptTree
	meson, ninja string
}

// configure plans the build. The caller's arguments come last, so that they win.
func (r *mesonRun) configure(ctx context.Context, again bool) error {
	args := []string{
		"setup", r.tree.path("build"), r.tree.path("src"), "--cross-file=" + r.tree.path("cross.ini"),
		"--buildtype=release", "--default-library=static", "--backend=ninja",
	}
	if again {
		args = append(args, "--reconfigure")
	} else if err := r.writeCrossFile(ctx); err != nil {
		return err
	}
	return r.call(ctx, r.meson, nil, append(args, r.C.Configure...))
}

// crossFile is the part of Meson's cross file that is always the same: the machine, and what Meson would ask of a linker
// that it takes for one of this machine.
const crossFile = `
[host_machine]
system = 'wasi'
cpu_family = 'wasm32'
cpu = 'wasm32'
endian = 'little'

[properties]
needs_exe_wrapper = true

[built-in options]
b_lundef = false
b_asneeded = false
b_pie = false
b_staticpic = false
`

// writeCrossFile tells Meson of the compilers and the machine: https://mesonbuild.com/Cross-compilation.html
// The machine's own pkg-config is not among the tools: what it knows of is not for WebAssembly.
func (r *mesonRun) writeCrossFile(ctx context.Context) error {
	f := &finder{job: r.job, env: r.cEnv()}
	ar, ranlib, err := f.archiver(ctx, r.compiler.driver)
	if err != nil {
		return err
	}
	flags := r.compiler.foreignFlags(r.C, r.tree.path("src")+"=.", r.tree.path("build")+"=build")
	linker, err := r.writeLinker(ctx, f)
	if err != nil {
		return err
	}
	flags = append(flags, linker...)
	text := "[binaries]\nc = " + mesonList(r.compiler.command(flags...)) + "\ncpp = " + mesonList(r.compiler.cxx(flags)) +
		"\nar = " + mesonList(ar) + "\nranlib = " + mesonList(ranlib) + "\n"
	if emulator := r.tree.emulator(r.job); emulator != nil {
		text += "exe_wrapper = " + mesonList(emulator) + "\n"
	}
	text += crossFile
	return os.WriteFile(r.tree.path("cross.ini"), []byte(text), 0o600)
}

// linkerScript leaves out what Meson tells a linker that it takes for one of this machine. wasm-ld looks through its
// libraries as often as it has to, with and without groups.
const linkerScript = `#!/bin/sh
for arg; do
	shift
	case $arg in
	--start-group | --end-group | --as-needed | --no-as-needed) ;;
	*) set -- "$@" "$arg" ;;
	esac
done
exec `

// writeLinker puts a script before a linker that refuses groups, and returns the flags that lead the compiler there.
func (r *mesonRun) writeLinker(ctx context.Context, f *finder) ([]string, error) {
	ld := f.llvmTool(ctx, r.compiler.driver, pieceLinker)
	if ld == nil || r.compiler.subcommands() || runtime.GOOS == "windows" {
		return nil, nil
	}
	script := r.tree.path("wasm-ld")
	if r.compiler.linker != "" { // the one in front of clang's is not asked
		ld = []string{r.tree.path("wasm-ld-map")}
		if err := os.WriteFile(ld[0], []byte(mapScriptOf(r.compiler.linker)), 0o700); err != nil { // #nosec G306 -- a program
			return nil, err
		}
	}
	text := linkerScript + shellJoin(ld) + ` "$@"` + "\n"
	return []string{"-fuse-ld=" + script}, os.WriteFile(script, []byte(text), 0o700) // #nosec G306 -- a program
}

// mesonList writes a list of strings: https://mesonbuild.com/Syntax.html#strings
func mesonList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(w) + "'"
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// build builds the target that the options name, or everything.
func (r *mesonRun) build(ctx context.Context, env []string) error {
	args := []string{"-C", r.tree.path("build"), fmt.Sprintf("-j%d", r.Jobs)}
	if target := r.C.Bin; target != "" {
		if _, err := output(ctx, r.Exec, r.command(r.ninja, nil, append(args, "-n", target))); err == nil {
			args = append(args, target)
		}
	}
	return r.call(ctx, r.ninja, env, args)
}

func (r *mesonRun) command(path string, env, args []string) Command {
	return Command{Path: path, Args: args, Dir: r.tree.dir, Env: setenv(r.cEnv(), append(env, "NINJA="+r.ninja)...)}
}

func (r *mesonRun) call(ctx context.Context, path string, env, args []string) error {
	return r.run(ctx, r.command(path, env, args), cCauses)
}

// followsHeaders says yes: Meson's rules note what each compiler has read.
func (r *mesonRun) followsHeaders() bool { return true }

// tools asks for Meson's version: "1.0.1".
func (r *mesonRun) tools(ctx context.Context) []Tool {
	return []Tool{r.version(ctx, r.meson, "meson")}
}
