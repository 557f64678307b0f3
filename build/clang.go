package build

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A compiler is a C compiler that has proved that it can make WebAssembly programs on this machine.
type compiler struct {
	driver                        // how it is called
	target   []string             // the flags that make it compile for WebAssembly
	headers  []string             // the flags that lead it to the C library of this machine, if it needs to be led
	cxxFlags []string             // further flags for C++
	tool     Tool                 // which one it is
	date     []string             // the flags that make __DATE__ the same every day, for a clang that knows no SOURCE_DATE_EPOCH
	linker   string               // the linker itself, when a script stands in front of it, see watchLinker
	pieces   map[string]fileStamp // the files that it consists of, as far as they are known: another toolchain has others
}

// A driver is the command that compiles C. A plain clang comes with its own binary tools beside it; a driver with
// subcommands, such as "zig cc", has them as further subcommands.
type driver struct {
	path string
	args []string
}

// subcommands reports whether the driver is one like "zig cc" or "python3 -m ziglang cc", and not one like "ccache cc".
func (d driver) subcommands() bool {
	zig := d.name() == "zig" || slices.Contains(d.args, "ziglang")
	return zig && len(d.args) > 0 && d.args[len(d.args)-1] == "cc"
}

// name is the program's name without the version that distributions append.
func (d driver) name() string {
	name := strings.TrimSuffix(filepath.Base(d.path), ".exe")
	return versionSuffix().ReplaceAllString(name, "")
}

// command returns the driver's command with more arguments.
func (d driver) command(args ...string) []string {
	return append(append([]string{d.path}, d.args...), args...)
}

// sibling returns another subcommand of the driver: "zig ar".
func (d driver) sibling(name string) []string {
	c := d.command()
	c[len(c)-1] = name
	return c
}

// The names that clang versions gave WASI preview 1, the newer one first: a toolchain that knows it warns about the other.
var wasiTargets = []string{"wasm32-wasip1", "wasm32-wasi"}

// ownSysroots are where the C library may be: first where clang looks by itself (""), then where distributions put it
// without telling clang: Arch and Alpine, Homebrew, Fedora.
var ownSysroots = []string{
	"", "/usr/share/wasi-sysroot", "/opt/homebrew/share/wasi-sysroot", "/usr/local/share/wasi-sysroot", "/usr/wasm32-wasi",
}

// The versions of clang that distributions package as clang-NN. Before 11 the WASI target was not complete.
const (
	oldestClang = 11
	newestClang = 40
)

// findCompiler returns the C compiler to use, the most explicit choice first:
//
//  1. [COptions.CC]. It was chosen for this very build, so it works or the build fails.
//  2. WASI_SDK_PATH in the environment. It means WebAssembly and nothing else, so it, too, works or the build fails.
//  3. CC in the environment. It may be meant for WebAssembly, but mostly names the compiler of the machine's own
//     programs; it is taken when it can make WebAssembly programs and passed over when it cannot.
//  4. clang, then the newest clang-NN, whichever makes a program first: the distribution's clang with wasi-libc.
//  5. zig, on PATH or as the Python package ziglang.
//
// Finding one that works means really compiling and linking a small program: a clang without a sysroot, linker or
// builtins looks the same from outside.
func findCompiler(ctx context.Context, j *job) (*compiler, error) {
	known := newKnownCompiler(j)
	c := known.load(j)
	if c == nil {
		var err error
		if c, err = searchCompiler(ctx, j); err != nil {
			return nil, err
		}
		known.save(c)
	}
	if err := c.fixDate(j); err != nil {
		return nil, err
	}
	return c, c.watchLinker(ctx, j)
}

func searchCompiler(ctx context.Context, j *job) (*compiler, error) {
	f := &finder{job: j, env: j.cEnv()}
	if j.C.CC != "" {
		return f.must(ctx, strings.Fields(j.C.CC), j.C.CC, ownSysroots...)
	}
	if sdk := getenv(j.Env, "WASI_SDK_PATH"); sdk != "" {
		return f.must(ctx, []string{filepath.Join(sdk, "bin", "clang")}, "wasi-sdk", filepath.Join(sdk, "share", "wasi-sysroot"))
	}
	for _, command := range candidates(j.Env) {
		if d, ok := f.look(command); ok {
			if c := f.try(ctx, d, ownSysroots...); c != nil {
				return c, nil
			}
			f.failed = append(f.failed, d)
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
	}
	return nil, f.missing(ctx)
}

// sysroot returns the C library's folder when it has one of its own that the flags name.
func (c *compiler) sysroot() []string {
	for _, f := range c.headers {
		if s, ok := strings.CutPrefix(f, "--sysroot="); ok {
			return []string{s}
		}
	}
	return nil
}

// candidates are the commands to try when nothing is chosen, in order.
func candidates(env []string) [][]string {
	var c [][]string
	if cc := strings.Fields(getenv(env, "CC")); len(cc) > 0 {
		c = append(c, cc)
	}
	for _, name := range llvmNames("clang") {
		c = append(c, []string{name})
	}
	return append(c, []string{"zig", "cc"}, []string{"python3", "-m", "ziglang", "cc"})
}

// llvmNames are the names under which distributions install a tool of LLVM, the newest first after the default one.
func llvmNames(tool string) []string {
	names := []string{tool}
	for v := newestClang; v >= oldestClang; v-- {
		names = append(names, tool+"-"+strconv.Itoa(v))
	}
	return names
}

// versionSuffix is what distributions append to the names of LLVM's tools.
var versionSuffix = lazyRegexp(`-[0-9]+$`)

// archiver returns the commands of ar and ranlib that understand WebAssembly objects. The system's own do not: they
// would leave out the index that the linker needs.
func (f *finder) archiver(ctx context.Context, d driver) (ar, ranlib []string, err error) {
	if d.subcommands() {
		return d.sibling("ar"), d.sibling("ranlib"), nil
	}
	if ar = f.llvmTool(ctx, d, "llvm-ar"); ar == nil {
		return nil, nil, &MissingError{Kind: KindTool, Name: "llvm-ar", Version: f.major(ctx, d), Purpose: "makes libraries of WebAssembly objects"}
	}
	if ranlib = f.llvmTool(ctx, d, "llvm-ranlib"); ranlib == nil {
		ranlib = []string{ar[0], "s"}
	}
	return ar, ranlib, nil
}

// llvmTool finds a program of LLVM that fits a clang: beside it, under its version's name, then any.
func (f *finder) llvmTool(ctx context.Context, d driver, name string) []string {
	suffix := versionSuffix().FindString(filepath.Base(d.path))
	names := []string{filepath.Join(filepath.Dir(d.path), name+suffix), filepath.Join(filepath.Dir(d.path), name)}
	if p, err := f.ask(ctx, d, "-print-prog-name="+name); err == nil && filepath.IsAbs(p) {
		names = append(names, p)
	}
	if v := f.major(ctx, d); v != "" {
		names = append(names, name+"-"+v)
	}
	for _, n := range append(names, name) {
		if p, err := f.Exec.LookPath(n, f.env); err == nil {
			return []string{p}
		}
	}
	return nil
}
