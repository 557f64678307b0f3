package jail

import (
	"errors"
	"io"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// file is an open regular file.
type file struct {
	sys.UnimplementedFile // Readdir

	fs        *FS
	file      *os.File
	name      string // where it was opened
	appending bool
	closed    bool
}

func (f *file) Dev() (uint64, sys.Errno) {
	st, code := f.Stat()
	return st.Dev, code
}

func (f *file) Ino() (wasys.Inode, sys.Errno) {
	st, code := f.Stat()
	return st.Ino, code
}

func (f *file) IsAppend() bool { return f.appending }

func (f *file) SetAppend(enable bool) sys.Errno {
	f.appending = enable
	return 0
}

func (f *file) Stat() (wasys.Stat_t, sys.Errno) { return stat(f.file.Stat()) }

func (f *file) Read(buf []byte) (int, sys.Errno) { return count(f.file.Read(buf)) }

func (f *file) Pread(buf []byte, off int64) (int, sys.Errno) {
	if off < 0 {
		return 0, sys.EINVAL
	}
	return count(f.file.ReadAt(buf, off))
}

// Write writes at the end of an appending file. Two processes that append to
// one file at the same time may so overwrite each other.
func (f *file) Write(buf []byte) (int, sys.Errno) {
	if f.appending {
		if _, err := f.file.Seek(0, io.SeekEnd); err != nil {
			return 0, errno(err)
		}
	}
	return count(f.file.Write(buf))
}

func (f *file) Pwrite(buf []byte, off int64) (int, sys.Errno) {
	if off < 0 {
		return 0, sys.EINVAL
	}
	return count(f.file.WriteAt(buf, off))
}

func (f *file) Seek(offset int64, whence int) (int64, sys.Errno) { //nolint:govet // sys.File's signature, not io.Seeker's
	n, err := f.file.Seek(offset, whence)
	return n, errno(err)
}

func (f *file) Truncate(size int64) sys.Errno {
	if size < 0 {
		return sys.EINVAL
	}
	return errno(f.file.Truncate(size))
}

func (f *file) Sync() sys.Errno { return errno(f.file.Sync()) }

func (f *file) Datasync() sys.Errno { return f.Sync() }

// Utimens works by name, which Go can do on every system, so it answers ENOENT
// when the name no longer belongs to this file.
func (f *file) Utimens(atim, mtim int64) sys.Errno {
	mine, err := f.file.Stat()
	if err != nil {
		return errno(err)
	}
	named, err := f.fs.root.Stat(f.name)
	if err != nil || !os.SameFile(mine, named) {
		return sys.ENOENT
	}
	return f.fs.Utimens(f.name, atim, mtim)
}

func (f *file) Close() sys.Errno {
	if f.closed {
		return 0
	}
	f.closed = true
	f.fs.handles.release()
	return errno(f.file.Close())
}

// count translates the result of a read or write; the end of a file is a count
// of zero here, no error.
func count(n int, err error) (int, sys.Errno) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, errno(err)
}
