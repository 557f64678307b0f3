package build

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// rustTargets are the names that Rust gave WASI preview 1, the newer one first.
var rustTargets = []string{"wasm32-wasip1", "wasm32-wasi"}

// rustComponentTarget is that of WASI 0.2: rustc's own linker makes components for it.
const rustComponentTarget = "wasm32-wasip2"

// A rustCompiler is a rustc that has the standard library for WASI, with the cargo that goes with it.
type rustCompiler struct {
	path         string // rustc
	version      string
	commit       string // the compiler's own revision; "unknown" for most distributions
	llvm         string // the major version of the LLVM in it; "" = not known
	sysroot      string
	target       string   // one of rustTargets, or rustComponentTarget
	linker       string   // the linker to name; "" = rustc finds one by itself
	known        []string // the targets that it knows
	cargo        string
	cargoVersion string
}

// A rustFinder looks for a rustc, and remembers the ones that do not do.
type rustFinder struct {
	*job
	answers *answers
	paths   []string // of the candidates that nobody has asked yet
	failed  []*rustCompiler
	mute    bool // one of them had no answer: it is broken, or rustup's without the toolchain that the project wants
}

// newRustFinder knows where to look: RUSTC in the environment, and then every folder on PATH, because rustup's rustc,
// mostly without the standard library for WASI, often stands before the distribution's.
func newRustFinder(j *job) *rustFinder {
	f := &rustFinder{job: j, answers: openAnswers(j)}
	f.paths = f.candidates()
	return f
}

// next returns the first rustc, of those that were not asked yet, which can make WASI programs and is newer than a
// version; "" is older than any.
func (f *rustFinder) next(ctx context.Context, than string) (*rustCompiler, error) {
	defer f.answers.save()
	for len(f.paths) > 0 {
		r := f.describe(ctx, f.paths[0])
		f.paths = f.paths[1:]
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		switch {
		case r == nil:
			f.mute = true
		case !f.hasStd(r):
			f.failed = append(f.failed, r)
		case than == "" || olderThan(than, r.version):
			return r, f.complete(ctx, r)
		}
	}
	return nil, f.missing()
}

// candidates are the paths of all rustc.
func (f *rustFinder) candidates() []string {
	var paths []string
	if p, err := f.Exec.LookPath(getenv(f.Env, "RUSTC"), f.Env); err == nil {
		paths = append(paths, p)
	}
	for _, dir := range filepath.SplitList(getenv(f.Env, "PATH")) {
		p, err := f.Exec.LookPath("rustc", setenv(f.Env, "PATH="+dir))
		if err == nil && !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// ask runs a program in the job's folder, where rustup finds the toolchain that the project wants.
func (f *rustFinder) ask(ctx context.Context, path string, args ...string) (string, error) {
	return output(ctx, f.Exec, Command{Path: path, Args: args, Dir: f.Dir, Env: f.Env})
}

// describe asks a rustc what it is; nil when it has no answer.
func (f *rustFinder) describe(ctx context.Context, path string) *rustCompiler {
	said, err := f.answers.about(path, func() ([]string, error) {
		verbose, err := f.ask(ctx, path, "-vV")
		if err != nil {
			return nil, err
		}
		printed, err := f.ask(ctx, path, "--print=sysroot", "--print=target-list")
		sysroot, targets, _ := strings.Cut(printed, "\n")
		return []string{filepath.Join(sysroot, "bin", "rustc"), sysroot, verbose, targets}, err
	})
	if err != nil || len(said) != 4 {
		return nil
	}
	verbose := said[2]
	llvm, _, _ := strings.Cut(field(verbose, "LLVM version"), ".")
	return &rustCompiler{
		path: path, llvm: llvm, sysroot: said[1], version: field(verbose, "release"), commit: field(verbose, "commit-hash"), known: strings.Fields(said[3]),
	}
}

// field returns a value of a list of "KEY: VALUE" lines.
func field(text, key string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, key+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// hasStd chooses the target: one that the rustc knows and that its standard library is there for. When it is there for
// none, the first one that it knows is what to install.
func (f *rustFinder) hasStd(r *rustCompiler) bool {
	r.target = rustTargets[max(0, slices.IndexFunc(rustTargets, r.knows))]
	if f.Target == TargetWASIP2 && r.knows(rustComponentTarget) && r.hasStd(rustComponentTarget) && f.linksComponents(r) {
		r.target = rustComponentTarget
		return true
	}
	for _, target := range rustTargets {
		if r.knows(target) && r.hasStd(target) {
			r.target = target
			return true
		}
	}
	return false
}

func (r *rustCompiler) knows(target string) bool { return slices.Contains(r.known, target) }

// hasStd reports whether the standard library is there for a target.
func (r *rustCompiler) hasStd(target string) bool {
	std, err := filepath.Glob(filepath.Join(globQuote(r.sysroot), "lib", "rustlib", target, "lib", "libstd-*.rlib"))
	return err == nil && len(std) > 0
}

// globQuote quotes what filepath.Glob would take for a pattern; Windows has no way to.
func globQuote(path string) string {
	if filepath.Separator == '\\' {
		return path
	}
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "?", "\\?", "[", "\\[").Replace(path)
}
