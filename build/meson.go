package build

import (
	"context"
	"fmt"
	"os"
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
	r.tree, err = openTree(ctx, j, DriverMeson, c.pieces, c.command(), stampsOf(r.meson, r.ninja))
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

// writeCrossFile tells Meson of the compilers and the machine: https://mesonbuild.com/Cross-compilation.html
// The machine's own pkg-config is not among the tools: what it knows of is not for WebAssembly.
func (r *mesonRun) writeCrossFile(ctx context.Context) error {
	f := &finder{job: r.job, env: cEnv(r.Env)}
	ar, ranlib, err := f.archiver(ctx, r.compiler.driver)
	if err != nil {
		return err
	}
	flags := r.compiler.foreignFlags(r.C, r.tree.path("src")+"=.", r.tree.path("build")+"=build")
	text := "[binaries]\nc = " + mesonList(r.compiler.command(flags...)) + "\ncpp = " + mesonList(r.compiler.cxx(flags)) +
		"\nar = " + mesonList(ar) + "\nranlib = " + mesonList(ranlib) +
		"\n\n[host_machine]\nsystem = 'wasi'\ncpu_family = 'wasm32'\ncpu = 'wasm32'\nendian = 'little'\n" +
		"\n[properties]\nneeds_exe_wrapper = true\n" +
		// What Meson would ask of a linker that it takes for one of this machine.
		"\n[built-in options]\nb_lundef = false\nb_asneeded = false\nb_pie = false\nb_staticpic = false\n"
	return os.WriteFile(r.tree.path("cross.ini"), []byte(text), 0o600)
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
	return Command{Path: path, Args: args, Dir: r.tree.dir, Env: setenv(cEnv(r.Env), append(env, "NINJA="+r.ninja)...)}
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
