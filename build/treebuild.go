package build

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// A treeBuild builds a project by the build system of its own, in a kept copy of its tree. When sources have changed, the
// build system compiles what it finds out of date, as far as it can be trusted to find all of it:
//
//   - A changed source must turn up in the compilers' log, else everything is built anew.
//   - A changed header is left to systems that follow headers by themselves; for others every source is out of date.
//   - When files come or go, or anything else than code has changed, everything is built anew: scripts and patterns
//     may read whatever they like.
//
// So the result is that of a build from nothing.
type treeBuild struct {
	*job
	tree     *keptTree
	programs string // the folder to look for programs in, relative to the tree's: "" or "src"
	system   buildSystem
	state    treeState
}

// A buildSystem is make, CMake or one of their kind, ready to be called.
type buildSystem interface {
	// configure makes the copy ready to be built; again says that it is, and that headers have changed since.
	configure(ctx context.Context, again bool) error
	// build makes the program. The variables are for the compilers' log.
	build(ctx context.Context, env []string) error
	// followsHeaders reports whether build compiles again what includes a changed header.
	followsHeaders() bool
	// tools names what took part beside the compiler.
	tools(ctx context.Context) []Tool
}

// treeState is what is known of a tree's last build.
type treeState struct {
	Files    map[string]sourceFile // the sources, as copied
	Programs map[string]stamp      // WebAssembly files that are sources
	Ready    bool                  // the tree is configured
	Headers  []string              // base names of all headers that compilers have read
	Outside  map[string]fileStamp  // those that are no sources of this tree
	Compiled []string              // the sources that compilers have read
	Pending  []string              // sources that have changed and were not seen compiled since
	Result   *treeResult           // nil when the build failed
}

type treeResult struct {
	File  string // slash-separated path below the folder of programs
	Stamp fileStamp
	Tools []Tool
}

// run brings the tree up to date and returns its program.
func (b *treeBuild) run(ctx context.Context, c *compiler) (product, error) {
	t := newTreeCopy(b.job, b.tree.path("src"))
	if !b.tree.load(&b.state) {
		b.state = treeState{}
	}
	begin, err := b.tree.now()
	if err != nil {
		return product{}, err
	}
	files, changed, err := t.scan(ctx, b.state.Files, begin)
	if err != nil {
		return product{}, err
	}
	result := b.state.Result
	switch {
	case b.mustRestart(changed):
		err = b.restart(ctx, t, files)
	case changed.none() && result != nil && stampOf(b.programPath(result.File)) == result.Stamp:
		// The same content, perhaps with other times: the next build need not read it again.
		if !maps.Equal(b.state.Files, files) {
			b.state.Files = files
			err = b.tree.save(&b.state)
		}
	default:
		err = b.goOn(ctx, t, files, changed)
		if err == nil && len(b.state.Pending) > 0 {
			err = b.restart(ctx, t, files)
		}
	}
	if err != nil {
		return product{}, c.explain(ctx, b.job, err)
	}
	result = b.state.Result
	return c.product(b.job, b.tree, b.programPath(result.File), programName(result.File), result.Tools...), nil
}

func (b *treeBuild) programPath(file string) string {
	return b.tree.path(b.programs, filepath.FromSlash(file))
}

// mustRestart reports whether the tree cannot be trusted to notice all changes.
func (b *treeBuild) mustRestart(c changes) bool {
	s := &b.state
	return !s.Ready || len(s.Compiled) == 0 || len(c.moved) > 0 || !sameStamps(s.Outside) ||
		slices.ContainsFunc(c.modified, func(name string) bool { return !isSource(name) && !s.isHeader(name) })
}

// restart builds everything in a new copy.
func (b *treeBuild) restart(ctx context.Context, t *treeCopy, files map[string]sourceFile) error {
	if err := b.tree.wipe(); err != nil {
		return err
	}
	if err := os.MkdirAll(t.dst, 0o750); err != nil {
		return err
	}
	if err := t.copyAll(ctx, files); err != nil {
		return err
	}
	programs, err := wasmFiles(b.tree.path(b.programs))
	if err != nil {
		return err
	}
	b.state = treeState{Files: files, Programs: programs, Outside: map[string]fileStamp{}}
	if err := b.system.configure(ctx, false); err != nil {
		return err
	}
	b.state.Ready = true
	return b.finish(ctx)
}

