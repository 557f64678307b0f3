package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// makeToolchain builds a project that has a Makefile, in a kept copy of its tree.
type makeToolchain struct{}

func (makeToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	maker, err := findMake(j)
	if err != nil {
		return product{}, err
	}
	tree, err := openTree(ctx, j, DriverMake, c.pieces, c.foreignFlags(j.C), stampsOf(maker))
	if err != nil {
		return product{}, err
	}
	src := tree.path("src")
	variables, err := c.makeVariables(ctx, j, c.foreignFlags(j.C, src+"=."))
	if err != nil {
		return product{}, err
	}
	m := &makeRun{job: j, path: maker, dir: src, variables: variables}
	b := &treeBuild{job: j, tree: tree, programs: "src", system: m}
	return b.run(ctx, c)
}

// findMake finds GNU make, which systems with a make of their own call gmake.
func findMake(j *job) (string, error) {
	for _, name := range []string{"gmake", "make"} {
		if p, err := j.Exec.LookPath(name, j.Env); err == nil {
			return p, nil
		}
	}
	return "", &MissingError{Kind: KindTool, Name: "make", Purpose: "builds projects that have a Makefile"}
}

// makeVariables are the variables on make's command line. There they win over what the Makefile says, which is what
// CC = gcc in it needs. CFLAGS and LDFLAGS are not among them: a Makefile keeps its own include folders and libraries
// there, so our flags are part of CC instead.
func (c *compiler) makeVariables(ctx context.Context, j *job, flags []string) ([]string, error) {
	f := &finder{job: j, env: j.cEnv()}
	ar, ranlib, err := f.archiver(ctx, c.driver)
	if err != nil {
		return nil, err
	}
	vars := []string{
		makeVariable("CC", c.command(flags...)), makeVariable("CXX", c.cxx(flags)),
		makeVariable("AR", ar), makeVariable("RANLIB", ranlib),
	}
	if ld := f.llvmTool(ctx, c.driver, "wasm-ld"); ld != nil && !c.subcommands() {
		vars = append(vars, makeVariable("LD", ld))
	}
	return vars, nil
}

// makeVariable writes an assignment for make's command line, where "$" begins a variable.
func makeVariable(name string, command []string) string {
	return name + "=" + strings.ReplaceAll(shellJoin(command), "$", "$$")
}

// A makeRun is make, ready to be called in the copy of the sources.
type makeRun struct {
	*job
	path, dir string
	variables []string
}

// configure has nothing to do.
func (m *makeRun) configure(context.Context, bool) error { return nil }

// followsHeaders says no: a Makefile that somebody has written knows few headers, and is not asked for more.
func (m *makeRun) followsHeaders() bool { return false }

// build makes the target that the options name. When the Makefile knows none of that name, it is the name of a file
// that the default target makes.
func (m *makeRun) build(ctx context.Context, env []string) error {
	args := []string{fmt.Sprintf("-j%d", m.Jobs)}
	if m.knows(ctx, m.command("-n", "--", m.C.Bin)) {
		args = append(args, "--", m.C.Bin)
	}
	c := m.command(args...)
	c.Env = setenv(c.Env, env...)
	return m.run(ctx, c, cCauses)
}

// knows reports whether the Makefile has the target that the options name, as a dry run tells. A folder of that name is
// a target that always succeeds, and makes nothing.
func (m *makeRun) knows(ctx context.Context, dryRun Command) bool {
	if m.C.Bin == "" {
		return false
	}
	if info, err := os.Stat(filepath.Join(m.dir, m.C.Bin)); err == nil && info.IsDir() {
		return false
	}
	_, err := output(ctx, m.Exec, dryRun)
	return err == nil
}

func (m *makeRun) command(args ...string) Command {
	return Command{Path: m.path, Args: slices.Concat(m.variables, m.C.Configure, args), Dir: m.dir, Env: m.cEnv()}
}

// tools asks for make's version, the last word of the first line: "GNU Make 4.3".
func (m *makeRun) tools(ctx context.Context) []Tool {
	return []Tool{m.version(ctx, m.path, "make")}
}

// version asks a tool for its version, the last word of the first line.
func (j *job) version(ctx context.Context, path, name string) Tool {
	out, _ := output(ctx, j.Exec, Command{Path: path, Args: []string{"--version"}, Dir: j.work, Env: j.Env})
	return Tool{Name: name, Version: lastWord(out)}
}

// lastWord returns the last word of the first line.
func lastWord(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if words := strings.Fields(line); len(words) > 0 {
		return words[len(words)-1]
	}
	return ""
}
