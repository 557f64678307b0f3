package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Compiler is what [Probe] found out about one tool.
type Compiler struct {
	Language string `json:"language"` // one of the Language constants, or TargetWASIP2 for what makes components
	Tool
	Path string        `json:"path,omitempty"` // "" when it is not there or does not do
	Err  *MissingError `json:"-"`              // which piece is missing; nil when it works
}

// A prober looks for one compiler.
type prober struct {
	language, name string
	probe          func(context.Context, *job) (Compiler, error)
}

// probers are in the order of the answers: what the first ones find is what a build would take.
func probers() []prober {
	return []prober{
		{LanguageGo, "go", probeGo},
		{LanguageGo, "tinygo", probeTinyGo},
		{LanguageRust, "rustc", probeRust},
		{LanguageC, "clang", probeC},
		{LanguageZig, "zig", probeZig},
		{LanguageAssemblyScript, "asc", probeAsc},
		{TargetWASIP2, pieceJco, probeComponents},
	}
}

// Probe looks for the compilers of all languages, as a build in o.Dir would, and really tries those of which a piece is
// often missing. Of the options it takes Dir ("" = the current folder), Env, Cache and Exec.
func Probe(ctx context.Context, o Options) ([]Compiler, error) {
	o.Dir = cmp.Or(o.Dir, ".")
	all := probers()
	found := make([]Compiler, len(all))
	var group errgroup.Group
	for i, p := range all {
		group.Go(func() (err error) {
			j, err := newJob(o) // each has a folder of its own to try things in
			if err != nil {
				return err
			}
			defer j.close()
			found[i], err = p.run(ctx, j)
			return err
		})
	}
	return found, group.Wait()
}

// run makes an answer of whatever a probe returns: a tool that fails is there and does not do.
func (p prober) run(ctx context.Context, j *job) (Compiler, error) {
	c, err := p.probe(ctx, j)
	if cause := context.Cause(ctx); cause != nil {
		return c, cause
	}
	c.Language, c.Name = p.language, cmp.Or(c.Name, p.name)
	if err != nil && !errors.As(err, &c.Err) {
		c.Err = &MissingError{Kind: KindTool, Name: p.name, Purpose: fmt.Sprintf("it is there and fails: %v", err)}
	}
	return c, nil
}

func probeGo(ctx context.Context, j *job) (Compiler, error) {
	g, err := newGoCommand(ctx, j)
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: g.path, Tool: Tool{Name: "go", Version: strings.TrimPrefix(g.settings["GOVERSION"], "go")}}, nil
}

func probeRust(ctx context.Context, j *job) (Compiler, error) {
	r, err := newRustFinder(j).next(ctx, "")
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: r.path, Tool: Tool{Name: "rustc", Version: r.version}}, nil
}

func probeC(ctx context.Context, j *job) (Compiler, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: strings.Join(c.command(), " "), Tool: c.tool}, nil
}

func probeComponents(ctx context.Context, j *job) (Compiler, error) {
	t, err := findComponentTool(ctx, j, "command")
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: t.path, Tool: Tool{Name: t.name, Version: t.version}}, nil
}

func probeTinyGo(ctx context.Context, j *job) (Compiler, error) {
	t, err := newTinyGo(ctx, j)
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: t.path, Tool: Tool{Name: "tinygo", Version: t.version}}, nil
}

func probeZig(ctx context.Context, j *job) (Compiler, error) {
	z, err := findZig(ctx, j)
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: strings.Join(z.command, " "), Tool: Tool{Name: "zig", Version: z.version}}, nil
}

func probeAsc(ctx context.Context, j *job) (Compiler, error) {
	a, err := newAsc(ctx, j)
	if err != nil {
		return Compiler{}, err
	}
	return Compiler{Path: a.path, Tool: Tool{Name: "asc", Version: a.version}}, nil
}
