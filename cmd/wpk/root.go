package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
)

// app is what every verb is given: the streams, and the only copy of the
// environment that wpk reads.
type app struct {
	ui  *ui.Streams
	env []string
}

func newApp(env []string) *app {
	a := &app{env: env}
	a.ui = ui.System(a.getenv)
	return a
}

// getenv is the value of a variable, as [os.Getenv] has it: empty when unset.
func (a *app) getenv(name string) string {
	for _, kv := range a.env {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			return v
		}
	}
	return ""
}

// execute runs one command line and returns the process's exit code.
func execute(ctx context.Context, a *app, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.ui.In)
	root.SetOut(a.ui.Out)
	root.SetErr(a.ui.Err)
	cmd, err := root.ExecuteContextC(ctx)
	a.ui.Status("")
	if err == nil {
		return exitOK
	}
	return a.report(ctx, cmd, err)
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "wpk",
		Short: "Build WebAssembly once, run it on every architecture",
		Long: `wpk compiles a project to WebAssembly once, packs it as one OCI artifact that
Podman, containerd, Kubernetes and Docker start on any CPU, runs that exact
digest natively and under emulated architectures, and pushes it to any registry.`,
		Example: `  wpk build . -t ghcr.io/acme/hello:1.0     # compile and pack into the local store
  wpk smoke ghcr.io/acme/hello:1.0          # run that digest on seven architectures
  wpk push ghcr.io/acme/hello:1.0           # to the registry`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownVerb,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().BoolVarP(&a.ui.Quiet, "quiet", "q", false, "print results and errors only")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return &usageError{c, err} })
	root.AddGroup(
		&cobra.Group{ID: "main", Title: "The way of an artifact:"},
		&cobra.Group{ID: "trust", Title: "Trust:"},
		&cobra.Group{ID: "store", Title: "Store and registries:"},
	)
	addTo(root, "main", newBuild(a), newPack(a), newLock(a), newInspect(a), newSmoke(a), newRun(a), newPush(a), newPull(a), newManifest(a), newExport(a))
	addTo(root, "trust", newSign(a), newAttest(a), newVerify(a), newRebuild(a), newKey(a), newPolicy(a))
	addTo(root, "store", newCopy(a), newList(a), newRemove(a), newRegistry(a))
	root.AddCommand(newToolchain(a), newVersion(a))
	return root
}

func addTo(root *cobra.Command, group string, cmds ...*cobra.Command) {
	for _, c := range cmds {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// operands checks the words after the flags against their names in the usage
// line: "REF" must be there, "[DIR]" may be, "REF…" may be repeated.
func operands(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, argv []string) error {
		for i, name := range names {
			if i >= len(argv) && !strings.HasPrefix(name, "[") {
				return &usageError{c, fmt.Errorf("%s wants %s", c.CommandPath(), strings.TrimSuffix(name, "…"))}
			}
		}
		repeated := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "…")
		if len(argv) > len(names) && !repeated {
			return &usageError{c, fmt.Errorf("%s: unexpected argument %q", c.CommandPath(), argv[len(names)])}
		}
		return nil
	}
}

// knownVerb refuses a word that is no verb, and says which one it is like.
func knownVerb(c *cobra.Command, argv []string) error {
	if len(argv) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	err := fmt.Errorf("unknown command %q for %s", argv[0], c.CommandPath())
	if like := c.SuggestionsFor(argv[0]); len(like) > 0 {
		err = fmt.Errorf("%w: did you mean %q?", err, like[0])
	}
	return &usageError{c, err}
}

// dataDir is where the local store lives: WPK_DATA_DIR, else the user's data
// folder as the system has it.
func (a *app) dataDir() (string, error) {
	if dir := a.getenv("WPK_DATA_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := a.getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "wpk"), nil
	}
	switch runtime.GOOS {
	case "windows":
		if dir := a.getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "wpk", "data"), nil
		}
	case "darwin":
		if home := a.getenv("HOME"); home != "" {
			return filepath.Join(home, "Library", "Application Support", "wpk"), nil
		}
	default:
		if home := a.getenv("HOME"); home != "" {
			return filepath.Join(home, ".local", "share", "wpk"), nil
		}
	}
	return "", errNoHome
}

// cacheDir is where wpk keeps what it can make again: WPK_CACHE_DIR, else the
// user's cache folder as the system has it.
func (a *app) cacheDir() (string, error) {
	if dir := a.getenv("WPK_CACHE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errNoHome
	}
	return filepath.Join(dir, "wpk"), nil
}

var errNoHome = errors.New("there is no home folder to keep data in")

// privateTemp makes a folder that only this user can read, and the function
// that removes it.
func privateTemp() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "wpk-")
	if err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of wpk",
		Example: "  wpk version\n  wpk version --json",
		Args:    operands(),
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{Version: versionOf(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			if asJSON {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintf(a.ui.Out, "wpk %s (%s, %s)\n", v.Version, v.Platform, v.Go)
			return err
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

type versionInfo struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// versionOf is the release's version, else what the Go toolchain recorded
// (`go install …@v1.2.3`), else "dev".
func versionOf() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
