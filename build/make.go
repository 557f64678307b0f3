package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// makeToolchain builds a project that has a Makefile, in a private copy of its tree.
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
	flags := c.foreignFlags(j.C, j.path("src")+"=.")
	variables, err := c.makeVariables(ctx, j, flags)
	if err != nil {
		return product{}, err
	}
	src, err := copySource(ctx, j)
	if err != nil {
		return product{}, err
	}
	before, err := wasmFiles(src)
	if err != nil {
		return product{}, err
	}
	m := &makeRun{job: j, path: maker, dir: src, variables: variables}
	if err := m.build(ctx); err != nil {
		return product{}, err
	}
	file, err := chooseProgram(j, src, before)
	if err != nil {
		return product{}, err
	}
	return product{path: j.path("src", file), facts: c.facts(j, programName(file), m.tool(ctx))}, nil
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
	f := &finder{job: j, env: cEnv(j.Env)}
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

// build makes the target that the options name. When the Makefile knows none of that name, it is the name of a file
// that the default target makes.
func (m *makeRun) build(ctx context.Context) error {
	args := []string{fmt.Sprintf("-j%d", m.Jobs)}
	if target := m.C.Bin; target != "" {
		if _, err := output(ctx, m.Exec, m.command("-n", "--", target)); err == nil {
			args = append(args, "--", target)
		}
	}
	c := m.command(args...)
	c.Stdout, c.Stderr = m.Output, m.Output
	return m.Exec.Run(ctx, c)
}

func (m *makeRun) command(args ...string) Command {
	return Command{Path: m.path, Args: slices.Concat(m.variables, args), Dir: m.dir, Env: cEnv(m.Env)}
}

// tool asks for make's version, the last word of the first line: "GNU Make 4.3".
func (m *makeRun) tool(ctx context.Context) Tool {
	out, _ := output(ctx, m.Exec, Command{Path: m.path, Args: []string{"--version"}, Dir: m.dir, Env: m.Env})
	return Tool{Name: "make", Version: lastWord(out)}
}

// lastWord returns the last word of the first line.
func lastWord(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if words := strings.Fields(line); len(words) > 0 {
		return words[len(words)-1]
	}
	return ""
}
