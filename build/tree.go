package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Limits of the source tree that a Makefile or CMake project is copied from: far above real projects, far below what
// fills a disk.
const (
	maxTreeFiles = 200_000
	maxTreeBytes = 4 << 30
)

// A treeCopy copies a source tree, so that a build which writes between its sources leaves the user's tree alone, and
// finds nothing there that an earlier, native build has left.
type treeCopy struct {
	src, dst string
	skip     string // a folder that may lie in src and is not copied: the one for work folders
	files    int
	bytes    int64
}

// copySource copies the job's folder into its work folder and returns the copy's path.
func copySource(ctx context.Context, j *job) (string, error) {
	t := &treeCopy{src: j.Dir, dst: j.path("src"), skip: filepath.Dir(j.work)}
	if t.skip == t.src {
		t.skip = j.work
	}
	err := filepath.WalkDir(t.src, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		return t.add(path, d)
	})
	return t.dst, err
}

// add copies one entry. Sockets, devices and whatever else is no source are left out.
func (t *treeCopy) add(path string, d fs.DirEntry) error {
	rel, err := filepath.Rel(t.src, path)
	if err != nil {
		return err
	}
	dst := filepath.Join(t.dst, rel)
	switch {
	case d.IsDir():
		if path == t.skip || slices.Contains([]string{".git", ".hg", ".svn"}, d.Name()) {
			return fs.SkipDir
		}
		return os.MkdirAll(dst, 0o750)
	case d.Type() == fs.ModeSymlink:
		return copyLink(path, rel, dst)
	case d.Type().IsRegular():
		info, err := d.Info()
		if err != nil {
			return err
		}
		return t.addFile(path, dst, info)
	}
	return nil
}

// copyLink copies a symbolic link that stays inside the tree; one that leaves it would lead a build to write into
// foreign files.
func copyLink(path, rel, dst string) error {
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if filepath.IsAbs(target) || !filepath.IsLocal(filepath.Join(filepath.Dir(rel), target)) {
		return nil
	}
	return os.Symlink(target, dst)
}

// addFile copies a file with its time, which make compares, unless it is an earlier build's.
func (t *treeCopy) addFile(path, dst string, info fs.FileInfo) (err error) {
	if t.files, t.bytes = t.files+1, t.bytes+info.Size(); t.files > maxTreeFiles || t.bytes > maxTreeBytes {
		return fmt.Errorf("%s: the source tree is %w: more than %d files or %d bytes", t.src, ErrTooLarge, maxTreeFiles, int64(maxTreeBytes))
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if stale, err := isBuilt(in, path); stale || err != nil {
		return err
	}
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(dst, info.ModTime(), info.ModTime())
}

// objectSuffixes are the names of object files. make would take one that is newer than its source, whatever machine
// and flags it was compiled for.
var objectSuffixes = []string{".o", ".obj", ".lo"}

// nativeMagics are the first bytes of ELF and Mach-O files.
var nativeMagics = [][]byte{[]byte("\x7fELF"), {0xcf, 0xfa, 0xed, 0xfe}, {0xca, 0xfe, 0xba, 0xbe}}

// isBuilt reports whether a file is left from an earlier build: an object file, a native program or library, or an
// archive of native objects. It leaves the file at its start.
func isBuilt(f io.ReadSeeker, name string) (bool, error) {
	if slices.Contains(objectSuffixes, filepath.Ext(name)) {
		return true, nil
	}
	head := make([]byte, 16<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	head = head[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	archive := bytes.HasPrefix(head, []byte("!<arch>\n"))
	return slices.ContainsFunc(nativeMagics, func(magic []byte) bool {
		return bytes.HasPrefix(head, magic) || (archive && bytes.Contains(head, magic))
	}), nil
}
