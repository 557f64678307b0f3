package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxFiles is the number of files that one LoadFiles takes.
const maxFiles = 10_000

// LoadFiles reads what SRC:DST names: SRC is a file or a folder here, DST its
// absolute path in the image. A folder's files come sorted, with modes
// normalised to 0644 and 0755, so that the same content gives the same image.
// Symbolic links and special files are refused: not every runtime follows a
// link in an image.
func LoadFiles(spec string) ([]File, error) {
	src, dst, err := splitSpec(spec)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(src)
	if err != nil {
		return nil, fmt.Errorf("load files: %w", err)
	}
	l := loader{left: maxPacked}
	if info.IsDir() {
		err = l.folder(src, dst)
	} else {
		err = l.file(src, dst, info)
	}
	if err != nil {
		return nil, fmt.Errorf("load files: %w", err)
	}
	return l.files, nil
}

// splitSpec cuts at the last colon: DST has none at its start, and a SRC on
// Windows may have one behind its drive letter.
func splitSpec(spec string) (src, dst string, err error) {
	i := strings.LastIndex(spec, ":")
	if i <= 0 {
		return "", "", &OptionError{"Files", spec, "is not SRC:DST"}
	}
	src, dst = spec[:i], spec[i+1:]
	if path.IsAbs(dst) {
		dst = path.Clean(dst)
	}
	if !isCleanPath(dst) {
		return "", "", &OptionError{"Files", spec, "has no absolute path behind the colon"}
	}
	return src, dst, nil
}

// loader reads files within one budget of bytes.
type loader struct {
	files []File
	left  int64
}

// folder visits in the order of WalkDir, which sorts every folder's names.
func (l *loader) folder(src, dst string) error {
	return filepath.WalkDir(src, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, name)
		if err != nil {
			return err
		}
		return l.file(name, path.Join(dst, filepath.ToSlash(rel)), info)
	})
}

func (l *loader) file(src, dst string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return &OptionError{"Files", src, "is a symbolic link; name the file that it points to"}
	case !info.Mode().IsRegular():
		return &OptionError{"Files", src, "is not a regular file"}
	case len(l.files) == maxFiles:
		return &LimitError{"the number of files", maxFiles}
	}
	data, err := l.read(src, info)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	l.files = append(l.files, File{Path: dst, Mode: mode, Data: data})
	return nil
}

// read holds what it opened against info: between the two somebody may have
// put a link or a pipe there.
func (l *loader) read(src string, info fs.FileInfo) ([]byte, error) {
	f, err := os.Open(src)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(opened, info) {
		return nil, errors.Join(err, &OptionError{"Files", src, "changed while it was read"})
	}
	data, err := io.ReadAll(io.LimitReader(f, l.left+1))
	if err != nil {
		return nil, err
	}
	if l.left -= int64(len(data)); l.left < 0 {
		return nil, &LimitError{"the size of all files together", maxPacked}
	}
	return data, nil
}
