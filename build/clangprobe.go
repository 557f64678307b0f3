package build

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// probeSource is the smallest program that needs all of a toolchain: a header and a function of the C library.
const probeSource = "#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n"

// A finder looks for a compiler, and remembers the ones that do not do.
type finder struct {
	*job
	env    []string
	failed []driver
}

// look finds the program of a command on PATH.
func (f *finder) look(command []string) (driver, bool) {
	path, err := f.Exec.LookPath(command[0], f.env)
	return driver{path: path, args: command[1:]}, err == nil
}

// must returns the compiler of an explicit choice, or why it does not do. The choice is what its maker calls it, for
// the error when it is not there.
func (f *finder) must(ctx context.Context, command []string, choice string, sysroots ...string) (*compiler, error) {
	d, ok := f.look(command)
	if !ok {
		return nil, &MissingError{Kind: KindTool, Name: choice, Purpose: "was chosen as the C compiler: there is no program " + strconv.Quote(command[0])}
	}
	if c := f.try(ctx, d, sysroots...); c != nil {
		return c, nil
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if d.subcommands() || choice == "wasi-sdk" || !f.hasBackend(ctx, d) {
		return nil, &MissingError{Kind: KindTarget, Name: wasiTargets[0], Purpose: choice + " was chosen as the C compiler and cannot compile for it"}
	}
	f.failed = []driver{d}
	return nil, f.missing(ctx)
}

// try compiles and links the probe with each target and sysroot until one does. The sysroot "" is the compiler's own.
func (f *finder) try(ctx context.Context, d driver, sysroots ...string) *compiler {
	for _, name := range wasiTargets {
		target := []string{"--target=" + name}
		if d.subcommands() {
			target = []string{"-target", name}
		}
		for _, sysroot := range sysroots {
			var headers []string
			if sysroot != "" {
				if _, err := os.Stat(sysroot); err != nil {
					continue
				}
				headers = []string{"--sysroot=" + sysroot}
			}
			if f.compiles(ctx, d, probeSource, slices.Concat(target, headers, []string{"-o", "probe.wasm"})...) {
				return f.describe(ctx, &compiler{driver: d, target: target, headers: headers})
			}
		}
	}
	return nil
}

// compiles reports whether a compiler makes something of a source with these arguments.
func (f *finder) compiles(ctx context.Context, d driver, source string, args ...string) bool {
	if err := os.WriteFile(f.path("probe.c"), []byte(source), 0o600); err != nil {
		return false
	}
	_, err := f.ask(ctx, d, append(args, "probe.c")...)
	return err == nil
}

// hasBackend reports whether a compiler can make WebAssembly objects, sysroot and linker aside.
func (f *finder) hasBackend(ctx context.Context, d driver) bool {
	return f.compiles(ctx, d, "int x;\n", "--target="+wasiTargets[0], "-c", "-o", "probe.o")
}

// ask runs a driver in the work folder and returns what it prints.
func (f *finder) ask(ctx context.Context, d driver, args ...string) (string, error) {
	c := d.command(args...)
	return output(ctx, f.Exec, Command{Path: c[0], Args: c[1:], Dir: f.work, Env: f.env})
}

// describe completes what is known about a compiler that works.
func (f *finder) describe(ctx context.Context, c *compiler) *compiler {
	c.cxxFlags = []string{"-fno-exceptions"} // there is no unwinder
	if c.subcommands() {
		version := c.sibling("version")
		c.tool.Name = "zig"
		c.tool.Version, _ = output(ctx, f.Exec, Command{Path: version[0], Args: version[1:], Dir: f.work, Env: f.env})
		c.pieces = stampsOf(c.path)
		return c
	}
	c.tool.Name = c.name()
	c.tool.Version, _ = f.ask(ctx, c.driver, "-dumpversion")
	if include := f.sharedSysroot(ctx, c); include != "" {
		c.cxxFlags = append(c.cxxFlags, "-isystem", filepath.Join(include, "c++", "v1"))
		c.headers = []string{"-nostdlibinc", "-isystem", include}
	}
	c.pieces = f.pieces(ctx, c)
	return c
}

// sharedSysroot returns the C library's include folder when it lies beside the machine's own headers, as in Debian's
// /usr/include/wasm32-wasi, and "" when it has a sysroot of its own. There clang goes on to search /usr/include: a
// program would find headers of libraries that are not there for WebAssembly, and differ from machine to machine.
func (f *finder) sharedSysroot(ctx context.Context, c *compiler) string {
	if len(c.headers) > 0 {
		return ""
	}
	libc, err := f.ask(ctx, c.driver, append(c.target, "-print-file-name=libc.a")...)
	if err != nil || !filepath.IsAbs(libc) {
		return ""
	}
	lib := filepath.Dir(libc) // /usr/lib/wasm32-wasi
	root := filepath.Dir(filepath.Dir(lib))
	include := filepath.Join(root, "include", filepath.Base(lib))
	if exists(include, "stdio.h") && exists(filepath.Join(root, "include"), "stdio.h") {
		return include
	}
	return ""
}

// The pieces of a toolchain beside clang itself, as [MissingError] names them.
const (
	pieceLibc     = "wasi-libc"
	pieceLinker   = "wasm-ld"
	pieceBuiltins = "libclang_rt.builtins-wasm32.a"
)

// missing names the pieces that stand between this machine and a C compiler for WebAssembly. Among the compilers that
// failed, the one that lacks least is the one to complete. One that cannot compile for WebAssembly at all, such as gcc,
// cannot be completed: then clang is what is missing.
func (f *finder) missing(ctx context.Context) error {
	best := &MissingError{
		Kind: KindTool, Name: "clang", Purpose: "compiles C to WebAssembly", Also: []string{pieceLibc, pieceLinker, pieceBuiltins},
	}
	for _, d := range f.failed {
		if d.subcommands() || !f.hasBackend(ctx, d) {
			continue
		}
		if e := f.lacks(ctx, d); len(e.Also) < len(best.Also) {
			best = e
		}
	}
	best.AnyOf = []string{"wasi-sdk", "zig"}
	return best
}

// lacks asks a clang for its pieces, and names the ones that are not there.
func (f *finder) lacks(ctx context.Context, d driver) *MissingError {
	libc, target := "", ""
	for _, target = range wasiTargets {
		if libc = f.askPath(ctx, d, target, "-print-file-name=libc.a"); libc != "" {
			break
		}
	}
	var lacking []*MissingError
	if libc == "" {
		lacking = append(lacking, &MissingError{Kind: KindSysroot, Name: pieceLibc, Purpose: "is the C library for WebAssembly", Looked: append([]string{"where " + d.path + " has it"}, ownSysroots[1:]...)})
	}
	if f.llvmTool(ctx, d, pieceLinker) == nil {
		lacking = append(lacking, &MissingError{Kind: KindTool, Name: pieceLinker, Purpose: "links WebAssembly"})
	}
	if path := f.askPath(ctx, d, target, "-print-libgcc-file-name"); !exists(filepath.Dir(path), filepath.Base(path)) {
		lacking = append(lacking, &MissingError{Kind: KindTarget, Name: pieceBuiltins, Purpose: "holds clang's own functions for WebAssembly", Looked: []string{path}})
	}
	if len(lacking) == 0 {
		lacking = append(lacking, &MissingError{Kind: KindSysroot, Name: pieceLibc, Purpose: "the one that is there does not fit clang"})
	}
	e := lacking[0]
	e.Version = f.major(ctx, d)
	for _, other := range lacking[1:] {
		e.Also = append(e.Also, other.Name)
	}
	return e
}

// askPath asks a clang for a file. One that it does not find it answers with the bare name.
func (f *finder) askPath(ctx context.Context, d driver, target, question string) string {
	path, err := f.ask(ctx, d, "--target="+target, question)
	if err != nil || !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// major returns a clang's major version: "14".
func (f *finder) major(ctx context.Context, d driver) string {
	v, err := f.ask(ctx, d, "-dumpversion")
	if err != nil {
		return ""
	}
	v, _, _ = strings.Cut(v, ".")
	return v
}
