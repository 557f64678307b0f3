package build

import (
	"bytes"
	"context"
	_ "embed" // for the site file
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files that tell an autotools project.
const configureFile = "configure"

var configureSources = []string{"configure.ac", "configure.in"}

// wasiHost is what configure is told to compile for. Its own compilers have this prefix, so that a project which writes
// their names into its program writes the same on every machine.
const wasiHost = "wasm32-wasi"

// configSite answers what configure would guess wrong.
//
//go:embed autotools/config.site
var configSite []byte

// configSubShim goes before a project's config.sub that is too old to know the host: most released ones are.
const configSubShim = `#!/bin/sh
case $1 in
wasm32-wasi*) echo wasm32-unknown-wasi ;;
*) exec sh "${0%/*}/config.sub.before" "$@" ;;
esac
`

// autotoolsToolchain builds a project that has a configure script, or what one is made from, in a kept copy of its tree.
type autotoolsToolchain struct{}

// hasConfigure reports whether a folder is an autotools project. A configure that somebody wrote by hand, such as
// zlib's, understands none of what is said here.
func hasConfigure(dir string) bool {
	if slices.ContainsFunc(configureSources, func(name string) bool { return exists(dir, name) }) {
		return true
	}
	head := make([]byte, 4<<10)
	f, err := os.Open(filepath.Join(dir, configureFile))
	if err != nil {
		return false
	}
	defer f.Close()
	n, _ := f.Read(head)
	return bytes.Contains(head[:n], []byte("Autoconf"))
}

func (autotoolsToolchain) compile(ctx context.Context, j *job) (product, error) {
	c, err := findCompiler(ctx, j)
	if err != nil {
		return product{}, err
	}
	maker, err := findMake(j)
	if err != nil {
		return product{}, err
	}
	r := &autotoolsRun{makeRun: makeRun{job: j, path: maker}, compiler: c}
	if err := r.findTools(); err != nil {
		return product{}, err
	}
	r.tree, err = openTree(ctx, j, DriverAutotools, c.pieces, c.foreignFlags(j.C), stampsOf(maker, r.shell, r.autoreconf), string(configSite), configSubShim)
	if err != nil {
		return product{}, err
	}
	r.dir = r.tree.path("src")
	b := &treeBuild{job: j, tree: r.tree, programs: "src", system: r}
	return b.run(ctx, c)
}

// An autotoolsRun is configure and make, ready to be called in the copy of the sources.
type autotoolsRun struct {
	makeRun
	compiler   *compiler
	tree       *keptTree
	shell      string
	autoreconf string // "" when configure is there
}

// findTools finds what configure needs, and what is needed to make it.
func (r *autotoolsRun) findTools() error {
	var err error
	if r.shell, err = r.Exec.LookPath("sh", r.Env); err != nil {
		return &MissingError{Kind: KindTool, Name: "sh", Purpose: "runs configure"}
	}
	if exists(r.Dir, configureFile) {
		return nil
	}
	wanted := []string{"autoreconf"}
	if exists(r.Dir, "Makefile.am") {
		wanted = append(wanted, "automake")
	}
	if r.mentions("LT_INIT", "AC_PROG_LIBTOOL", "AM_PROG_LIBTOOL") {
		wanted = append(wanted, "libtoolize")
	}
	if r.mentions("AM_GNU_GETTEXT") {
		wanted = append(wanted, "autopoint")
	}
	var missing []string
	for _, name := range wanted {
		if path, err := r.Exec.LookPath(name, r.Env); err != nil {
			missing = append(missing, name)
		} else if name == "autoreconf" {
			r.autoreconf = path
		}
	}
	if len(missing) > 0 {
		return &MissingError{Kind: KindTool, Name: missing[0], Also: missing[1:], Purpose: "makes configure from configure.ac"}
	}
	return nil
}

// mentions reports whether the source of configure has one of the words.
func (r *autotoolsRun) mentions(words ...string) bool {
	for _, name := range configureSources {
		text, _ := os.ReadFile(filepath.Join(r.Dir, name))
		for _, w := range words {
			if bytes.Contains(text, []byte(w)) {
				return true
			}
		}
	}
	return false
}

// configure makes the copy ready for make. It has no part in headers: what configure reads of a project are its *.in files.
func (r *autotoolsRun) configure(ctx context.Context, again bool) error {
	if again {
		return nil
	}
	if err := r.writeTools(ctx); err != nil {
		return err
	}
	if err := r.levelTimes(); err != nil {
		return err
	}
	if r.autoreconf != "" {
		err := r.run(ctx, Command{Path: r.autoreconf, Args: []string{"-f", "-i"}, Dir: r.dir, Env: r.env()}, nil)
		if err != nil {
			return err
		}
	}
	if err := r.teachConfigSub(ctx); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.dir, "config.cache")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	args := append([]string{"./" + configureFile}, r.arguments()...)
	return r.run(ctx, Command{Path: r.shell, Args: args, Dir: r.dir, Env: r.env()}, cCauses)
}

