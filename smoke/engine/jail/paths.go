package jail

import (
	"io/fs"
	"path"
	"path/filepath"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// Lstat implements sys.FS.
func (f *FS) Lstat(name string) (wasys.Stat_t, sys.Errno) { return stat(f.root.Lstat(clean(name))) }

// Stat implements sys.FS.
func (f *FS) Stat(name string) (wasys.Stat_t, sys.Errno) { return stat(f.root.Stat(clean(name))) }

func stat(info fs.FileInfo, err error) (wasys.Stat_t, sys.Errno) {
	if err != nil {
		return wasys.Stat_t{}, errno(err)
	}
	return wasys.NewStat_t(info), 0
}

// Mkdir implements sys.FS.
func (f *FS) Mkdir(name string, _ fs.FileMode) sys.Errno {
	return f.change(func() error { return f.root.Mkdir(clean(name), dirPerm) })
}

// Unlink implements sys.FS. It removes anything but a directory.
func (f *FS) Unlink(name string) sys.Errno { return f.remove(clean(name), false) }

// Rmdir implements sys.FS. It removes an empty directory.
func (f *FS) Rmdir(name string) sys.Errno { return f.remove(clean(name), true) }

// remove first asks for the kind, because os.Root removes either.
func (f *FS) remove(name string, wantDir bool) sys.Errno {
	return f.change(func() error {
		info, err := f.root.Lstat(name)
		switch {
		case err != nil:
			return err
		case wantDir && path.Clean(name) == ".":
			return sys.EINVAL
		case wantDir && !info.IsDir():
			return sys.ENOTDIR
		case !wantDir && info.IsDir():
			return sys.EISDIR
		}
		return f.root.Remove(name)
	})
}

// Rename implements sys.FS. Like POSIX, and unlike os.Root, it replaces an
// empty directory by a directory, in two steps.
func (f *FS) Rename(from, to string) sys.Errno {
	from, to = clean(from), clean(to)
	return f.change(func() error {
		err := f.root.Rename(from, to)
		if errno(err) != sys.EEXIST {
			return err
		}
		target, statErr := f.root.Lstat(to)
		source, sourceErr := f.root.Lstat(from)
		switch {
		case statErr != nil || sourceErr != nil || !target.IsDir():
			return err
		case !source.IsDir():
			return sys.EISDIR
		}
		if err := f.root.Remove(to); err != nil {
			return err
		}
		return f.root.Rename(from, to)
	})
}

// Link implements sys.FS. Both names are below this directory; a symbolic link
// is linked itself, not its target.
func (f *FS) Link(from, to string) sys.Errno {
	return f.change(func() error { return f.root.Link(clean(from), clean(to)) })
}

// Symlink implements sys.FS. target is kept as it is, unless it is absolute or
// leaves the directory when read from where the link stands: following it is
// refused in any case, but the next host program might.
func (f *FS) Symlink(target, name string) sys.Errno {
	name = clean(name)
	return f.change(func() error {
		if !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(name), target))) || path.IsAbs(target) {
			return sys.EPERM
		}
		return f.root.Symlink(target, name)
	})
}

// Readlink implements sys.FS.
func (f *FS) Readlink(name string) (string, sys.Errno) {
	target, err := f.root.Readlink(clean(name))
	return filepath.ToSlash(target), errno(err)
}

// Utimens implements sys.FS.
func (f *FS) Utimens(name string, atim, mtim int64) sys.Errno {
	return f.change(func() error { return f.root.Chtimes(clean(name), moment(atim), moment(mtim)) })
}

// change runs what changes the directory, when that is allowed.
func (f *FS) change(do func() error) sys.Errno {
	if !f.writable {
		return sys.EROFS
	}
	return errno(do())
}

// moment translates a time stamp; the zero time means to os what UTIME_OMIT
// means here.
func moment(nanoseconds int64) time.Time {
	if nanoseconds == sys.UTIME_OMIT {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}
