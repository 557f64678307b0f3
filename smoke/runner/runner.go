// Package runner finds, or builds, the program that runs a module on another
// architecture, finds the emulator for it, and runs the two together.
//
// The program is cmd/wpk-runner for linux. Release builds of wpk carry it for
// every architecture (build tag "runners", folder embedded); otherwise it is
// built once with the local Go toolchain, from sources that wpk carries, and
// kept in the cache.
package runner

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/wpkdev/wpk/internal/filelock"
	"github.com/wpkdev/wpk/smoke/engine"
)

// Options say where to look. Only Cache is needed.
type Options struct {
	Cache string   // wpk's private cache folder, in a folder that only this user can change
	Env   []string // wpk's own environment; nil is the process's
	// Building is called before a runner is built, which takes some ten
	// seconds; may be nil. It may be called from several goroutines.
	Building func(arch string)
}

// MissingRunnerError says that there is neither an embedded runner for an
// architecture nor a way to build one.
type MissingRunnerError struct {
	Arch   string // Go's name
	Reason string
	Err    error // why building failed; may be nil
}

func (e *MissingRunnerError) Error() string {
	return fmt.Sprintf("no runner for %s: %s", e.Arch, e.Reason)
}

func (e *MissingRunnerError) Unwrap() error { return e.Err }

// Find returns the path of the runner for linux on arch. Its bytes have just
// been checked against the digest under which they were stored. Several
// processes may look at once; one of them builds.
func Find(ctx context.Context, arch string, o Options) (string, error) {
	dir := filepath.Join(o.Cache, "runners")
	if err := engine.PrivateDir(dir); err != nil {
		return "", err
	}
	source, err := sourceFor(ctx, arch, o)
	if err != nil {
		return "", err
	}
	slot := slot{dir: dir, name: "linux_" + arch + "-" + source.key()}
	if path, ok := slot.find(); ok {
		return path, nil
	}
	unlock, err := filelock.Lock(ctx, filepath.Join(dir, slot.name+".lock"), filelock.Exclusive)
	if err != nil {
		return "", err
	}
	defer unlock()
	if path, ok := slot.find(); ok { // another process was faster
		return path, nil
	}
	return slot.fill(func(path string) error { return source.write(ctx, path) })
}

// source makes a runner's file.
type source interface {
	key() string                                  // changes when the result may change
	write(ctx context.Context, path string) error // path does not exist yet
}

func sourceFor(ctx context.Context, arch string, o Options) (source, error) {
	if s, ok := embeddedRunner(arch); ok {
		return s, nil
	}
	return newBuilder(ctx, arch, o)
}
