package build

import (
	"context"
	"embed"
	"fmt"
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

func (cmakeToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	r, err := newCMakeRun(j)
	if err != nil {
		return product{}, err
	}
	flags := c.foreignFlags(j.C, j.path("src")+"=.", j.path("build")+"=build")
	if err := r.writeToolchain(ctx, c, flags); err != nil {
		return product{}, err
	}
	if _, err := copySource(ctx, j); err != nil {
		return product{}, err
	}
	before, err := wasmFiles(j.work)
	if err != nil {
		return product{}, err
	}
	if err := r.build(ctx); err != nil {
		return product{}, err
	}
	file, err := chooseProgram(j, j.work, before)
	if err != nil {
		return product{}, err
	}
	return product{path: j.path(file), facts: c.facts(j, programName(file), r.tool(ctx))}, nil
}

// A cmakeRun is CMake, ready to be called in the work folder.
type cmakeRun struct {
	*job
	cmake string
	ninja string // "" = Unix Makefiles
	env   []string
}

// newCMakeRun finds CMake and a program that it can drive.
func newCMakeRun(j *job) (*cmakeRun, error) {
	path, err := j.Exec.LookPath("cmake", j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "cmake", Purpose: "builds projects that have a CMakeLists.txt"}
	}
	// CMake 4 refuses projects that ask for less than 3.5, although most of them, such as zlib, build as ever.
	r := &cmakeRun{job: j, cmake: path, env: setenv(cEnv(j.Env), "CMAKE_POLICY_VERSION_MINIMUM=3.5")}
	for _, name := range []string{"ninja", "ninja-build"} {
		if p, err := j.Exec.LookPath(name, j.Env); err == nil {
			r.ninja = p
			return r, nil
		}
	}
	if _, err := findMake(j); err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "ninja", Purpose: "runs what CMake has planned", AnyOf: []string{"make"}}
	}
	return r, nil
}

// writeToolchain puts our CMake files into the work folder and writes down the compilers for them. A compiler is a list
// of two: the program, and all its arguments as one string, which CMake puts on each of its command lines. That form
// is understood by old and new releases, and a project that sets CMAKE_C_FLAGS does not overwrite it.
func (r *cmakeRun) writeToolchain(ctx context.Context, c *compiler, flags []string) error {
	f := &finder{job: r.job, env: r.env}
	ar, ranlib, err := f.archiver(ctx, c.driver)
	if err != nil {
		return err
	}
	if err := os.CopyFS(r.work, cmakeFiles); err != nil {
		return err
	}
	cc, cxx := c.command(flags...), c.cxx(flags)
	settings := cmakeSet("WPK_FOLDER", r.work) + cmakeSet("WPK_SYSROOT", c.sysroot()...) +
		cmakeSet("WPK_AR", shellJoin(ar)) + cmakeSet("WPK_RANLIB", shellJoin(ranlib)) +
		cmakeSet("CMAKE_AR", ar[0]) + cmakeSet("CMAKE_RANLIB", ranlib[0]) +
		cmakeSet("CMAKE_C_COMPILER", cc[0], shellJoin(cc[1:])) +
		cmakeSet("CMAKE_CXX_COMPILER", cxx[0], shellJoin(cxx[1:]))
	return os.WriteFile(r.path("cmake", "settings.cmake"), []byte(settings), 0o600)
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

// build plans and builds the target that the options name, or everything.
func (r *cmakeRun) build(ctx context.Context) error {
	plan := []string{
		"-S", r.path("src"), "-B", r.path("build"), "-DCMAKE_BUILD_TYPE=Release",
		"-DCMAKE_TOOLCHAIN_FILE=" + filepath.ToSlash(r.path("cmake", "toolchain.cmake")),
	}
	if r.ninja != "" {
		plan = append(plan, "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM="+filepath.ToSlash(r.ninja))
	} else {
		plan = append(plan, "-G", "Unix Makefiles")
	}
	if err := r.run(ctx, plan...); err != nil {
		return err
	}
	args := []string{"--build", r.path("build"), "--parallel", strconv.Itoa(r.Jobs)}
	if target := r.C.Bin; target != "" {
		args = append(args, "--target", strings.TrimSuffix(filepath.Base(target), ".wasm"))
	}
	return r.run(ctx, args...)
}

func (r *cmakeRun) run(ctx context.Context, args ...string) error {
	return r.Exec.Run(ctx, Command{Path: r.cmake, Args: args, Dir: r.work, Env: r.env, Stdout: r.Output, Stderr: r.Output})
}

// tool asks for CMake's version: "cmake version 3.25.1".
func (r *cmakeRun) tool(ctx context.Context) Tool {
	out, _ := output(ctx, r.Exec, Command{Path: r.cmake, Args: []string{"--version"}, Dir: r.work, Env: r.env})
	return Tool{Name: "cmake", Version: lastWord(out)}
}
