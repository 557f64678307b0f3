// Package filelock holds locks among processes, and among the goroutines of one,
// on files that exist for nothing else.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

// Mode is how a lock is held.
type Mode bool

// The modes: any number of shared holders, or one that is exclusive.
const (
	Shared    Mode = false
	Exclusive Mode = true
)

// errLockBusy means that somebody else holds the lock.
var errLockBusy = errors.New("another process is using it")

// Lock takes an advisory lock on the file at path, which it creates, and waits
// for it until ctx ends. The file stays: removing it would let two processes
// hold locks on two files of one name. The system frees it when the process dies. Two
// calls in one process exclude each other like two processes do.
func Lock(ctx context.Context, path string, mode Mode) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644) // #nosec G302 G304 -- an empty file
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
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: context.Cause(ctx)}
		case <-time.After(wait):
		}
	}
}
