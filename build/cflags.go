package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cleanEnv is an environment for C compilers and what drives them. Left out is what is meant for the machine's own
// programs and would end up in the module (CFLAGS=-march=native, CPATH), and what make leaves for a make that it
// starts, in case that wpk itself runs under one. SOURCE_DATE_EPOCH stays what it is, or is zero: compilers that know
// it use it for __DATE__.
func cleanEnv(env []string) []string {
	epoch := getenv(env, "SOURCE_DATE_EPOCH")
	if epoch == "" {
		epoch = "0"
	}
	env = dropenv(env,
		"CC", "CXX", "CPP", "LD", "AR", "RANLIB", "NM", "STRIP",
		"CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS", "CCC_OVERRIDE_OPTIONS",
		"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH",
		"MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKELEVEL", "MAKEFILES", "MAKEOVERRIDES", "DESTDIR",
		"CMAKE_*", "NINJA_STATUS", "PKG_CONFIG*", "CONFIG_SITE", "ac_cv_*", "CC_PRINT_*", "CC_LOG_DIAGNOSTICS*", "DEPENDENCIES_OUTPUT",
	)
	return setenv(env, "SOURCE_DATE_EPOCH="+epoch)
}

// cEnv is the environment for C compilers of this job. A clang that links with -O runs a wasm-opt if it finds one, so
// that the module would depend on what else is installed. It looks in COMPILER_PATH first, where it finds one that
// changes nothing. On Windows, where that cannot be a script, it goes on to PATH.
func (j *job) cEnv() []string {
	return setenv(cleanEnv(j.Env), "COMPILER_PATH="+j.path(noOptimizer))
}

// noOptimizer is the folder in a job's work folder with the wasm-opt that changes nothing.
const noOptimizer = "no-optimizer"

func writeNoOptimizer(work string) error {
	dir := filepath.Join(work, noOptimizer)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "wasm-opt"), []byte("#!/bin/sh\n"), 0o700) // #nosec G306 -- a program
}

// optimize is our part of the flags, which the caller's may change.
const optimize = "-O2"

// baseFlags are the flags of every compilation. The prefix maps replace the folders that a compiler would write into
// the module (__FILE__, debug information), each given as "FOLDER=REPLACEMENT".
func (c *compiler) baseFlags(o COptions, prefixMaps ...string) []string {
	// A compiler warns about a flag that one of its steps has no use for; here all steps get the same.
	flags := slices.Concat(c.target, c.headers, []string{"-Wno-unused-command-line-argument"}, c.date, shapingFlags(o))
	for _, m := range prefixMaps {
		flags = append(flags, "-ffile-prefix-map="+m)
	}
	return append(flags, o.CFlags...)
}

// linkFlags are the flags of every link. Debug information goes, the C library's own above all, since it is several
// times the program's size; the names of functions stay, for readable traps. Who asks for -g keeps everything.
func linkFlags(o COptions) []string {
	var flags []string
	if !slices.ContainsFunc(o.CFlags, isDebugFlag) {
		flags = append(flags, "-Wl,--strip-debug")
	}
	for _, library := range o.Emulate {
		flags = append(flags, "-lwasi-emulated-"+library)
	}
	if o.Setjmp {
		flags = append(flags, "-lsetjmp")
	}
	return append(flags, o.LDFlags...)
}

// shapingFlags are our flags for the compiler that shape the module.
func shapingFlags(o COptions) []string {
	flags := []string{optimize}
	for _, library := range o.Emulate {
		flags = append(flags, "-D_WASI_EMULATED_"+strings.ToUpper(strings.ReplaceAll(library, "-", "_")))
	}
	if o.Setjmp {
		// The form of the standard, not the one that browsers had before it: https://github.com/WebAssembly/exception-handling
		flags = append(flags, "-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false")
	}
	return flags
}

func isDebugFlag(f string) bool {
	return strings.HasPrefix(f, "-g") && f != "-g0"
}

// foreignFlags are the flags for builds that others drive. Makefiles and CMake projects overwrite CFLAGS and LDFLAGS as
// they like, so everything that must not get lost is part of the compiler's command itself.
func (c *compiler) foreignFlags(o COptions, prefixMaps ...string) []string {
	return append(c.baseFlags(o, prefixMaps...), linkFlags(o)...)
}

// cxx returns the compiler's C++ command: a clang is one by a flag, whether clang++ is installed or not. The C++
// library's headers come before those of C, which they include by #include_next.
func (c *compiler) cxx(flags []string) []string {
	flags = slices.Concat(c.cxxFlags, flags)
	if c.subcommands() {
		return append(c.sibling("c++"), flags...)
	}
	return c.command(append([]string{"--driver-mode=g++"}, flags...)...)
}

// facts tells how a C program was made. Of the flags it names those that shape the module, not those that only name
// folders of this machine.
func (c *compiler) facts(j *job, name string, tools ...Tool) Facts {
	return Facts{
		Language: LanguageC, Name: name, Tools: append([]Tool{c.tool}, tools...),
		Flags: j.portable(slices.Concat(c.target, shapingFlags(j.C), j.C.CFlags, linkFlags(j.C), j.C.Configure)),
		Env:   []string{"SOURCE_DATE_EPOCH=" + getenv(cleanEnv(j.Env), "SOURCE_DATE_EPOCH")},
	}
}

// product is what a C toolchain leaves: a program in the tree.
func (c *compiler) product(j *job, tree *keptTree, path, name string, tools ...Tool) product {
	if c.linker != "" {
		tools = append(slices.Clone(tools), Tool{Name: pieceLinker})
	}
	return product{
		path: path, facts: c.facts(j, name, tools...), inventory: c.clangInventory(j, tree.dir, path),
		binaries: map[string]string{c.tool.Name: c.path, pieceLinker: c.linker},
	}
}

// shellJoin joins a command for a shell, and for whoever splits words as a shell does.
func shellJoin(command []string) string {
	quoted := make([]string, len(command))
	for i, arg := range command {
		quoted[i] = shellQuote(arg)
	}
	return strings.Join(quoted, " ")
}

func shellQuote(arg string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%"
	if arg != "" && strings.Trim(arg, plain) == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
