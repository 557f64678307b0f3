package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/deploy"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/wasm"
)

// The formats of export.
const (
	formatBundle = "bundle"
	formatEnarx  = "enarx"
	formatModule = "module"
)

type exportOptions struct {
	loadFlags
	format  string
	replace bool
	json    bool
}

// exportResult is what export prints.
type exportResult struct {
	Reference string     `json:"reference"`
	Digest    string     `json:"digest"`
	Format    string     `json:"format"`
	Path      string     `json:"path"`
	Files     []fileInfo `json:"files"`
}

func newExport(a *app) *cobra.Command {
	var o exportOptions
	c := &cobra.Command{
		Use:   "export REF|FILE DESTINATION",
		Short: "Write an artifact as an OCI bundle, a package for Enarx, or a bare module",
		Long: `Writes an artifact into a folder, whole or not at all:
  bundle   an OCI runtime bundle, which crun with a Wasm engine starts
  enarx    main.wasm and Enarx.toml, as Enarx's drawbridge wants them
  module   the module alone, into a file`,
		Example: `  wpk export ghcr.io/acme/hello:1.0 --format bundle ./hello && crun run --bundle ./hello hello
  wpk export ghcr.io/acme/hello:1.0 --format enarx ./package
  wpk export ghcr.io/acme/hello:1.0 --format module hello.wasm`,
		Args: operands("REF", "DESTINATION"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runExport(c.Context(), a, o, argv[0], argv[1])
		},
	}
	o.register(c)
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "`FORMAT`: bundle, enarx or module")
	f.BoolVar(&o.replace, "replace-export", false, "replace what an earlier export of the same format has written")
	jsonFlag(c, &o.json)
	return c
}

func runExport(ctx context.Context, a *app, o exportOptions, arg, dst string) error {
	switch o.format {
	case formatBundle, formatEnarx, formatModule:
	default:
		return &valueError{"--format", o.format, "want bundle, enarx or module"}
	}
	s, err := a.load(ctx, arg, o.loadFlags)
	if err != nil {
		return err
	}
	files, err := a.exported(s, o.format)
	if err != nil {
		return fmt.Errorf("cannot export %s: %w", s.Name, err)
	}
	if o.format == formatModule {
		err = durable.WriteFile(dst, func(w io.Writer) error {
			_, err := w.Write(s.Content.Module)
			return err
		})
	} else {
		err = writeFolder(dst, files, o.replace)
	}
	if err != nil {
		return fmt.Errorf("cannot export %s: %w", s.Name, err)
	}
	if !o.json {
		_, err = fmt.Fprintln(a.ui.Out, dst)
		return err
	}
	r := exportResult{Reference: s.Name, Digest: string(s.digest()), Format: o.format, Path: dst}
	for _, f := range files {
		r.Files = append(r.Files, fileInfo{f.Path, len(f.Data)})
	}
	return a.printJSON(r)
}

// exported makes the files of a format.
func (a *app) exported(s *subject, format string) ([]deploy.File, error) {
	c := s.Content
	info, err := wasm.Decode(c.Module)
	if err != nil {
		return nil, err
	}
	p := deploy.Program{
		Module: c.Module, Path: c.ModulePath, Env: c.Config.Env, WorkingDir: c.Config.WorkingDir,
		Args: slices.Concat(c.Config.Entrypoint, c.Config.Cmd),
	}
	for _, f := range c.Files {
		p.Files = append(p.Files, deploy.File{Path: f.Path, Data: f.Data, Mode: f.Mode})
	}
	switch {
	case format == formatModule:
		return []deploy.File{{Path: "", Data: c.Module}}, nil
	case format == formatBundle:
		if info.Kind == wasm.Component {
			a.warnText("crun's engines run core modules only, and this is a component")
		}
		return deploy.Bundle(p)
	case info.Kind == wasm.Component:
		return nil, errNoEnarxComponent
	}
	if len(c.Files) > 0 {
		a.warnText("a keep of Enarx has no file system: " + ui.Count(len(c.Files), "file") + " of the image left out")
	}
	return deploy.Enarx(p)
}

func (a *app) warnText(text string) {
	a.ui.Say("%s %s", ui.Paint(a.ui.Color, ui.Warn, "warning:"), ui.Printable(text))
}

// occupiedError is a folder that holds something else.
type occupiedError struct{ dir, found string }

func (e *occupiedError) Error() string {
	return fmt.Sprintf("folder %q is not empty: it holds %q", e.dir, e.found)
}

// writeFolder makes a folder of files, whole or not at all. One that is there
// must be empty, or, to be replaced, hold nothing but what an export writes.
func writeFolder(dir string, files []deploy.File, replace bool) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := checkFolder(dir, files, replace); err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, durable.TempPattern)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	made, was := filepath.Join(temp, "new"), filepath.Join(temp, "old")
	if err := writeTree(made, files); err != nil {
		return err
	}
	switch err := os.Rename(dir, was); {
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(made, dir)
	case err != nil:
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		return errors.Join(err, os.Rename(was, dir))
	}
	return nil
}

// checkFolder refuses a folder that must not be replaced.
func checkFolder(dir string, files []deploy.File, replace bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		ours := slices.ContainsFunc(files, func(f deploy.File) bool {
			top, _, _ := strings.Cut(f.Path, "/")
			return top == e.Name()
		})
		if !replace || !ours {
			return &occupiedError{dir, e.Name()}
		}
	}
	return nil
}

// writeTree writes files below a new folder and nowhere else, whatever their
// paths say.
func writeTree(dir string, files []deploy.File) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		name, err := filepath.Localize(f.Path)
		if err != nil {
			return fmt.Errorf("a file %q of the image has no such name here: %w", f.Path, err)
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, f.Data, f.Mode.Perm()); err != nil {
			return err
		}
		if err := root.Chmod(name, f.Mode.Perm()); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}
