package main

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/ui"
)

// toolchainList is what list prints.
type toolchainList struct {
	Runtimes  []installedPack  `json:"runtimes"`
	Missing   []missingPack    `json:"missingRuntimes,omitempty"`
	Compilers []listedCompiler `json:"compilers"`
}

// missingPack is a language without a runtime pack.
type missingPack struct {
	Language string `json:"language"`
	Hint     string `json:"hint"`
}

// listedCompiler is a compiler with what to do when it is not there.
type listedCompiler struct {
	build.Compiler
	Missing string `json:"missing,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

func newToolchainList(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "Show runtime packs and compilers, and how to get what is missing",
		Long: `Shows the runtime packs, and the compilers that builds in the current folder
would use. The C compiler and Rust are really tried. Nothing missing is an
error: a project needs one of them.`,
		Example: "  wpk toolchain list\n  wpk toolchain list --json | jq '.runtimes[] | select(.used)'",
		Args:    operands(),
		RunE: func(c *cobra.Command, _ []string) error {
			return runToolchainList(c.Context(), a, asJSON)
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func runToolchainList(ctx context.Context, a *app, asJSON bool) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	var list toolchainList
	if list.Runtimes, err = a.installed(ctx, store); err != nil {
		return err
	}
	if list.Missing, err = a.missingPacks(list.Runtimes); err != nil {
		return err
	}
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	a.ui.Status("toolchain: looking for compilers")
	found, err := build.Probe(ctx, build.Options{Env: a.env, Cache: filepath.Join(cache, "build")})
	a.ui.Status("")
	if err != nil {
		return err
	}
	for _, c := range found {
		l := listedCompiler{Compiler: c}
		if c.Err != nil {
			l.Missing, l.Hint = c.Err.Error(), missingHint(c.Err)
		}
		list.Compilers = append(list.Compilers, l)
	}
	if asJSON {
		return a.printJSON(list)
	}
	return a.printToolchains(list)
}

// missingPacks are the languages that could not be built.
func (a *app) missingPacks(all []installedPack) ([]missingPack, error) {
	var missing []missingPack
	for _, language := range runtimeLanguages() {
		if slices.ContainsFunc(all, func(p installedPack) bool { return p.Language == language && p.Used }) {
			continue
		}
		hint := "wpk toolchain build " + language
		if _, ok, err := a.pinned(language); err != nil {
			return nil, err
		} else if ok {
			hint = "pulled by the first build, or now by: wpk toolchain install " + language
		}
		missing = append(missing, missingPack{language, hint})
	}
	return missing, nil
}

func (a *app) printToolchains(l toolchainList) error {
	rows := [][]ui.Cell{heading("RUNTIME", "VERSION", "USED", "SIZE", "FROM", "DIGEST")}
	for _, p := range l.Runtimes {
		rows = append(rows, p.row())
	}
	for _, m := range l.Missing {
		rows = append(rows, []ui.Cell{{Text: m.Language}, {Text: "missing", Style: ui.Warn}, {}, {}, {Text: m.Hint}})
	}
	if err := ui.Table(a.ui.Out, a.ui.OutColor, rows); err != nil {
		return err
	}
	rows = [][]ui.Cell{{}, heading("LANGUAGE", "COMPILER", "VERSION", "PATH")}
	for _, c := range l.Compilers {
		row := []ui.Cell{{Text: c.Language}, {Text: c.Name}, {Text: ui.Printable(c.Version)}, {Text: ui.Printable(c.Path)}}
		if c.Err != nil {
			row[2], row[3] = ui.Cell{Text: "missing", Style: ui.Warn}, ui.Cell{Text: ui.Printable(c.Hint)}
		}
		rows = append(rows, row)
	}
	return ui.Table(a.ui.Out, a.ui.OutColor, rows)
}

func (p *installedPack) row() []ui.Cell {
	used := ui.Cell{Text: "no", Style: ui.Faint}
	if p.Used {
		used = ui.Cell{Text: "yes", Style: ui.Good}
	}
	version := ui.Cell{Text: p.Version}
	if p.ABI != runtimepack.ABI && p.ABI != 0 {
		version.Text += " (ABI " + strconv.Itoa(p.ABI) + ")"
	}
	from := ui.Cell{Text: ui.Printable(p.Reference)}
	if p.Problem != "" {
		from = ui.Cell{Text: ui.Printable(p.Reference + ": " + p.Problem), Style: ui.Bad}
	}
	size := ui.Cell{}
	if p.Size > 0 {
		size.Text = ui.Bytes(p.Size)
	}
	return []ui.Cell{{Text: ui.Printable(p.Language)}, version, used, size, from, {Text: p.Digest.String()}}
}
