package jail

import (
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// filePerm and dirPerm are what programs usually create with; the process's
// umask takes its share.
const (
	filePerm fs.FileMode = 0o666
	dirPerm  fs.FileMode = 0o777
)

// changing are the flags that need a writable directory.
const changing = sys.O_RDWR | sys.O_WRONLY | sys.O_APPEND | sys.O_CREAT | sys.O_TRUNC

// OpenFile implements sys.FS. The permission that wazero asks for is fixed and
// narrow, so it is not used.
func (f *FS) OpenFile(name string, flag sys.Oflag, _ fs.FileMode) (sys.File, sys.Errno) {
	name = clean(name)
	kind, code := f.kind(name, flag)
	if code != 0 {
		return nil, code
	}
	if !f.writable && flag&changing != 0 {
		return nil, sys.EROFS
	}
	if code := f.handles.acquire(); code != 0 {
		return nil, code
	}
	file, err := f.open(name, flag, kind)
	if err != nil {
		f.handles.release()
		return nil, errno(err)
	}
	return file, 0
}

// kind looks at what name is before it is opened, since opening alone can
// already act on a device. It returns fs.ModeIrregular when there is nothing
// yet and flag asks to create it.
func (f *FS) kind(name string, flag sys.Oflag) (fs.FileMode, sys.Errno) {
	info, err := f.root.Lstat(name)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		if code := refuseLink(flag); code != 0 {
			return 0, code
		}
		info, err = f.root.Stat(name)
	}
	switch {
	case errno(err) == sys.ENOENT && flag&sys.O_CREAT != 0:
		return fs.ModeIrregular, 0
	case err != nil:
		return 0, errno(err)
	default:
		return info.Mode().Type(), allowed(info.Mode().Type(), flag)
	}
}

// refuseLink says why a symbolic link as the last step of a path is not followed.
func refuseLink(flag sys.Oflag) sys.Errno {
	switch {
	case flag&sys.O_CREAT != 0 && flag&sys.O_EXCL != 0:
		return sys.EEXIST
	case flag&sys.O_NOFOLLOW != 0:
		return sys.ELOOP
	default:
		return 0
	}
}

// allowed says why an existing file of a kind cannot be opened with flag.
func allowed(kind fs.FileMode, flag sys.Oflag) sys.Errno {
	switch {
	case flag&sys.O_CREAT != 0 && flag&sys.O_EXCL != 0:
		return sys.EEXIST
	case kind == fs.ModeDir && flag&changing != 0:
		return sys.EISDIR
	case kind == fs.ModeDir:
		return 0
	case flag&sys.O_DIRECTORY != 0:
		return sys.ENOTDIR
	case kind != 0:
		return sys.EACCES
	default:
		return 0
	}
}

func (f *FS) open(name string, flag sys.Oflag, kind fs.FileMode) (sys.File, error) {
	if kind == fs.ModeDir {
		root, err := f.root.OpenRoot(name)
		if err != nil {
			return nil, err
		}
		return &dir{fs: f, root: root}, nil
	}
	opened, err := f.root.OpenFile(name, osFlags(flag), filePerm)
	if err != nil {
		return nil, err
	}
	// Somebody may have put another kind of file there since kind looked.
	if info, err := opened.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = opened.Close()
		return nil, sys.EACCES
	}
	return &file{fs: f, file: opened, name: name, appending: flag&sys.O_APPEND != 0}, nil
}

// osFlags translates flags for os.OpenFile. O_APPEND is left out: the file
// appends by itself, so that it can be switched on and off and leaves pwrite
// alone.
func osFlags(flag sys.Oflag) int {
	flags := openGuard
	switch {
	case flag&sys.O_RDWR != 0:
		flags |= os.O_RDWR
	case flag&sys.O_WRONLY != 0:
		flags |= os.O_WRONLY
	}
	for _, f := range []struct {
		in  sys.Oflag
		out int
	}{
		{sys.O_CREAT, os.O_CREATE},
		{sys.O_EXCL, os.O_EXCL},
		{sys.O_TRUNC, os.O_TRUNC},
		{sys.O_SYNC | sys.O_DSYNC | sys.O_RSYNC, os.O_SYNC},
	} {
		if flag&f.in != 0 {
			flags |= f.out
		}
	}
	return flags
}
