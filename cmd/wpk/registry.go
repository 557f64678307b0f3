package main

import (
	"net"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry/server"
)

func newRegistry(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "registry",
		Short:   "A small registry for tests and demonstrations",
		Example: "  wpk registry serve\n  wpk registry serve --addr 127.0.0.1:5000\n  wpk registry serve --dir ./registry-data",
		Args:    knownVerb,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newServe(a))
	return c
}

type serveOptions struct {
	addr, dir   string
	allowRemote bool
	logRequests bool
}

func newServe(a *app) *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve an OCI registry whose content is on disk",
		Long: `Serves an OCI registry without authentication until it is interrupted. It
listens on loopback; any other address must be asked for by
--allow-remote-clients. Content stays on disk and is there again at the next
start.`,
		Example: `  wpk registry serve                        # 127.0.0.1:5000
  wpk registry serve --addr 127.0.0.1:0     # any free port, printed
  wpk registry serve --dir ./registry-data`,
		Args: operands(),
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c, a, o) },
	}
	f := c.Flags()
	f.StringVar(&o.addr, "addr", server.DefaultAddr, "`ADDRESS` to listen on; port 0 takes a free one")
	f.StringVar(&o.dir, "dir", "", "`FOLDER` for the content (default: below wpk's data folder)")
	f.BoolVar(&o.allowRemote, "allow-remote-clients", false, "let other machines in: anybody who reaches the port can read and write")
	f.BoolVar(&o.logRequests, "log-requests", false, "print a line per request")
	return c
}

func runServe(c *cobra.Command, a *app, o serveOptions) error {
	dir := o.dir
	if dir == "" {
		data, err := a.dataDir()
		if err != nil {
			return err
		}
		dir = filepath.Join(data, "registry")
	}
	opts := server.Options{
		Addr:        o.addr,
		Dir:         dir,
		AllowRemote: o.allowRemote,
		Ready:       func(addr net.Addr) { a.ui.Say("serving on %s", addr) },
	}
	if o.logRequests {
		opts.Log = func(line string) { a.ui.Say("%s", ui.Printable(line)) }
	}
	return server.Serve(c.Context(), opts)
}
