package build

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// rustTargets are the names that Rust gave WASI preview 1, the newer one first.
var rustTargets = []string{"wasm32-wasip1", "wasm32-wasi"}

// A rustCompiler is a rustc that has the standard library for WASI, with the cargo that goes with it.
type rustCompiler struct {
	path         string // rustc
	version      string
	commit       string // the compiler's own revision; "unknown" for most distributions
	sysroot      string
	target       string // one of rustTargets
	linker       string // the linker to name; "" = rustc finds one by itself
	cargo        string
	cargoVersion string
}

// A rustFinder looks for a rustc, and remembers the ones that do not do.
type rustFinder struct {
	*job
	failed []*rustCompiler
}

// findRust returns the first rustc that can make WASI programs: of RUSTC in the environment, and then of every folder
// on PATH, because rustup's, mostly without that target, often stands before the distribution's.
func findRust(ctx context.Context, j *job) (*rustCompiler, error) {
	f := &rustFinder{job: j}
	for _, path := range f.candidates() {
		r := f.describe(ctx, path)
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		switch {
		case r == nil: // broken, or rustup's without any toolchain
		case !f.hasStd(ctx, r):
			f.failed = append(f.failed, r)
		default:
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
	verbose, err := f.ask(ctx, path, "-vV")
	if err != nil {
		return nil
	}
	sysroot, err := f.ask(ctx, path, "--print=sysroot")
	if err != nil {
		return nil
	}
	return &rustCompiler{path: path, sysroot: sysroot, version: field(verbose, "release"), commit: field(verbose, "commit-hash")}
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
func (f *rustFinder) hasStd(ctx context.Context, r *rustCompiler) bool {
	out, err := f.ask(ctx, r.path, "--print=target-list")
	if err != nil {
		return false
	}
	known := strings.Fields(out)
	r.target = rustTargets[max(0, slices.IndexFunc(rustTargets, func(t string) bool { return slices.Contains(known, t) }))]
	for _, target := range rustTargets {
		if !slices.Contains(known, target) {
			continue
		}
		dir, err := f.ask(ctx, r.path, "--print=target-libdir", "--target="+target)
		if std, _ := filepath.Glob(filepath.Join(dir, "libstd-*.rlib")); err == nil && len(std) > 0 {
			r.target = target
			return true
		}
	}
	return false
}
