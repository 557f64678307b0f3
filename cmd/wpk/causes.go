package main

import (
	"strings"

	"github.com/wpkdev/wpk/build"
)

// toolHint says what helps against the causes of a tool's failure, or whose
// messages they are when none is known.
func toolHint(e *build.ToolError) string {
	var hints []string
	for _, c := range e.Causes {
		hints = append(hints, causeHint(c))
	}
	if len(hints) == 0 && e.Tool == "wasm-opt" {
		return "a newer Binaryen may know what the module uses; without --optimize, wpk build needs none"
	}
	if len(hints) == 0 {
		return "the messages above are " + e.Tool + "'s own"
	}
	return strings.Join(hints, "; ")
}

// causeHint says what helps against a known cause of a compiler's failure.
func causeHint(c build.Cause) string {
	switch c.Kind {
	case build.CauseSockets:
		return "WASI preview 1 has no " + orCalls(c.Subject, "sockets") + ": leave networking out of this build"
	case build.CauseThreads:
		return "WASI preview 1 has no threads (" + c.Subject + "): configure the project without them"
	case build.CauseProcesses:
		return "WASI cannot start other programs (" + c.Subject + "): leave that part out"
	case build.CauseSetjmp:
		return "setjmp and longjmp need clang 20 or newer, wasi-libc's libsetjmp, and an engine with WebAssembly's exceptions " +
			"(wpk run has them, Node 20 does not): --setjmp, see docs/c.md"
	case build.CauseExceptions:
		return "C++ exceptions are off, since WebAssembly's C++ library has no unwinder: replace throw and try, or configure the project without them"
	case build.CauseEmulation:
		return "wasi-libc emulates this on request: --emulate " + c.Subject
	case build.CauseLoading:
		return "WASI has no shared libraries (" + c.Subject + "): link what is loaded, or configure the project without plugins"
	case build.CauseExecution:
		return "the build starts a program that it has compiled for WebAssembly (" + c.Subject +
			"), so it is not made for cross-compiling: look for an option that takes a native one, or for a release with the generated files"
	case build.CauseSystem:
		return "WASI has nothing like " + c.Subject + ": look for an option that leaves this out, such as --configure-arg or --cflag -DNO_…"
	case build.CauseOldTool:
		if version, ok := strings.CutPrefix(c.Subject, "Go "); ok {
			return "the project needs Go " + version + " or newer: https://go.dev/dl, or let go fetch it by itself: GOTOOLCHAIN=auto"
		}
		return newerHint(c.Subject)
	case build.CauseDownload:
		return "a dependency is not here and cannot be downloaded: cargo vendor, or cargo fetch while there is a network, makes builds without one"
	case build.CauseDependency:
		if hint := dependencyHints[c.Subject]; hint != "" {
			return c.Subject + " " + hint
		}
		return c.Subject + " does not build for WASI: look for a feature that leaves it out, or for a newer version"
	case build.CauseOutdated:
		return c.Subject + " is too old for this module: " + installCommand("", c.Subject)
	}
	return ""
}

// orCalls names the call, or what kind of call it is.
func orCalls(call, kind string) string {
	if call == "" {
		return kind
	}
	return call
}
