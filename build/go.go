package build

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"strings"
)

// goToolchain compiles Go with the user's go command, which follows the project's go.mod, go.work, vendor folder and
// toolchain line as always. See https://go.dev/blog/wasi for the port.
type goToolchain struct{}

// The Go releases that brought what a build needs.
const (
	goWithWasip1  = "go1.21" // GOOS=wasip1
	goWithReactor = "go1.24" // -buildmode=c-shared on wasip1, and //go:wasmexport
)

// goQueried are the settings that change the module that Go makes, beyond the flags. They come from the environment or
// from `go env -w`, so the go command itself is asked.
var goQueried = []string{"GOEXPERIMENT", "GOFIPS140", "GOWASM"}

// A goCommand is the go command, ready to be called for one job.
type goCommand struct {
	*job
	path     string
	env      []string
	settings map[string]string
}

func (goToolchain) compile(ctx context.Context, j *job) (product, error) {
	if j.Go.Compiler == CompilerTinyGo {
		return compileTinyGo(ctx, j)
	}
	g, err := findGo(j)
	if err != nil {
		return product{}, err
	}
	return g.settled(ctx, g.compile)
}

func (g *goCommand) compile(ctx context.Context) (product, error) {
	pattern, err := g.pattern(ctx)
	if err != nil {
		return product{}, err
	}
	room, err := g.adapterFlags(ctx, pattern)
	if err != nil {
		return product{}, err
	}
	flags, out := append(g.flags(), room...), g.job.path("module.wasm")
	args := append([]string{"build", fmt.Sprintf("-p=%d", g.Jobs), "-o", out}, flags...)
	if err := g.build(ctx, pattern, g.command(append(args, "--", pattern)...)); err != nil {
		return product{}, err
	}
	program, err := g.program(ctx, pattern, out)
	if err != nil {
		return product{}, err
	}
	read := make(chan *Module, 1)
	go func() {
		m, _ := newModule(out, program.module) // what is wrong with it, [load] says later
		read <- m
	}()
	warnings, err := g.advise(ctx, program)
	p := product{path: out, module: <-read, warnings: warnings}
	if err != nil {
		return product{}, err
	}
	p.facts, p.inventory = g.facts(program.main, flags), g.inventory(pattern, flags)
	if g.Inventory {
		p.binaries = g.goBinaries(ctx, &p.facts)
	}
	return p, nil
}

// build compiles. Only when that fails, what the program imports is asked for, to explain it.
func (g *goCommand) build(ctx context.Context, pattern string, c Command) error {
	var graph *goGraph
	var listErr error
	var reasons string
	err := g.run(ctx, c, func(said string) []Cause {
		reasons = said
		graph, listErr = g.list(ctx, pattern)
		return goCauses(said, graph)
	})
	var none *DetectError
	if errors.As(listErr, &none) {
		return listErr
	}
	if err != nil && graph != nil {
		return g.explain(graph, reasons, err)
	}
	return err
}

// newGoCommand finds Go and checks that it can do what is asked of it.
func newGoCommand(ctx context.Context, j *job) (*goCommand, error) {
	g, err := findGo(j)
	if err != nil {
		return nil, err
	}
	answer, err := g.settingsQuery()(ctx)
	if err != nil {
		return nil, err
	}
	return g, g.use(answer)
}

func findGo(j *job) (*goCommand, error) {
	path, err := j.Exec.LookPath("go", j.Env)
	if err != nil {
		return nil, &MissingError{Kind: KindTool, Name: "go", Purpose: "compiles Go"}
	}
	return &goCommand{job: j, path: path, env: setenv(j.Env, "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")}, nil
}

// settingsQuery prepares the question for all settings.
func (g *goCommand) settingsQuery() func(context.Context) (string, error) {
	asked := *g // with its output and environment of now
	return func(ctx context.Context) (string, error) {
		return asked.ask(ctx, append([]string{"env", "-json", "GOVERSION", "GOFLAGS"}, goQueried...)...)
	}
}

