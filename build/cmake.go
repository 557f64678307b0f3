package build

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cmakeToolchain builds a project that has a CMakeLists.txt: sources and build tree are private copies.
type cmakeToolchain struct{}

// cmakeFiles are what CMake needs to know about WebAssembly.
//
//go:embed cmake
var cmakeFiles embed.FS

// cmakeTexts are the files' contents.
func cmakeTexts() []string {
	var texts []string
	_ = fs.WalkDir(cmakeFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := cmakeFiles.ReadFile(name)
			texts = append(texts, string(b))
		}
		return err
	})
	return texts
}

func (cmakeToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	r, err := newCMakeRun(j)
	if err != nil {
		return product{}, err
	}
	r.compiler = c
	r.tree, err = openTree(ctx, j, DriverCMake, c.pieces, c.foreignFlags(j.C), stampsOf(r.cmake, r.ninja), cmakeTexts())
	if err != nil {
		return product{}, err
	}
	b := &treeBuild{job: j, tree: r.tree, system: r}
	return b.run(ctx, c)
}

// A cmakeRun is CMake, ready to be called.
type cmakeRun struct {
	*job
	compiler *compiler
	tree     *keptTree
	cmake    string
	ninja    string // "" = Unix Makefiles
	env      []string
}

// newCMakeRun finds CMake and a program that it can drive.
func newCMakeRun(j *job) (*cmakeRun, error) {
	path, err := j.Exec.LookPath("cmake", j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "cmake", Purpose: "builds projects that have a CMakeLists.txt"}
	}
	// CMake 4 refuses projects that ask for less than 3.5, although most of them, such as zlib, build as ever.
	r := &cmakeRun{job: j, cmake: path, env: setenv(j.cEnv(), "CMAKE_POLICY_VERSION_MINIMUM=3.5")}
	if r.ninja = findNinja(j); r.ninja != "" {
		return r, nil
	}
	if _, err := findMake(j); err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "ninja", Purpose: "runs what CMake has planned", AnyOf: []string{"make"}}
	}
	return r, nil
}

// findNinja finds ninja, which some systems call otherwise; "" when there is none.
func findNinja(j *job) string {
	for _, name := range []string{"ninja", "ninja-build", "samu"} {
		if p, err := j.Exec.LookPath(name, j.Env); err == nil {
			return p
		}
	}
	return ""
}

// writeToolchain puts our CMake files into the tree and writes down the compilers for them. A compiler is a list
// of two: the program, and all its arguments as one string, which CMake puts on each of its command lines. That form
// is understood by old and new releases, and a project that sets CMAKE_C_FLAGS does not overwrite it.
func (r *cmakeRun) writeToolchain(ctx context.Context) error {
	c := r.compiler
	flags := c.foreignFlags(r.C, r.tree.path("src")+"=.", r.tree.path("build")+"=build")
	f := &finder{job: r.job, env: r.env}
	ar, ranlib, err := f.archiver(ctx, c.driver)
	if err != nil {
		return err
	}
	if err := os.CopyFS(r.tree.dir, cmakeFiles); err != nil {
		return err
	}
	cc, cxx := c.command(flags...), c.cxx(flags)
	settings := cmakeSet("CMAKE_CROSSCOMPILING_EMULATOR", r.tree.emulator(r.job)...) + cmakeSet("WPK_FOLDER", r.tree.dir) + cmakeSet("WPK_SYSROOT", c.sysroot()...) +
		cmakeSet("WPK_AR", shellJoin(ar)) + cmakeSet("WPK_RANLIB", shellJoin(ranlib)) +
		cmakeSet("CMAKE_AR", ar[0]) + cmakeSet("CMAKE_RANLIB", ranlib[0]) +
		cmakeSet("CMAKE_C_COMPILER", cc[0], shellJoin(cc[1:])) +
		cmakeSet("CMAKE_CXX_COMPILER", cxx[0], shellJoin(cxx[1:]))
	return os.WriteFile(r.tree.path("cmake", "settings.cmake"), []byte(settings), 0o600)
}

// cmakeSet writes a set command whose values are bracket arguments, in which nothing has a meaning:
// https://cmake.org/cmake/help/latest/manual/cmake-language.7.html#bracket-argument
func cmakeSet(name string, values ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "set(%s", name)
	for _, v := range values {
		fmt.Fprintf(&b, " [=====[%s]=====]", filepath.ToSlash(v))
	}
	return b.String() + ")\n"
}

// configure plans the build. The caller's arguments come last: what is said twice is what was said last.
func (r *cmakeRun) configure(ctx context.Context, again bool) error {
	if !again {
		if err := r.writeToolchain(ctx); err != nil {
			return err
		}
	}
	plan := []string{
		"-S", r.tree.path("src"), "-B", r.tree.path("build"), "-DCMAKE_BUILD_TYPE=Release",
		"-DCMAKE_TOOLCHAIN_FILE=" + filepath.ToSlash(r.tree.path("cmake", "toolchain.cmake")),
	}
	if r.ninja != "" {
		plan = append(plan, "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM="+filepath.ToSlash(r.ninja))
	} else {
		plan = append(plan, "-G", "Unix Makefiles")
	}
	return r.call(ctx, nil, append(plan, r.C.Configure...))
}

// build builds the target that the options name, or everything.
func (r *cmakeRun) build(ctx context.Context, env []string) error {
	args := []string{"--build", r.tree.path("build"), "--parallel", strconv.Itoa(r.Jobs)}
	if target := r.C.Bin; target != "" {
		args = append(args, "--target", strings.TrimSuffix(filepath.Base(target), ".wasm"))
	}
	return r.call(ctx, env, args)
}

func (r *cmakeRun) call(ctx context.Context, env, args []string) error {
	return r.run(ctx, Command{Path: r.cmake, Args: args, Dir: r.tree.dir, Env: setenv(r.env, env...)}, cCauses)
}

// followsHeaders says yes: CMake's rules note what each compiler has read.
func (r *cmakeRun) followsHeaders() bool { return true }

// tools asks for CMake's version: "cmake version 3.25.1".
func (r *cmakeRun) tools(ctx context.Context) []Tool {
	return []Tool{r.version(ctx, r.cmake, "cmake")}
}