// arguments are configure's; the caller's come last, so that they win.
func (r *autotoolsRun) arguments() []string {
	level := optimize
	for _, f := range r.C.CFlags {
		if strings.HasPrefix(f, "-O") {
			level = f
		}
	}
	args := []string{
		"--host=" + wasiHost, "--prefix=/usr", "CC=" + wasiHost + "-clang", "CXX=" + wasiHost + "-clang++",
		"AR=" + wasiHost + "-ar", "RANLIB=" + wasiHost + "-ranlib", "NM=" + wasiHost + "-nm", "CFLAGS=" + level, "CXXFLAGS=" + level,
	}
	text, _ := os.ReadFile(filepath.Join(r.dir, configureFile))
	if bytes.Contains(text, []byte("--enable-shared")) {
		args = append(args, "--disable-shared", "--enable-static")
	}
	return append(args, r.C.Configure...)
}

// env is the environment of configure and make: our compilers come first on PATH.
func (r *autotoolsRun) env() []string {
	path := r.tree.path("bin") + string(filepath.ListSeparator) + getenv(r.Env, "PATH")
	return setenv(r.cEnv(), "PATH="+path, "CONFIG_SITE="+r.tree.path("config.site"), "LC_ALL=C")
}

// build makes the target that the options name, or everything.
func (r *autotoolsRun) build(ctx context.Context, env []string) error {
	args := []string{fmt.Sprintf("-j%d", r.Jobs)}
	if r.knows(ctx, Command{Path: r.path, Args: []string{"-n", "--", r.C.Bin}, Dir: r.dir, Env: r.env()}) {
		args = append(args, "--", r.C.Bin)
	}
	return r.run(ctx, Command{Path: r.path, Args: args, Dir: r.dir, Env: setenv(r.env(), env...)}, cCauses)
}

// followsHeaders reports whether automake has written the Makefile: its rules note what each compiler has read.
func (r *autotoolsRun) followsHeaders() bool {
	text, _ := os.ReadFile(filepath.Join(r.dir, "Makefile"))
	return bytes.Contains(text, []byte("AMDEPBACKSLASH"))
}

func (r *autotoolsRun) tools(ctx context.Context) []Tool {
	tools := r.makeRun.tools(ctx)
	if r.autoreconf != "" {
		tools = append(tools, r.version(ctx, r.autoreconf, "autoconf"))
	}
	return tools
}

// writeTools writes the compilers and binary tools as scripts. configure and libtool take a compiler's command apart at
// its spaces, whatever quotes it has; a name is safe.
func (r *autotoolsRun) writeTools(ctx context.Context) error {
	f := &finder{job: r.job, env: r.cEnv()}
	ar, ranlib, err := f.archiver(ctx, r.compiler.driver)
	if err != nil {
		return err
	}
	flags := r.compiler.foreignFlags(r.C, r.dir+"=.")
	commands := map[string][]string{"clang": r.compiler.command(flags...), "clang++": r.compiler.cxx(flags), "ar": ar, "ranlib": ranlib}
	for tool, name := range map[string]string{"nm": "llvm-nm", "strip": "llvm-strip", "objdump": "llvm-objdump", "ld": pieceLinker} {
		if path := f.llvmTool(ctx, r.compiler.driver, name); path != nil && !r.compiler.subcommands() {
			commands[tool] = path
		}
	}
	if err := os.MkdirAll(r.tree.path("bin"), 0o700); err != nil {
		return err
	}
	for name, command := range commands {
		script := "#!/bin/sh\nexec " + shellJoin(command) + ` "$@"` + "\n"
		if err := os.WriteFile(r.tree.path("bin", wasiHost+"-"+name), []byte(script), 0o700); err != nil { // #nosec G306 -- a program
			return err
		}
	}
	return os.WriteFile(r.tree.path("config.site"), configSite, 0o600)
}

// staleAfter is by how much a source of configure must be newer than it to mean that somebody has changed it since.
const staleAfter = time.Minute

// levelTimes gives every file the same time. Files that autotools have made lie beside their sources, and a checkout or
// a copy gives them times in any order: make would run autotools again on one machine, and not on another. When somebody
// has changed the sources since configure was made, the times are left as they are, and make does what is needed.
func (r *autotoolsRun) levelTimes() error {
	var names []string
	var made, changed time.Time
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, path)
		switch name := d.Name(); {
		case path == filepath.Join(r.dir, configureFile):
			made = info.ModTime()
		case (slices.Contains(configureSources, name) || filepath.Ext(name) == ".am") && info.ModTime().After(changed):
			changed = info.ModTime()
		}
		return nil
	})
	if err != nil || changed.Sub(made) > staleAfter {
		return err
	}
	info, err := os.Stat(r.tree.path(keptMark))
	if err != nil {
		return err
	}
	return touchAll("", names, info.ModTime())
}

// teachConfigSub lets every config.sub of the project know the host.
func (r *autotoolsRun) teachConfigSub(ctx context.Context) error {
	var found []string
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "config.sub" && d.Type().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range found {
		ask := Command{Path: r.shell, Args: []string{path, wasiHost}, Dir: r.dir, Env: r.env()}
		if _, err := output(ctx, r.Exec, ask); err == nil {
			continue
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := os.Rename(path, path+".before"); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(configSubShim), 0o700); err != nil { // #nosec G306 -- a program
			return err
		}
	}
	return nil
}
