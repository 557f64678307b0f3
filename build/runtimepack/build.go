package runtimepack

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

// BuildOptions say which pack to make, and where.
type BuildOptions struct {
	Language string
	Dir      string    // the pack's folder, which must not exist or be empty
	Recipes  fs.FS     // nil = [Recipes], those that come with wpk
	Cache    string    // folder for what makes the next build faster; "" = none. The pack does not depend on it
	Source   string    // folder with source archives that need not be downloaded; "" = none
	Jobs     int       // compilers at once; 0 = one for each processor
	Env      []string  // the caller's environment; a recipe sees a part of it
	Output   io.Writer // what the compilers print, as it comes; nil discards it
	Exec     func(ctx context.Context, c Command) error
}

// Command is one run of a recipe.
type Command struct {
	Args   []string // "sh", the script, its arguments
	Dir    string
	Env    []string // its whole environment
	Output io.Writer
}

// Build makes a runtime pack with the compilers of this machine. The folder is complete in the end, or not there. The
// same recipe, sources and tools give the same bytes. Its errors are those of o.Exec and
//   - *[MissingError]: a tool is missing on this machine
//   - *[FormatError]: the recipe left something else than a pack
//   - one that wraps [ErrNoRecipe]
func Build(ctx context.Context, o BuildOptions) (*Pack, error) {
	if o.Recipes == nil {
		o.Recipes = Recipes()
	}
	if o.Output == nil {
		o.Output = io.Discard
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	recipe, err := FindRecipe(o.Recipes, o.Language)
	if err != nil {
		return nil, err
	}
	release, err := o.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return Whole(o.Dir, func(work string) error {
		return o.run(ctx, recipe, work)
	})
}

// lock keeps two builds from writing to the same cache.
func (o *BuildOptions) lock(ctx context.Context) (release func(), err error) {
	if o.Cache == "" {
		return func() {}, nil
	}
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Cache, 0o700); err != nil {
		return nil, err
	}
	return filelock.Lock(ctx, filepath.Join(o.Cache, ".lock"), filelock.Exclusive)
}

// run runs the recipe and completes what it leaves, all in a folder that becomes the pack.
func (o *BuildOptions) run(ctx context.Context, r *Recipe, dir string) error {
	work, err := os.MkdirTemp(filepath.Dir(dir), durable.TempPattern)
	if err != nil {
		return err
	}
	defer func() { _ = removeAll(work) }()
	if err := r.write(filepath.Join(work, "recipes")); err != nil {
		return err
	}
	temp := filepath.Join(work, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		return err
	}
	env, err := o.environment(temp)
	if err != nil {
		return err
	}
	script := filepath.Join(work, "recipes", r.Language, recipeScript)
	if err := o.Exec(ctx, Command{Args: []string{"sh", script, dir}, Dir: work, Env: env, Output: o.Output}); err != nil {
		if raw, rerr := readBounded(filepath.Join(dir, "missing"), maxMetadata); rerr == nil {
			if missing := readMissing(raw); missing != nil {
				return missing
			}
		}
		return err
	}
	if err := complete(dir, r); err != nil {
		return err
	}
	p, err := Open(dir)
	if err != nil {
		return err
	}
	if p.Language != r.Language {
		return &FormatError{File: ConfigFile, Err: fmt.Errorf("the recipe for %s made %s", r.Language, p.Language)}
	}
	return p.Verify(ctx)
}

// passed are the variables of the caller that a recipe sees: how to find programs and how to reach the network.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "WASI_SDK_PATH", "WPK_CC", "APT_CONFIG", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
}

func (o *BuildOptions) environment(temp string) ([]string, error) {
	env := []string{"TMPDIR=" + temp, "WPK_JOBS=" + strconv.Itoa(o.Jobs)}
	if o.Cache != "" {
		env = append(env, "WPK_CACHE="+o.Cache)
	}
	if o.Source != "" {
		source, err := filepath.Abs(o.Source)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(source); err != nil {
			return nil, err
		}
		env = append(env, "WPK_SOURCE="+source)
	}
	for _, kv := range o.Env {
		key, _, _ := strings.Cut(kv, "=")
		if slices.Contains(passed, key) || strings.HasSuffix(key, "_PROXY") && slices.Contains(passed, strings.ToLower(key)) {
			env = append(env, kv)
		}
	}
	return env, nil
}
