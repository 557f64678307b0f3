package jail

import (
	"cmp"
	"io"
	"os"
	"slices"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// dir is an open directory. It is a root of its own, so it stays what it is
// when somebody renames it.
type dir struct {
	sys.DirFile

	fs      *FS
	root    *os.Root
	entries []sys.Dirent
	listed  bool
	closed  bool
}

func (d *dir) Dev() (uint64, sys.Errno) {
	st, code := d.Stat()
	return st.Dev, code
}

func (d *dir) Ino() (wasys.Inode, sys.Errno) {
	st, code := d.Stat()
	return st.Ino, code
}

func (d *dir) Stat() (wasys.Stat_t, sys.Errno) { return stat(d.root.Stat(".")) }

// Seek can only rewind.
func (d *dir) Seek(offset int64, whence int) (int64, sys.Errno) { //nolint:govet // sys.File's signature, not io.Seeker's
	if offset != 0 || whence != io.SeekStart {
		return 0, sys.EINVAL
	}
	d.entries, d.listed = nil, false
	return 0, 0
}

// Readdir returns the entries sorted by name, so that a module sees the same
// list on every file system.
func (d *dir) Readdir(n int) ([]sys.Dirent, sys.Errno) {
	if !d.listed {
		entries, err := d.list()
		if err != nil {
			return nil, errno(err)
		}
		d.entries, d.listed = entries, true
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	next := d.entries[:n:n]
	d.entries = d.entries[n:]
	return next, 0
}

func (d *dir) list() ([]sys.Dirent, error) {
	opened, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	infos, err := opened.Readdir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]sys.Dirent, 0, len(infos))
	for _, info := range infos {
		st := wasys.NewStat_t(info)
		entries = append(entries, sys.Dirent{Ino: st.Ino, Name: info.Name(), Type: info.Mode().Type()})
	}
	slices.SortFunc(entries, func(a, b sys.Dirent) int { return cmp.Compare(a.Name, b.Name) })
	return entries, nil
}

func (d *dir) Sync() sys.Errno { return 0 }

func (d *dir) Datasync() sys.Errno { return 0 }

func (d *dir) Utimens(atim, mtim int64) sys.Errno {
	return d.fs.change(func() error { return d.root.Chtimes(".", moment(atim), moment(mtim)) })
}

func (d *dir) Close() sys.Errno {
	if d.closed {
		return 0
	}
	d.closed = true
	d.fs.handles.release()
	return errno(d.root.Close())
}
