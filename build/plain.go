package build

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// plainToolchain compiles a folder of C and C++ files without any build description: all of them in the folder and in
// src make one program, except tests (*_test.c and test_*.c); headers are found in the folder and in include.
type plainToolchain struct{}

// plainPatterns are the places of the sources.
var plainPatterns = []string{"*.c", "src/*.c", "*.cc", "*.cpp", "*.cxx"}

// plainSources returns the sources, relative and sorted: the order of objects shows in the module.
func plainSources(dir string) []string {
	var sources []string
	for _, sub := range []string{"", "src"} {
		for _, suffix := range append([]string{".c"}, cxxSuffixes...) {
			for _, name := range filesIn(filepath.Join(dir, sub), suffix) {
				if !strings.HasSuffix(name, "_test"+suffix) && !strings.HasPrefix(name, "test_") {
					sources = append(sources, filepath.Join(sub, name))
				}
			}
		}
	}
	slices.Sort(sources)
	return sources
}

// A plainBuild compiles the sources of one folder, and remembers each object with what it was made from.
type plainBuild struct {
	*job
	*compiler
	tree    *keptTree
	flags   []string
	sources []string
	state   plainState
	digests *digests
}

// plainState is what is known of a folder's last build.
type plainState struct {
	Objects map[string]objectRecord // by their sources
	Module  *fileStamp              // the program that was linked of exactly these objects
}

func (plainToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	flags := append(c.baseFlags(j.C, j.Dir+"=.", j.work+"=work"), "-I.", "-Iinclude")
	tree, err := openTree(ctx, j, DriverNone, c.pieces, c.foreignFlags(j.C))
	if err != nil {
		return product{}, err
	}
	b := &plainBuild{job: j, compiler: c, tree: tree, flags: flags, sources: plainSources(j.Dir)}
	if err := b.run(ctx); err != nil {
		return product{}, c.explain(ctx, j, err)
	}
	return c.product(j, tree, tree.path("module.wasm"), plainName(j.C.Bin, b.sources)), nil
}

// run compiles what has changed, and links when anything has.
func (b *plainBuild) run(ctx context.Context) error {
	if !b.tree.load(&b.state) || b.state.Objects == nil {
		b.state = plainState{Objects: map[string]objectRecord{}}
	}
	var err error
	if b.digests, err = newDigests(b.tree); err != nil {
		return err
	}
	stale := b.stale()
	if len(stale) == 0 && b.state.Module != nil && *b.state.Module == stampOf(b.tree.path("module.wasm")) {
		return nil
	}
	b.state.Module = nil
	if err := os.MkdirAll(b.tree.path("objects"), 0o700); err != nil {
		return err
	}
	err = b.compileAll(ctx, stale)
	if err == nil {
		err = b.link(ctx)
	}
	if ctx.Err() != nil {
		return err
	}
	if saveErr := b.tree.save(&b.state); err == nil {
		err = saveErr
	}
	return err
}

// stale are the sources without an object that fits. Objects of sources that have gone are removed.
func (b *plainBuild) stale() []string {
	var stale []string
	for _, source := range b.sources {
		if o, ok := b.state.Objects[source]; !ok || o.Object != stampOf(b.object(source)) || !b.fits(o) {
			stale = append(stale, source)
		}
	}
	for _, source := range slices.Collect(maps.Keys(b.state.Objects)) {
		if !slices.Contains(b.sources, source) {
			delete(b.state.Objects, source)
			_ = os.Remove(b.object(source))
			b.state.Module = nil
		}
	}
	return stale
}

// object is the file of a source's object.
func (b *plainBuild) object(source string) string {
	return b.tree.path("objects", hashOf([]byte(filepath.ToSlash(source)))[:20]+".o")
}

// plainName is the name that is asked for, else that of the only source, else none. The folder's name would do for a
// person, but it would make the same sources in another folder another artifact.
func plainName(bin string, sources []string) string {
	if bin == "" && len(sources) == 1 {
		return strings.TrimSuffix(filepath.Base(sources[0]), filepath.Ext(sources[0]))
	}
	return bin
}

// compileAll compiles each source to an object of its own, several at once. What the compiler says about one file comes
// in one piece. The first failure stops the rest.
func (b *plainBuild) compileAll(ctx context.Context, sources []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.Jobs)
	var mu sync.Mutex
	for _, source := range sources {
		delete(b.state.Objects, source)
	}
	for _, source := range sources {
		group.Go(func() error {
			var said bytes.Buffer
			record, err := b.compileOne(ctx, &said, source)
			mu.Lock()
			defer mu.Unlock()
			_, _ = b.Output.Write(said.Bytes())
			if err == nil {
				b.state.Objects[source] = record
			}
			return err
		})
	}
	return group.Wait()
}

func (b *plainBuild) compileOne(ctx context.Context, said io.Writer, source string) (objectRecord, error) {
	b.digests.of(b.absolute(source), fileDigest{})
	out := b.object(source)
	depfile := strings.TrimSuffix(out, ".o") + ".d"
	args := []string{"-c", "-MD", "-MF", depfile, "-o", out, source}
	command := b.command(b.flags...)
	if isCXX(source) {
		command = b.cxx(b.flags)
	}
	if err := b.call(ctx, said, append(command, args...)); err != nil {
		return objectRecord{}, err
	}
	return b.record(source, out, depfile), nil
}

// link makes the program of all objects, in the order of the sources.
func (b *plainBuild) link(ctx context.Context) error {
	command := b.command(b.flags...)
	if slices.ContainsFunc(b.sources, isCXX) {
		command = b.cxx(b.flags)
	}
	command = append(command, "-o", b.tree.path("module.wasm"))
	for _, source := range b.sources {
		command = append(command, b.object(source))
	}
	if err := b.call(ctx, b.Output, append(command, linkFlags(b.C)...)); err != nil {
		return err
	}
	s := stampOf(b.tree.path("module.wasm"))
	b.state.Module = &s
	return nil
}

// call runs a command in the source folder, so that it sees relative names only.
func (b *plainBuild) call(ctx context.Context, out io.Writer, command []string) error {
	return b.runTo(ctx, out, Command{Path: command[0], Args: command[1:], Dir: b.Dir, Env: b.cEnv()}, cCauses)
}

func isCXX(name string) bool { return slices.Contains(cxxSuffixes, filepath.Ext(name)) }