// goOn copies what has changed and lets the build system compile that.
func (b *treeBuild) goOn(ctx context.Context, t *treeCopy, files map[string]sourceFile, c changes) error {
	if err := b.tree.spoil(); err != nil {
		return err
	}
	s := &b.state
	s.Files, s.Result = files, nil
	headers := false
	for _, name := range c.modified {
		if err := t.copyFile(name, files[name], false); err != nil {
			return err
		}
		switch {
		case s.isHeader(name):
			headers = true
		case slices.Contains(s.Compiled, name) && !slices.Contains(s.Pending, name):
			s.Pending = append(s.Pending, name)
		}
	}
	if headers {
		if err := b.headersChanged(ctx); err != nil {
			return err
		}
	}
	return b.finish(ctx)
}

// headersChanged lets a build system that follows headers look at the project again, since scripts like to read
// versions from headers; for the others it makes every source look new.
func (b *treeBuild) headersChanged(ctx context.Context) error {
	if b.system.followsHeaders() {
		return b.system.configure(ctx, true)
	}
	info, err := os.Stat(b.tree.path(keptMark))
	if err != nil {
		return err
	}
	b.state.Pending = slices.Clone(b.state.Compiled)
	return touchAll(b.tree.path("src"), b.state.Compiled, info.ModTime())
}

func touchAll(dir string, names []string, now time.Time) error {
	for _, name := range names {
		if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(name)), now, now); err != nil {
			return err
		}
	}
	return nil
}

// finish builds, learns from the compilers' log, and saves the state, also that of a build that failed: the next one
// need not compile again what succeeded.
func (b *treeBuild) finish(ctx context.Context) error {
	log := newCompileLog(b.tree)
	if err := log.clear(); err != nil {
		return err
	}
	err := b.system.build(ctx, log.env())
	var failed *ToolError
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	b.state.learn(log.read())
	if err == nil {
		err = b.choose(ctx)
	}
	if context.Cause(ctx) == nil {
		err = errors.Join(err, b.tree.save(&b.state))
	}
	return err
}

// choose finds the program that the build has left.
func (b *treeBuild) choose(ctx context.Context) error {
	file, err := chooseProgram(b.job, b.tree.path(b.programs), b.state.Programs)
	if err == nil {
		b.state.Result = &treeResult{File: file, Stamp: stampOf(b.programPath(file)), Tools: b.system.tools(ctx)}
	}
	return err
}

// learn adds what the compilers have read in this build to what is known.
func (s *treeState) learn(headers, sources map[string]bool) {
	for _, name := range s.Headers {
		headers[name] = true
	}
	all := map[string]bool{}
	for h := range headers {
		if filepath.IsAbs(h) {
			if _, known := s.Outside[h]; !known {
				s.Outside[h] = stampOf(h)
			}
		}
		all[path.Base(filepath.ToSlash(h))] = true
	}
	s.Headers = slices.Sorted(maps.Keys(all))
	s.Pending = slices.DeleteFunc(s.Pending, func(name string) bool { return sources[name] })
	for _, name := range s.Compiled {
		sources[name] = true
	}
	for name := range sources {
		if _, ok := s.Files[name]; !ok {
			delete(sources, name) // generated
		}
	}
	s.Compiled = slices.Sorted(maps.Keys(sources))
}

// isHeader reports whether a source is one that other sources include. Headers are known by their base names: the log
// has them relative to folders that it does not tell.
func (s *treeState) isHeader(name string) bool {
	_, found := slices.BinarySearch(s.Headers, path.Base(name))
	return found || slices.Contains([]string{".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".def"}, path.Ext(name))
}

// sourceSuffixes are the names of what compilers take.
var sourceSuffixes = append([]string{".s", ".S"}, append(cxxSuffixes, ".c")...)

// cxxSuffixes are the names of C++ sources.
var cxxSuffixes = []string{".cc", ".cpp", ".cxx", ".c++", ".C"}

func isSource(name string) bool { return slices.Contains(sourceSuffixes, path.Ext(name)) }
