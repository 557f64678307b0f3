package build

import (
	"context"
	"errors"
	"os"
	"slices"
)

// causeLibCXX is that something of the C++ library was not found. It never reaches the caller: either the library is
// missing on this machine, or it is not the cause.
const causeLibCXX CauseKind = "libc++"

// pieceLibCXX is the C++ library, as [MissingError] names it.
const pieceLibCXX = "libc++"

// cxxProbe is a small program that needs headers and both parts of the C++ library.
const cxxProbe = "#include <string>\n#include <cstdio>\nint main() { std::string s(20, 'x'); return std::puts(s.c_str()) < 0; }\n"

// explain turns a failed build into what is missing, when a C++ header or library was not found and there is none.
func (c *compiler) explain(ctx context.Context, j *job, err error) error {
	var failed *ToolError
	if !errors.As(err, &failed) {
		return err
	}
	suspect := slices.ContainsFunc(failed.Causes, isLibCXX)
	failed.Causes = slices.DeleteFunc(failed.Causes, isLibCXX)
	if !suspect || c.subcommands() || c.makesCXX(ctx, j) || ctx.Err() != nil {
		return err
	}
	f := &finder{job: j, env: j.cEnv()}
	return &MissingError{
		Kind: KindSysroot, Name: pieceLibCXX, Version: f.major(ctx, c.driver),
		Purpose: "is the C++ library for WebAssembly: " + c.path + " has looked beside its C library",
		AnyOf:   []string{"wasi-sdk", "zig"},
	}
}

func isLibCXX(c Cause) bool { return c.Kind == causeLibCXX }

// makesCXX reports whether the compiler makes a C++ program.
func (c *compiler) makesCXX(ctx context.Context, j *job) bool {
	if err := os.WriteFile(j.path("probe.cc"), []byte(cxxProbe), 0o600); err != nil {
		return false
	}
	command := append(c.cxx(slices.Concat(c.target, c.headers)), "-o", "probe.wasm", "probe.cc")
	_, err := output(ctx, j.Exec, Command{Path: command[0], Args: command[1:], Dir: j.work, Env: j.cEnv()})
	return err == nil
}
