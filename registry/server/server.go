// Package server is a small OCI registry on this machine.
package server

import (
	"context"
	"errors"
	"net"
)

// Options say where to listen and where to keep things.
type Options struct {
	// Addr is host:port; empty means 127.0.0.1:5000, port 0 any free one.
	Addr string
	// Dir is the folder for blobs and manifests. It is created when missing.
	Dir string
	// AllowRemote permits an address that other machines can reach. There are no
	// passwords: everybody can read and overwrite everything.
	AllowRemote bool
	// Log gets one line per event; nil discards them.
	Log func(line string)
	// Ready is called once with the real address, when connections are accepted.
	Ready func(addr net.Addr)
}

// Serve runs the registry until ctx ends.
func Serve(ctx context.Context, o Options) error { return errors.ErrUnsupported }
