//go:build unix

package registry

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock if it is free. A flock belongs to the open file, so
// goroutines exclude each other as well (unlike with fcntl locks).
func tryLock(f *os.File, mode lockMode) error {
	how := unix.LOCK_SH
	if mode == exclusive {
		how = unix.LOCK_EX
	}
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB) // #nosec G115 -- a file descriptor is small
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errLockBusy
		default:
			return err
		}
	}
}

// unlock does nothing: closing the file does it.
func unlock(*os.File) {}

// isStoreFailure recognizes a place that takes no more bytes.
func isStoreFailure(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOSPC) ||
		errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) || errors.Is(err, unix.ENOTDIR)
}

// isConnectionLost recognizes a connection that broke rather than a refusal.
func isConnectionLost(err error) bool {
	return errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}
