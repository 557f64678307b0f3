package build

import (
	"strings"
)

var (
	// goPackageLine begins what the compiler says about a package.
	goPackageLine = lazyRegexp(`^# (\S+)`)
	// goUndefined matches a name of the system that wasip1 does not have, or a type of a file that is not for it.
	goUndefined = lazyRegexp(`undefined: (\S+)`)
	// goExcluded matches a package none of whose files is for wasip1. Its folder is at the end.
	goExcluded = lazyRegexp(`(?:imports |package )?(\S+): build constraints exclude all Go files in `)
	// goImports matches a line of the chain of imports that leads there.
	goImports = lazyRegexp(`^\s+imports (\S+)\n?$`)
	// goTooOld matches what go says about a go.mod for a later one.
	goTooOld = lazyRegexp(`requires go >= ([0-9][0-9a-z.]*)`)
)

// goCauses recognises why a build failed. graph may be nil.
func goCauses(said string, graph *goGraph) []Cause {
	var causes []Cause
	at, importer := "", ""
	for line := range strings.Lines(said) {
		if m := goPackageLine().FindStringSubmatch(line); m != nil {
			at = m[1]
		}
		if m := goTooOld().FindStringSubmatch(line); m != nil {
			causes = append(causes, Cause{CauseOldTool, "Go " + m[1]})
		}
		if m := goImports().FindStringSubmatch(line); m != nil {
			importer = m[1]
		}
		if m := goExcluded().FindStringSubmatch(line); m != nil {
			// It never was for WASI: whoever imports it is what to look at.
			if by := graph.foreign(importer); by != nil {
				causes = append(causes, by...)
			} else {
				causes = append(causes, graph.foreign(m[1])...)
			}
		}
		if m := goUndefined().FindStringSubmatch(line); m != nil {
			if foreign := graph.foreign(at); foreign != nil {
				causes = append(causes, foreign...)
			} else if c, ok := systemCall(m[1]); ok {
				causes = append(causes, c)
			}
		}
	}
	return causes
}

// foreign is the cause "a dependency" for a package that is not the user's own.
func (g *goGraph) foreign(importPath string) []Cause {
	if g == nil {
		return nil
	}
	for i := range g.packages {
		p := &g.packages[i]
		if p.ImportPath == importPath && !p.own() {
			return []Cause{{CauseDependency, p.moduleName()}}
		}
	}
	return nil
}

// systemCall tells what a name of package syscall or x/sys/unix is about that WASI preview 1 does not have.
func systemCall(name string) (Cause, bool) {
	pkg, call, _ := strings.Cut(name, ".")
	if pkg != "syscall" && pkg != "unix" {
		return Cause{}, false
	}
	for _, s := range []struct {
		kind  CauseKind
		calls []string
	}{
		{CauseSockets, []string{"Socket", "Bind", "Connect", "Accept4", "Sendto", "Recvfrom", "Sockaddr", "Getsockname", "AF_", "SOCK_"}},
		{CauseProcesses, []string{"Kill", "Fork", "Exec", "Wait4", "Setpgid", "Getpgid", "Setsid", "PtraceAttach", "WaitStatus"}},
	} {
		for _, prefix := range s.calls {
			if strings.HasPrefix(call, prefix) {
				return Cause{s.kind, name}, true
			}
		}
	}
	return Cause{}, false
}
