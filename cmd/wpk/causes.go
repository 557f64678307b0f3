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
		return "setjmp needs an engine with exception handling; see wpk build --help"
	case build.CauseExceptions:
		return "C++ exceptions need an engine with exception handling: compile with -fno-exceptions"
	case build.CauseEmulation:
		return "wasi-libc emulates this: --emulate " + c.Subject
	case build.CauseOldTool:
		return newerHint(c.Subject)
	case build.CauseDownload:
		return "a dependency is not here and cannot be downloaded: cargo vendor, or cargo fetch while there is a network, makes builds without one"
	case build.CauseDependency:
		if hint := dependencyHints[c.Subject]; hint != "" {
			return c.Subject + " " + hint
		}
		return c.Subject + " does not build for WASI: look for a feature that leaves it out, or for a newer version"
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
