// Package jail is a file system for WASI modules that cannot be left.
//
// wazero's own directory mounts join path names, so a symbolic link inside a
// mounted directory, even one that the module made itself, leads to the whole
// host. Here each directory is an os.Root: every step of a path is opened
// relative to the step before it, "..", links and renames are resolved inside,
// and a link that is swapped while it is followed leads nowhere else.
//
// What a module gets, beyond what os.Root already refuses:
//   - a read-only directory answers EROFS to everything that would change it;
//   - only regular files and directories open; devices, sockets and named
//     pipes answer EACCES, without waiting for a peer;
//   - absolute links, and links that lexically leave the directory, are
//     neither followed nor made (EPERM);
//   - modes and owners cannot be changed: WASI preview 1 has no call for it.
//
// What it does not do: a hard link or a mount point that somebody else placed
// in the directory is part of it.
package jail

import (
	"os"
	"strings"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// FS is one host directory as a module sees it. It implements sys.FS, whose
// paths are relative and slash-separated. Close it after the module's end.
type FS struct {
	sys.UnimplementedFS // what WASI never calls, such as Chmod

	root     *os.Root
	writable bool
	handles  *Handles
}

// New opens the host directory dir. handles, which several file systems may
// share, bounds how many files are open at once.
func New(dir string, writable bool, handles *Handles) (*FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &FS{root: root, writable: writable, handles: handles}, nil
}

// Close gives the directory back to the host.
func (f *FS) Close() error { return f.root.Close() }

// Handles counts open files and directories. It is safe for concurrent use.
type Handles struct {
	max      int64
	exceeded func()
	open     atomic.Int64
}

// NewHandles returns a count that allows limit open files; opening one more fails
// and calls exceeded, which may end the module.
func NewHandles(limit int, exceeded func()) *Handles {
	return &Handles{max: int64(limit), exceeded: exceeded}
}

// Open returns how many files are open now.
func (h *Handles) Open() int { return int(h.open.Load()) }

func (h *Handles) acquire() sys.Errno {
	if h.open.Add(1) <= h.max {
		return 0
	}
	h.release()
	h.exceeded()
	return sys.EAGAIN
}

func (h *Handles) release() { h.open.Add(-1) }

// clean turns a path as wazero gives it into one for os.Root: a path below an
// opened "." begins with a slash there, and the root itself may be empty. A
// trailing slash stays, since it asks for a directory.
func clean(name string) string {
	name = strings.TrimLeft(name, "/")
	if name == "" {
		return "."
	}
	return name
}