// use takes the answer to that question, and refuses a Go that is too old.
func (g *goCommand) use(answer string) error {
	settings, err := decodeGoSettings(answer)
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	g.settings = settings
	if g.olderThan(goWithWasip1) {
		return &MissingError{Kind: KindTarget, Name: "wasip1", Purpose: "Go can compile for WASI from go1.21 on", Version: goWithWasip1, Looked: []string{g.path}}
	}
	if g.Go.Reactor && g.olderThan(goWithReactor) {
		return &MissingError{Kind: KindTarget, Name: "wasip1 reactor", Purpose: "Go can build reactors from go1.24 on", Version: goWithReactor, Looked: []string{g.path}}
	}
	g.env = setenv(g.env, "GOFLAGS="+strings.TrimSpace("-trimpath "+g.settings["GOFLAGS"]))
	return nil
}

var errNoSettings = errors.New("it has printed no settings")

// decodeGoSettings reads what `go env -json` prints, and keeps of GOFLAGS what counts here.
func decodeGoSettings(answer string) (map[string]string, error) {
	var settings map[string]string
	if err := json.Unmarshal([]byte(answer), &settings); err != nil || settings == nil {
		return nil, cmp.Or(err, errNoSettings)
	}
	settings["GOFLAGS"] = keepGoFlags(settings["GOFLAGS"])
	return settings, nil
}

// olderThan compares Go's version. A development version has no number and passes: it is new.
func (g *goCommand) olderThan(v string) bool {
	have, _, _ := strings.Cut(g.settings["GOVERSION"], " ")
	return version.IsValid(have) && version.Compare(have, v) < 0
}

// keepGoFlags filters GOFLAGS. Kept is what says which sources to build (a vendor folder, another go.mod, an overlay,
// tags): without it the build would fail or be another program. Dropped is the rest, such as -gcflags, -race or -x: a
// flag in one developer's environment must not change the digest; [GoOptions] has the settings that may.
func keepGoFlags(goflags string) string {
	var kept []string
	for f := range strings.FieldsSeq(goflags) {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		switch name {
		case "mod", "modfile", "modcacherw", "overlay", "tags":
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}

// flags are the build's flags. -trimpath keeps the folder's path out of the module; an empty build id and no VCS stamp
// make equal sources give equal bytes; -s -w leave out what only a native debugger reads.
func (g *goCommand) flags() []string {
	o := g.Go
	flags := []string{"-trimpath", fmt.Sprintf("-buildvcs=%t", o.BuildVCS), "-ldflags=" + strings.TrimSpace("-s -w -buildid= "+o.LDFlags)}
	if len(o.Tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(o.Tags, ","))
	}
	if o.Reactor {
		flags = append(flags, "-buildmode=c-shared")
	}
	return flags
}

func (g *goCommand) facts(p *goPackage, flags []string) Facts {
	f := Facts{
		Language: LanguageGo, Name: p.programName(), Package: p.ImportPath, Flags: g.portable(flags),
		Tools: []Tool{{Name: "go", Version: strings.TrimPrefix(g.settings["GOVERSION"], "go")}},
		Env:   []string{"CGO_ENABLED=0", "GOARCH=wasm", "GOOS=wasip1"},
	}
	if p.Module != nil {
		f.Module, f.Version = p.Module.Path, p.Module.Version
	}
	for _, k := range append([]string{"GOFLAGS"}, goQueried...) {
		if v := g.settings[k]; v != "" && v != "off" { // GOFIPS140 is off by default
			f.Env = append(f.Env, g.portable([]string{k + "=" + v})...)
		}
	}
	return f
}

func (g *goCommand) command(args ...string) Command {
	return Command{Path: g.path, Args: args, Dir: g.Dir, Env: g.env}
}

// ask calls go for an answer. What it says when it has none reaches the caller.
func (g *goCommand) ask(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	said := &tail{w: g.Output}
	c := g.command(args...)
	c.Stdout, c.Stderr = &out, said
	err := g.Exec.Run(ctx, c)
	var failed *ToolError
	if errors.As(err, &failed) {
		failed.Causes = goCauses(string(said.last), nil)
	}
	return out.String(), err
}
