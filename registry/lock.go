package registry

import (
	"context"
	"errors"
	"os"
	"time"
)

// lockMode is how a lock file is held.
type lockMode bool

const (
	shared    lockMode = false
	exclusive lockMode = true
)

// errLockBusy means that somebody else holds the lock.
var errLockBusy = errors.New("another process is using it")

// lockFile takes an advisory lock on the file at path, which it creates, and
// waits for it until ctx ends. The system frees it when the process dies. Two
// calls in one process exclude each other like two processes do.
func lockFile(ctx context.Context, path string, mode lockMode) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644) // #nosec G302 G304 -- an empty file in the store
	if err != nil {
		return nil, err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := tryLock(f, mode)
		if err == nil {
			return func() { unlock(f); _ = f.Close() }, nil
		}
		if !errors.Is(err, errLockBusy) {
			_ = f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		if err := sleep(ctx, wait); err != nil {
			_ = f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
	}
}

// sleep waits for d, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
