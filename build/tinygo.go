package build

import (
	"context"
	"fmt"
	"strings"
)

// The TinyGo releases that brought what a build needs: https://github.com/tinygo-org/tinygo/blob/release/CHANGELOG.md
const (
	tinyGoWithWasip1 = "0.32" // -target=wasip1; the older -target=wasi was another, half-native port
	tinyGoWithWasip2 = "0.33" // -target=wasip2
)

// tinyGoVersion matches the answer of `tinygo version`: "tinygo version 0.39.0 linux/amd64 (using go version go1.25.0 …".
var tinyGoVersion = lazyRegexp(`tinygo version (([0-9]+)\.([0-9]+)\S*)`)

// A tinyGo is TinyGo, ready to be called for one job. It is used when it is asked for and never otherwise: its modules
// are a tenth as large, but it has not all of the language and library.
// https://tinygo.org/docs/reference/usage/important-options/
type tinyGo struct {
	*goCommand // TinyGo itself needs the go command, which also knows the packages
	path       string
	version    string
}

func compileTinyGo(ctx context.Context, j *job) (product, error) {
	t, err := newTinyGo(ctx, j)
	if err != nil {
		return product{}, err
	}
	pattern, err := t.pattern(ctx)
	if err != nil {
		return product{}, err
	}
	graph, err := t.list(ctx, pattern)
	if err != nil {
		return product{}, err
	}
	flags, out := t.flags(), j.path("module.wasm")
	args := append([]string{"build", fmt.Sprintf("-p=%d", j.Jobs), "-o", out}, flags...)
	c := Command{Path: t.path, Args: append(args, pattern), Dir: j.Dir, Env: t.env}
	var reasons string
	err = j.run(ctx, c, func(said string) []Cause {
		reasons = said
		return goCauses(said, graph)
	})
	if err != nil {
		return product{}, t.explain(graph, reasons, err)
	}
	facts := t.facts(graph.main, flags)
	facts.Tools = append([]Tool{{Name: "tinygo", Version: t.version}}, facts.Tools...)
	facts.Env = t.environment()
	return product{path: out, facts: facts, inventory: t.inventory(pattern, flags), binaries: map[string]string{"tinygo": t.path, "go": t.goCommand.path}}, nil
}

func newTinyGo(ctx context.Context, j *job) (*tinyGo, error) {
	path, err := j.Exec.LookPath("tinygo", j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "tinygo", Purpose: "compiles Go into small modules"}
	}
	g, err := newGoCommand(ctx, j)
	if err != nil {
		return nil, err
	}
	t := &tinyGo{goCommand: g, path: path}
	// The target says what TinyGo compiles for; the variables would change what it asks go for.
	t.env = setenv(dropenv(g.env, "GOOS", "GOARCH", "CGO_ENABLED"), "GOFLAGS="+g.settings["GOFLAGS"])
	out, err := output(ctx, j.Exec, Command{Path: path, Args: []string{"version"}, Dir: j.Dir, Env: t.env})
	if err != nil {
		return nil, err
	}
	if m := tinyGoVersion().FindStringSubmatch(out); m != nil {
		t.version = m[1]
		need := tinyGoWithWasip1
		if j.Target == TargetWASIP2 {
			need = tinyGoWithWasip2
		}
		if major, minor, _ := strings.Cut(need, "."); m[2] == major && atoi(m[3]) < atoi(minor) {
			return nil, &MissingError{Kind: KindTarget, Name: "tinygo's " + j.Target, Purpose: "this is TinyGo " + t.version, Version: "tinygo" + need}
		}
	}
	if j.Target == TargetWASIP2 {
		if _, err := j.Exec.LookPath(pieceWasmTools, j.Env); err != nil {
			return nil, &MissingError{Kind: KindTool, Name: pieceWasmTools, Purpose: "TinyGo makes components with it"}
		}
	}
	return t, nil
}

// flags are the build's flags. Without -no-debug two thirds of a module are for a debugger, with paths of this machine.
func (t *tinyGo) flags() []string {
	o := t.Go
	flags := []string{"-target=" + t.Target, "-no-debug"}
	if len(o.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(o.Tags, " "))
	}
	if o.LDFlags != "" {
		flags = append(flags, "-ldflags="+o.LDFlags)
	}
	if o.Reactor {
		flags = append(flags, "-buildmode=c-shared")
	}
	return flags
}

// environment is what shapes the module: only what go adds to it.
func (t *tinyGo) environment() []string {
	if flags := t.settings["GOFLAGS"]; flags != "" {
		return t.portable([]string{"GOFLAGS=" + flags})
	}
	return nil
}

// atoi is the number that a string of digits is.
func atoi(digits string) (n int) {
	_, _ = fmt.Sscanf(digits, "%d", &n)
	return n
}
