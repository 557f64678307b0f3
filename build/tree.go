package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	skip     []string // what may lie in src and is not copied: the folder for work folders, what the caller writes
	files    int
	bytes    int64
}

// newTreeCopy is a copy of the job's folder to dst.
func newTreeCopy(j *job, dst string) *treeCopy {
	t := &treeCopy{src: j.Dir, dst: dst, skip: []string{filepath.Dir(j.work)}}
	if t.skip[0] == t.src {
		t.skip = []string{j.work, j.keptDir()}
	}
	for _, name := range j.C.Ignore {
		// Its folder is resolved, since the file itself may not be there yet.
		if abs, err := filepath.Abs(name); err == nil {
			if dir, err := realPath(filepath.Dir(abs)); err == nil {
				t.skip = append(t.skip, filepath.Join(dir, filepath.Base(abs)))
			}
		}
	}
	return t
}

// walk visits every entry but the root, a folder before what is in it. rel is slash-separated.
func (t *treeCopy) walk(ctx context.Context, visit func(path, rel string, d fs.DirEntry) error) error {
	return filepath.WalkDir(t.src, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil || path == t.src {
			return err
		}
		if slices.Contains(t.skip, path) || (d.IsDir() && slices.Contains(versionControl, d.Name())) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(t.src, path)
		if err != nil {
			return err
		}
		return visit(path, filepath.ToSlash(rel), d)
	})
}

// versionControl are folders that are no sources.
var versionControl = []string{".git", ".hg", ".svn", ".zig-cache", "zig-out"}

// staysInside reports whether a symbolic link stays inside the tree; one that leaves it would lead a build to write into
// foreign files.
func staysInside(rel, target string) bool {
	return !filepath.IsAbs(target) && filepath.IsLocal(filepath.Join(filepath.Dir(filepath.FromSlash(rel)), target))
}

// count refuses a tree that is too large.
func (t *treeCopy) count(size int64) error {
	if t.files, t.bytes = t.files+1, t.bytes+size; t.files > maxTreeFiles || t.bytes > maxTreeBytes {
		return fmt.Errorf("%s: the source tree is %w: more than %d files or %d bytes", t.src, ErrTooLarge, maxTreeFiles, int64(maxTreeBytes))
	}
	return nil
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
