package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/project"
	"github.com/wpkdev/wpk/internal/ui"
)

// lockName is the lock file of Python projects, which other tools read too.
const lockName = "pylock.toml"

type lockOptions struct {
	python build.PythonOptions
	output string
	json   bool
	given  func(flag string) bool
}

// lockResult is what lock prints.
type lockResult struct {
	File         string             `json:"file"`
	Changed      bool               `json:"changed"`
	Dependencies []build.Dependency `json:"dependencies"`
}

func newLock(a *app) *cobra.Command {
	var o lockOptions
	c := &cobra.Command{
		Use:   "lock [DIR]",
		Short: "Write down which versions a Python project is built with",
		Long: `Chooses the newest versions that the requirements of the Python project in DIR
(default: the current folder) allow, and writes them with their URLs and SHA-256
digests to DIR/pylock.toml (PEP 751). wpk build takes these and no others, needs
no index, and says so when they do not fit the requirements any more.

A pylock.toml of another tool is not overwritten: --output pylock.wasi.toml
writes beside it, and wpk build prefers that name.`,
		Example: `  wpk lock
  wpk lock ./app --extras cli
  wpk lock --output pylock.wasi.toml`,
		Args: operands("[DIR]"),
		RunE: func(c *cobra.Command, argv []string) error {
			dir := "."
			if len(argv) == 1 {
				dir = argv[0]
			}
			o.given = c.Flags().Changed
			return runLock(c.Context(), a, o, dir)
		},
	}
	requirementFlags(c, &o.python)
	c.Flags().StringVarP(&o.output, "output", "o", "", "write this `FILE` in DIR instead")
	jsonFlag(c, &o.json)
	return c
}

func runLock(ctx context.Context, a *app, o lockOptions, dir string) error {
	file, err := project.Load(dir)
	if err != nil {
		return err
	}
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	if o.python, err = fromHere(o.python); err != nil {
		return err
	}
	projectOverlay{o.given}.python(&o.python, file.Build.Python)
	opts := build.Options{Dir: dir, Env: a.env, Cache: filepath.Join(cache, "build"), Output: a.ui}
	opts.Python = o.python
	if opts.Runtimes, err = a.newRuntimes(""); err != nil { // the Python to lock for
		return err
	}
	a.ui.Status("lock: asking the index")
	lock, err := build.LockPython(ctx, opts)
	a.ui.Status("")
	if err != nil {
		return fmt.Errorf("cannot lock %q: %w", dir, err)
	}
	res := lockResult{File: filepath.Join(dir, lockName), Dependencies: lock.Dependencies}
	if o.output != "" {
		res.File = filepath.Join(dir, o.output)
	}
	if lock.Foreign && o.output == "" {
		return &foreignLockError{res.File}
	}
	old, err := os.ReadFile(res.File)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if res.Changed = string(old) != string(lock.Data); res.Changed {
		err := durable.WriteFile(res.File, func(w io.Writer) error {
			_, err := w.Write(lock.Data)
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.printLock(res, o.json)
}

func (a *app) printLock(res lockResult, asJSON bool) error {
	if asJSON {
		return a.printJSON(res)
	}
	for _, d := range res.Dependencies {
		fmt.Fprintf(a.ui.Out, "%s %s\n", d.Name, d.Version)
	}
	word := "unchanged"
	if res.Changed {
		word = "written"
	}
	a.ui.Say("lock: %s %s with %s", res.File, word, ui.Count(len(res.Dependencies), "distribution"))
	return nil
}

// foreignLockError refuses to replace what another tool has written.
type foreignLockError struct {
	file string
}

func (e *foreignLockError) Error() string { return e.file + " was written by another tool" }
