package runtimepack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wpkdev/wpk/internal/durable"
)

// Whole makes a pack's folder with fill, which is given an empty folder beside it, and renames that in the end. When
// fill fails nothing is left. A folder with something in it is not replaced: the error wraps [fs.ErrExist].
func Whole(dir string, fill func(dir string) error) (*Pack, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := free(dir); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), durable.TempPattern)
	if err != nil {
		return nil, err
	}
	defer func() { _ = removeAll(temp) }()
	if err := fill(temp); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(temp, 0o755), syncFiles(temp), free(dir)); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, dir); err != nil {
		return nil, err
	}
	if err := durable.SyncDir(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	return Open(dir)
}

// free makes sure that there is nothing at dir, removing an empty folder.
func free(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return &fs.PathError{Op: "create", Path: dir, Err: fs.ErrExist}
	}
	return os.Remove(dir)
}

// syncFiles brings a folder's files to the disk before its name is there.
func syncFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return durable.SyncDir(dir)
}

// removeAll removes a folder even when a build has left folders in it that cannot be written.
func removeAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	if root, err := os.OpenRoot(dir); err == nil {
		_ = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				_ = root.Chmod(path, 0o700)
			}
			return nil // as much as is possible
		})
		_ = root.Close()
	}
	return os.RemoveAll(dir)
}
