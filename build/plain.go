package build

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// plainToolchain compiles a folder of C files without any build description: all *.c in the folder and in src make one
// program, except tests (*_test.c and test_*.c); headers are found in the folder and in include.
type plainToolchain struct{}

// plainPatterns are the places of the sources.
var plainPatterns = []string{"*.c", "src/*.c"}

// plainSources returns the sources, relative and sorted: the order of objects shows in the module.
func plainSources(dir string) []string {
	var sources []string
	for _, sub := range []string{"", "src"} {
		for _, name := range filesIn(filepath.Join(dir, sub), ".c") {
			if !strings.HasSuffix(name, "_test.c") && !strings.HasPrefix(name, "test_") {
				sources = append(sources, filepath.Join(sub, name))
			}
		}
	}
	return sources
}

func (plainToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	flags := append(c.baseFlags(j.C, j.Dir+"=.", j.work+"=work"), "-I.", "-Iinclude")
	sources := plainSources(j.Dir)
	objects, err := c.compileAll(ctx, j, sources, flags)
	if err != nil {
		return product{}, err
	}
	out := j.path("module.wasm")
	args := slices.Concat(flags, []string{"-o", out}, objects, linkFlags(j.C))
	if err := c.run(ctx, j, j.Output, args); err != nil {
		return product{}, err
	}
	return product{path: out, facts: c.facts(j, plainName(j.C.Bin, sources))}, nil
}

// plainName is the name that is asked for, else that of the only source, else none. The folder's name would do for a
// person, but it would make the same sources in another folder another artifact.
func plainName(bin string, sources []string) string {
	if bin == "" && len(sources) == 1 {
		return strings.TrimSuffix(filepath.Base(sources[0]), ".c")
	}
	return bin
}

// compileAll compiles each source to an object of its own, several at once. What the compiler says about one file comes
// in one piece. The first failure stops the rest.
func (c *compiler) compileAll(ctx context.Context, j *job, sources, flags []string) ([]string, error) {
	objects := make([]string, len(sources))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(j.Jobs)
	var mu sync.Mutex
	for i, source := range sources {
		objects[i] = j.path(fmt.Sprintf("%d.o", i))
		args := slices.Concat(flags, []string{"-c", "-o", objects[i], source})
		group.Go(func() error {
			var said bytes.Buffer
			err := c.run(ctx, j, &said, args)
			mu.Lock()
			defer mu.Unlock()
			_, _ = j.Output.Write(said.Bytes())
			return err
		})
	}
	return objects, group.Wait()
}

// run calls the compiler in the source folder, so that it sees relative names only.
func (c *compiler) run(ctx context.Context, j *job, out io.Writer, args []string) error {
	cmd := c.command(args...)
	return j.Exec.Run(ctx, Command{Path: cmd[0], Args: cmd[1:], Dir: j.Dir, Env: cEnv(j.Env), Stdout: out, Stderr: out})
}
