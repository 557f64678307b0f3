// Package server is a small OCI registry for one machine: a place to push to
// and pull from while trying things out, in tests, and in CI without network.
// It is go-containerregistry's registry with everything kept in a folder, so
// that a restart loses nothing. It knows no users: see [Options.AllowRemote].
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

const (
	// DefaultAddr is where the registry listens unless told otherwise.
	DefaultAddr = "127.0.0.1:5000"

	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// shutdownGrace is how long running requests may take after the end was
	// asked for.
	shutdownGrace = 3 * time.Second
)

// Options say where to listen and where to keep things.
type Options struct {
	// Addr is host:port; empty means [DefaultAddr], port 0 any free one.
	Addr string
	// Dir is the folder for blobs and manifests. It is created when missing.
	Dir string
	// AllowRemote permits an address that other machines can reach. There are no
	// passwords: everybody can read and overwrite everything.
	AllowRemote bool
	// Log gets one line per request; nil discards them.
	Log func(line string)
	// Ready is called once with the real address, when connections are accepted.
	Ready func(addr net.Addr)
}

// ErrNotLoopback is an address that other machines can reach, without
// [Options.AllowRemote].
var ErrNotLoopback = errors.New("other machines could reach this address, and there are no passwords")

// Serve runs the registry until ctx ends, which is no error. An address in use
// is a *net.OpError that matches syscall.EADDRINUSE.
func Serve(ctx context.Context, o Options) error {
	if o.Addr == "" {
		o.Addr = DefaultAddr
	}
	if err := checkAddr(o.Addr, o.AllowRemote); err != nil {
		return err
	}
	logger := newLogger(o.Log)
	handler, err := newHandler(o.Dir, logger)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("registry cannot listen: %w", err)
	}
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          logger,
	}
	if o.Ready != nil {
		o.Ready(listener.Addr())
	}
	return serveUntil(ctx, s, listener)
}

// serveUntil serves until ctx ends, then lets running requests finish.
func serveUntil(ctx context.Context, s *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		return s.Close() // somebody holds on to a connection: cut it
	}
	return nil
}

// checkAddr refuses what is not loopback. A name other than localhost is looked
// up by nobody here, so it does not pass either.
func checkAddr(addr string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("registry address %q: %w", addr, err)
	}
	ip, err := netip.ParseAddr(host)
	if allowRemote || host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("registry address %q: %w", addr, ErrNotLoopback)
}
