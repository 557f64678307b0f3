package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

// What all kept folders may hold together. A release build of a large Rust project leaves half a gigabyte.
const (
	maxKept      = 24
	maxKeptBytes = 8 << 30
)

// A kept is a folder below [Options.Cache] that outlives its job, for what makes the next build of the same thing
// faster. Its job holds it alone until release. What is in it must never show in the result.
type kept struct {
	dir     string
	isNew   bool // there was nothing to go on from
	release func()
}

// keep opens the folder for an identity, which names everything that what is in it depends on, its language first.
// Without a cache folder the job's own one serves, and is gone with it.
func (j *job) keep(ctx context.Context, identity ...string) (*kept, error) {
	name := hashOf([]byte(strings.Join(identity, "\x00")))[:24]
	all := j.keptDir()
	if j.Cache == "" {
		k := &kept{dir: filepath.Join(all, name), isNew: true, release: func() {}}
		return k, os.MkdirAll(k.dir, 0o700)
	}
	if err := os.MkdirAll(all, 0o700); err != nil {
		return nil, err
	}
	release, err := filelock.Lock(ctx, keptLock(all, name), filelock.Exclusive)
	if err != nil {
		return nil, err
	}
	k := &kept{dir: filepath.Join(all, name), release: release}
	_, err = os.Lstat(k.dir)
	if k.isNew = errors.Is(err, fs.ErrNotExist); k.isNew {
		pruneKept(all, name)
		err = os.Mkdir(k.dir, 0o700)
	}
	if err != nil {
		release()
		return nil, err
	}
	return k, nil
}

// keptDir is where the kept folders are. Without a cache folder of the caller's nothing is kept: the system's temporary
// folder is not private.
func (j *job) keptDir() string {
	if j.Cache == "" {
		return j.path("kept")
	}
	return filepath.Join(filepath.Dir(j.work), "kept")
}

// keptLock is the lock of a kept folder. It is not in the folder, which may be removed, and there is a bounded number
// of them, since a lock's file cannot be: two folders that share one only wait for each other.
func keptLock(all, name string) string { return filepath.Join(all, "lock-"+name[:2]) }

// keptMark is a file in a kept folder whose time is that of the last build's begin.
const keptMark = "used"

// started marks the begin of a build in the folder and returns the time, by the clock of the file system.
func (k *kept) started() (time.Time, error) {
	mark := filepath.Join(k.dir, keptMark)
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(mark)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// clear removes what is in the folder, but for the mark.
func (k *kept) clear() error {
	k.isNew = true
	entries, err := os.ReadDir(k.dir)
	for _, e := range entries {
		if e.Name() != keptMark {
			err = errors.Join(err, os.RemoveAll(filepath.Join(k.dir, e.Name())))
		}
	}
	return err
}

// pruneKept removes the folders that were not used for the longest time, until the others and a new one are within the
// limits. One that another job holds stays.
func pruneKept(all, current string) {
	type folder struct {
		name string
		used time.Time
		size int64
	}
	var folders []folder
	entries, _ := os.ReadDir(all)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), goneSuffix) {
			_ = os.RemoveAll(filepath.Join(all, e.Name()))
			continue
		}
		if dir := filepath.Join(all, e.Name()); e.IsDir() && len(e.Name()) == len(current) && e.Name() != current {
			folders = append(folders, folder{e.Name(), usedTime(dir), treeSize(dir)})
		}
	}
	slices.SortFunc(folders, func(a, b folder) int { return b.used.Compare(a.used) }) // the latest first
	var bytes int64
	for i, f := range folders {
		bytes += f.size
		if i+1 < maxKept && bytes <= maxKeptBytes {
			continue
		}
		if keptLock(all, f.name) == keptLock(all, current) {
			removeKept(filepath.Join(all, f.name)) // ours by the lock that we hold
			continue
		}
		if release, err := filelock.Lock(ended(), keptLock(all, f.name), filelock.Exclusive); err == nil {
			removeKept(filepath.Join(all, f.name))
			release()
		}
	}
}

// goneSuffix marks a folder that is being removed.
const goneSuffix = "-gone"

// removeKept removes a folder so that nobody ever finds a part of it.
func removeKept(dir string) {
	if os.Rename(dir, dir+goneSuffix) == nil {
		_ = os.RemoveAll(dir + goneSuffix)
	}
}

// usedTime is when a build last began in a kept folder.
func usedTime(dir string) time.Time {
	info, err := os.Stat(filepath.Join(dir, keptMark))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// ended is a context for who takes a lock only if it is free.
func ended() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(fmt.Errorf("somebody else holds it"))
	return ctx
}

// treeSize is how many bytes the files below a folder have.
func treeSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // what cannot be read counts nothing
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

// hashOf returns the hexadecimal SHA-256 digest of some bytes.
func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// writeCache replaces a file that others may be reading.
func writeCache(name string, b []byte) error {
	return durable.WriteCache(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
