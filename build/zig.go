package build

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ZigOptions are the settings for Zig.
type ZigOptions struct {
	Zig     string   // the compiler, with arguments if need be ("python3 -m ziglang"); "" = find one
	Release string   // "small", "fast" or "safe"; "" = small
	Flags   []string // more options: -D options for a project with build.zig, else the compiler's
	Bin     string   // which of the programs that build.zig installs; "" = the only one there is
}

// The files of a Zig project: a build description, or else one file with the program's main function.
const zigBuildFile = "build.zig"

var zigMainFiles = []string{"main.zig", "src/main.zig"}

// zigTriple is Zig's name of WASI preview 1. It is the same in all versions since 0.9.
const zigTriple = "wasm32-wasi"

// maxZigCache bounds Zig's cache, which only ever grows.
const maxZigCache = 2 << 30

// zigToolchain compiles Zig. Zig brings its own C library for WASI, so nothing else is needed.
type zigToolchain struct{}

func (zigToolchain) compile(ctx context.Context, j *job) (product, error) {
	z, err := findZig(ctx, j)
	if err != nil {
		return product{}, err
	}
	// Zig's cache goes by content, so that all projects can share it; its library is compiled once.
	kept, err := j.keep(ctx, "zig", z.version)
	if err != nil {
		return product{}, err
	}
	defer kept.release()
	if _, err := kept.started(); err != nil {
		return product{}, err
	}
	if treeSize(kept.dir) > maxZigCache {
		if err := kept.clear(); err != nil {
			return product{}, err
		}
	}
	z.cache = kept.dir
	if exists(j.Dir, zigBuildFile) {
		return z.buildProject(ctx)
	}
	return z.buildFile(ctx)
}

// A zig is Zig, ready to be called for one job.
type zig struct {
	*job
	command []string
	version string
	cache   string
}

// zigCommands are the places of Zig when none is chosen: on PATH, or in the Python package ziglang.
func zigCommands() [][]string {
	return [][]string{{"zig"}, {"python-zig"}, {"python3", "-m", "ziglang"}, {"python", "-m", "ziglang"}}
}

// findZig returns the Zig that the options name, else the one that ZIG in the environment names, else the first that
// works.
func findZig(ctx context.Context, j *job) (*zig, error) {
	candidates := zigCommands()
	for _, chosen := range []string{j.Zig.Zig, getenv(j.Env, "ZIG")} {
		if words := strings.Fields(chosen); len(words) > 0 {
			candidates = [][]string{words}
			break
		}
	}
	for _, command := range candidates {
		path, err := j.Exec.LookPath(command[0], j.Env)
		if err != nil {
			continue
		}
		z := &zig{job: j, command: append([]string{path}, command[1:]...)}
		if z.version, err = output(ctx, j.Exec, z.call("version")); err == nil {
			return z, nil
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
	}
	return nil, &MissingError{Kind: KindTool, Name: "zig", Purpose: "compiles Zig", AnyOf: []string{"the Python package ziglang"}}
}

// call is a call of Zig in the source folder, which sees no settings for other programs of the user. Where its caches
// are, the environment says in all versions; not all have options for it.
func (z *zig) call(args ...string) Command {
	env := dropenv(z.Env, "ZIG_*", "CFLAGS", "LDFLAGS")
	if z.cache != "" {
		env = append(env, "ZIG_LOCAL_CACHE_DIR="+filepath.Join(z.cache, "local"), "ZIG_GLOBAL_CACHE_DIR="+filepath.Join(z.cache, "global"))
	}
	return Command{Path: z.command[0], Args: slices.Concat(z.command[1:], args), Dir: z.Dir, Env: env}
}

// release is the chosen mode.
func (z *zig) release() string {
	if z.Zig.Release == "" {
		return "small"
	}
	return z.Zig.Release
}

// buildFile compiles a single file with what it imports.
func (z *zig) buildFile(ctx context.Context) (product, error) {
	i := slices.IndexFunc(zigMainFiles, func(name string) bool { return exists(z.Dir, name) })
	if i < 0 {
		return product{}, &DetectError{Dir: z.Dir, Looked: append([]string{zigBuildFile}, zigMainFiles...), Err: ErrUnknownLanguage}
	}
	release := z.release()
	mode := "Release" + strings.ToUpper(release[:1]) + release[1:]
	flags := append([]string{"-target", zigTriple, "-O", mode, "-fstrip"}, z.Zig.Flags...)
	out := z.path("module.wasm")
	args := slices.Concat([]string{"build-exe", zigMainFiles[i], "-femit-bin=" + out, "--name", "main"}, flags)
	if err := z.run(ctx, z.call(args...), nil); err != nil {
		return product{}, err
	}
	return product{path: out, facts: z.facts("", flags), inventory: z.inventory}, nil
}

// buildProject runs the project's build.zig in a private copy of the tree: it may write between its sources, and newer
// versions unpack the project's dependencies there.
func (z *zig) buildProject(ctx context.Context) (product, error) {
	src, err := z.privateCopy(ctx)
	if err != nil {
		return product{}, err
	}
	flags := append([]string{"-Dtarget=" + zigTriple, "--release=" + z.release()}, z.Zig.Flags...)
	prefix := z.path("prefix")
	if err := os.Mkdir(prefix, 0o700); err != nil {
		return product{}, err
	}
	c := z.call(slices.Concat([]string{"build", "--prefix", prefix}, flags)...)
	c.Dir = src
	if err := z.run(ctx, c, nil); err != nil {
		return product{}, err
	}
	file, err := chooseProgram(z.job, prefix, nil)
	if err != nil {
		return product{}, err
	}
	return product{path: filepath.Join(prefix, filepath.FromSlash(file)), facts: z.facts(programName(file), flags), inventory: z.inventory}, nil
}

func (z *zig) facts(name string, flags []string) Facts {
	return Facts{Language: LanguageZig, Name: name, Tools: []Tool{{Name: "zig", Version: z.version}}, Flags: z.portable(flags)}
}
