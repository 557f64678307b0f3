package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/smoke"
)

// maxStdin bounds what --stdin gives to every cell of the matrix.
const maxStdin = 256 << 20

type smokeOptions struct {
	load   loadFlags
	guest  guestFlags
	arches []string
	stdin  string
	expect uint32
	json   bool
}

// smokeResult is what smoke prints.
type smokeResult struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	smoke.Report
}

func newSmoke(a *app) *cobra.Command {
	var o smokeOptions
	c := &cobra.Command{
		Use:   "smoke REF|FILE [-- ARG…]",
		Short: "Run one digest natively and under emulated architectures",
		Long: `Runs the same module on this machine and, under qemu-user, on every other
architecture, and compares exit code and output. The clock and the random
source are the same in every run, so that only the architecture differs.

Any failure or difference makes the exit code non-zero.`,
		Example: `  wpk smoke ghcr.io/acme/hello:1.0
  wpk smoke ghcr.io/acme/hello:1.0 --arch amd64,arm64,s390x -- --version
  wpk smoke ghcr.io/acme/hello:1.0 && wpk attest ghcr.io/acme/hello:1.0 --type test-result --key wpk.key
  wpk smoke localhost:5000/demo/gojq:1.0 --stdin input.json -- .name`,
		Args: operands("REF", "[ARG]…"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runSmoke(c.Context(), a, o, argv[0], argv[1:])
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.arches, "arch", nil, "`ARCHITECTURES` as Go names them (default "+strings.Join(smoke.DefaultArches(runtime.GOARCH), ",")+")")
	f.StringVar(&o.stdin, "stdin", "", "`FILE` that every run reads as its standard input; - is wpk's own")
	f.Uint32Var(&o.expect, "exit-code", 0, "`CODE` that the module must exit with")
	o.load.register(c)
	o.load.trust.registerOptional(c)
	o.guest.register(c, 2*time.Minute, "one minute: every cell ends")
	jsonFlag(c, &o.json)
	return c
}

func runSmoke(ctx context.Context, a *app, o smokeOptions, arg string, argv []string) error {
	g, err := a.guest(o.guest)
	if err != nil {
		return err
	}
	stdin, err := a.readStdin(o.stdin)
	if err != nil {
		return err
	}
	s, err := a.loadGuest(ctx, g, o.load, arg, argv)
	if err != nil {
		return err
	}
	defer g.remove()
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	done := 0
	a.ui.Status("smoke: running %s", s.Name)
	report, err := smoke.Matrix(ctx, smoke.Options{
		Module: s.Content.Module,
		Guest:  smoke.Guest{Args: g.args, Env: g.env, Stdin: stdin, Dirs: g.dirs},
		Arches: o.arches,
		Limits: g.limits, Engine: g.mode, ExitCode: o.expect,
		Host: smoke.Host{Cache: cache, Env: a.env, Building: func(arch string) {
			a.ui.Say("smoke: building the runner for %s, once", arch)
		}},
		Event: func(c smoke.Cell) {
			done++
			a.ui.Status("smoke: %s done, last %s in %s", ui.Count(done, "architecture"), c.Arch, ui.Duration(c.Total))
		},
	})
	a.ui.Status("")
	if err != nil {
		return fmt.Errorf("cannot smoke %s: %w", s.Name, err)
	}
	res := smokeResult{Reference: s.Name, Digest: string(s.digest()), Report: *report}
	a.rememberSmoke(s.Digest, res, argv, o.expect)
	if o.json {
		err = a.printJSON(res)
	} else {
		err = a.printSmoke(res)
	}
	if err == nil && !report.OK {
		err = &smokeError{res}
	}
	return err
}

// readStdin reads what all runs of a matrix are given.
func (a *app) readStdin(name string) ([]byte, error) {
	var in io.Reader
	switch name {
	case "":
		return nil, nil
	case "-":
		in = a.ui.In
	default:
		f, err := os.Open(filepath.Clean(name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxStdin+1))
	if err == nil && len(data) > maxStdin {
		err = &valueError{"--stdin", name, "larger than 256 MiB"}
	}
	return data, err
}

func (a *app) printSmoke(r smokeResult) error {
	rows := [][]ui.Cell{heading("ARCH", "RUN BY", "ENGINE", "EXIT", "OUTPUT", "RUN", "TOTAL", "RESULT")}
	for _, c := range r.Cells {
		by := "native"
		if c.Emulated {
			by = "qemu"
		}
		verdict := ui.Cell{Text: "ok", Style: ui.Good}
		if c.Skipped != "" {
			verdict = ui.Cell{Text: "skipped: " + ui.Printable(c.Skipped), Style: ui.Warn}
		} else if !c.OK {
			verdict = ui.Cell{Text: ui.Printable(c.Error), Style: ui.Bad}
		}
		row := ui.Cells(c.Arch, by, c.Engine, fmt.Sprint(c.ExitCode), ui.Bytes(c.Stdout.Size+c.Stderr.Size),
			ui.Duration(c.Run), ui.Duration(c.Total))
		rows = append(rows, append(row, verdict))
	}
	if err := ui.Table(a.ui.Out, a.ui.OutColor, rows); err != nil {
		return err
	}
	for _, c := range r.Cells {
		if c.Diff != "" {
			fmt.Fprintf(a.ui.Out, "\n%s differs:\n%s\n", c.Arch, ui.Printable(c.Diff))
		}
	}
	if !r.OK {
		a.printFirstOutput(r)
	}
	return nil
}

// printFirstOutput shows what a module that failed the same way everywhere
// had to say about it.
func (a *app) printFirstOutput(r smokeResult) {
	for _, c := range r.Cells {
		if c.OK || c.Skipped != "" {
			continue
		}
		for _, out := range []smoke.Output{c.Stdout, c.Stderr} {
			if text := string(out.Data); text != "" {
				a.ui.Say("output on %s:\n%s", c.Arch, ui.Printable(tail(text, 2000)))
			}
		}
		return
	}
}

// tail is the end of a text, at most n bytes of it.
func tail(s string, n int) string {
	s = strings.TrimRight(s, "\n")
	if len(s) > n {
		s = "…" + strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

// heading is the first row of a table.
func heading(texts ...string) []ui.Cell {
	row := ui.Cells(texts...)
	for i := range row {
		row[i].Style = ui.Faint
	}
	return row
}

// smokeError is a matrix that ran and did not pass.
type smokeError struct{ result smokeResult }

func (e *smokeError) Error() string {
	var bad []string
	for _, c := range e.result.Cells {
		if !c.OK && c.Skipped == "" {
			bad = append(bad, c.Arch)
		}
	}
	return fmt.Sprintf("%s failed on %s", e.result.Reference, strings.Join(bad, ", "))
}
