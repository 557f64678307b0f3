//go:build unix

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func replace(from, to string) error { return os.Rename(from, to) }

// SyncDir makes the names in a folder survive a power cut.
func SyncDir(dir string) error {
	f, err := os.Open(dir) // #nosec G304 -- the caller's folder
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // some network file systems cannot, and have nothing to lose
	}
	return errors.Join(err, f.Close())
}
