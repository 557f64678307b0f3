package main

import (
	"cmp"
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/smoke/engine"
)

// guestFlags are what run and smoke give to a module.
type guestFlags struct {
	env     []string
	dirs    []string
	timeout time.Duration
	memory  string
	engine  string
}

// register adds the flags. What a --timeout of 0 means is for the verb to say.
func (g *guestFlags) register(c *cobra.Command, timeout time.Duration, zero string) {
	f := c.Flags()
	f.StringArrayVarP(&g.env, "env", "e", nil, "`KEY=VALUE` for the module, or KEY to pass wpk's own value on; may be repeated")
	f.StringArrayVar(&g.dirs, "dir", nil, "`HOST[:GUEST[:rw]]`, a folder that the module sees, read-only unless rw; may be repeated")
	f.DurationVar(&g.timeout, "timeout", timeout, "end a run after this `TIME`; 0 is "+zero)
	f.StringVar(&g.memory, "memory", "1GiB", "most memory that the module may have, as `SIZE`: 64MiB, 2GiB")
	f.StringVar(&g.engine, "engine", "auto", "`ENGINE`: auto, compiler, interpreter")
}

// guest is a module's process, put together from the image's configuration
// and the flags.
type guest struct {
	args, env []string
	dirs      []engine.Dir
	limits    engine.Limits
	mode      engine.Mode
	remove    func() // removes the image's files
}

// guest checks the flags, before anything is fetched.
func (a *app) guest(g guestFlags) (*guest, error) {
	out := &guest{remove: func() {}}
	for _, kv := range g.env {
		name, _, given := strings.Cut(kv, "=")
		if name == "" {
			return nil, &valueError{"--env", kv, "want KEY=VALUE or KEY"}
		}
		if !given {
			kv = name + "=" + a.getenv(name)
		}
		out.env = append(out.env, kv)
	}
	var err error
	if out.mode, err = parseEngine(g.engine); err != nil {
		return nil, err
	}
	if out.limits.MemoryPages, err = parsePages(g.memory); err != nil {
		return nil, err
	}
	if g.timeout < 0 {
		return nil, &valueError{"--timeout", g.timeout.String(), "must not be negative"}
	}
	out.limits.Time = g.timeout
	for _, spec := range g.dirs {
		d, err := parseDir(spec)
		if err != nil {
			return nil, err
		}
		out.dirs = append(out.dirs, d)
	}
	return out, nil
}

// loadGuest loads what an argument names and makes it the guest's program.
// g.remove must be called in the end.
func (a *app) loadGuest(ctx context.Context, g *guest, l loadFlags, arg string, argv []string) (*subject, error) {
	s, err := a.load(ctx, arg, l)
	if err != nil {
		return nil, err
	}
	if err := refuseComponent(s); err != nil {
		return nil, err
	}
	return s, g.start(s.Content, argv)
}

// start applies what containers do: arguments replace the image's Cmd, its
// environment comes before the flags', and its files are at /.
func (g *guest) start(content *pack.Content, argv []string) error {
	config := content.Config
	program := config.Entrypoint
	if len(program) == 0 {
		program = []string{cmp.Or(content.ModulePath, "app.wasm")} // a raw module has no path
	}
	if len(argv) == 0 {
		argv = config.Cmd
	}
	g.args = slices.Concat(program, argv)
	env := slices.Clone(config.Env)
	if config.WorkingDir != "" {
		env = append(env, "PWD="+config.WorkingDir)
	}
	g.env = append(env, g.env...)
	return g.addFiles(content.Files)
}

// addFiles puts the image's own files, if it has any beside the module, into
// a private folder that the module sees as its read-only root.
func (g *guest) addFiles(files []pack.File) error {
	if len(files) == 0 {
		return nil
	}
	dir, remove, err := privateTemp()
	if err != nil {
		return err
	}
	g.remove = remove
	if err := writeFiles(dir, files); err != nil {
		remove()
		return err
	}
	g.dirs = append([]engine.Dir{{Host: dir, Guest: "/"}}, g.dirs...)
	return nil
}

// writeFiles writes below dir and nowhere else, whatever the paths say.
func writeFiles(dir string, files []pack.File) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		name := strings.TrimPrefix(path.Clean("/"+f.Path), "/")
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(name, f.Data, f.Mode.Perm()|0o400); err != nil {
			return err
		}
	}
	return nil
}

func parseEngine(s string) (engine.Mode, error) {
	switch s {
	case "auto":
		return engine.Auto, nil
	case "compiler":
		return engine.Compiler, nil
	case "interpreter":
		return engine.Interpreter, nil
	}
	return "", &valueError{"--engine", s, "want auto, compiler or interpreter"}
}

// parseDir reads HOST[:GUEST[:rw|:ro]]. A Windows drive's colon belongs to
// HOST.
func parseDir(spec string) (engine.Dir, error) {
	volume := filepath.VolumeName(spec)
	parts := strings.Split(spec[len(volume):], ":")
	d := engine.Dir{Host: volume + parts[0]}
	if d.Host == "" || len(parts) > 3 {
		return d, &valueError{"--dir", spec, "want HOST[:GUEST[:rw]]"}
	}
	d.Guest = filepath.ToSlash(d.Host)
	if len(parts) > 1 && parts[1] != "" {
		d.Guest = parts[1]
	}
	if len(parts) == 3 {
		switch parts[2] {
		case "rw":
			d.Writable = true
		case "ro":
		default:
			return d, &valueError{"--dir", spec, "the third part must be rw or ro"}
		}
	}
	info, err := os.Stat(d.Host)
	if err != nil {
		return d, err
	}
	if !info.IsDir() {
		return d, &valueError{"--dir", spec, "not a folder"}
	}
	return d, nil
}

// sizeUnits are the suffixes of a size, longest first.
var sizeUnits = []struct {
	suffix string
	bytes  uint64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"K", 1 << 10},
	{"M", 1 << 20},
	{"G", 1 << 30},
	{"B", 1},
	{"", 1},
}

// parsePages reads a size and returns it in WebAssembly pages of 64 KiB,
// rounded up, at most the 4 GiB that a 32-bit memory can have.
func parsePages(s string) (uint32, error) {
	const page, most = 1 << 16, 1 << 32
	n, ok := parseSize(s)
	switch {
	case !ok:
		return 0, &valueError{"--memory", s, "want a size such as 64MiB or 2GiB"}
	case n > most:
		return 0, &valueError{"--memory", s, "a module's memory is 4 GiB at most"}
	}
	return uint32((n + page - 1) / page), nil
}
