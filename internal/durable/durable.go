// Package durable writes files that are either whole or not there at all: into
// a temporary file beside the destination, synced, then renamed. A crash, a full
// disk or a cancelled copy leaves the old file, or none.
package durable

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	// tempPrefix marks files in the making. They are hidden, and no OCI tool
	// takes them for content.
	tempPrefix = ".wpk-tmp-"
	// TempPattern makes os.MkdirTemp name a folder in the same way.
	TempPattern = tempPrefix + "*"

	fileMode   = 0o644 // what others write into a layout; the umask narrows it
	secretMode = 0o600
)

// WriteFile replaces the file at path by what write produces. An error of write
// is returned as it is, and the file is untouched then. Call [SyncDir] on the
// folder when the name itself must survive a power cut.
func WriteFile(path string, write func(io.Writer) error) error {
	return writeFile(path, fileMode, (*os.File).Sync, write)
}

// WriteSecret is WriteFile for what only this user may read.
func WriteSecret(path string, write func(io.Writer) error) error {
	return writeFile(path, secretMode, (*os.File).Sync, write)
}

// WriteCache is WriteFile for what can be made again: it does not wait for the
// disk, so that after a power cut the file may hold anything. Readers check it.
func WriteCache(path string, write func(io.Writer) error) error {
	return writeFile(path, fileMode, func(*os.File) error { return nil }, write)
}

func writeFile(path string, mode os.FileMode, sync func(*os.File) error, write func(io.Writer) error) (err error) {
	name := filepath.Join(filepath.Dir(path), tempPrefix+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) // #nosec G302 G304 -- the caller's choice
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(name)))
		}
	}()
	err = write(f)
	if err == nil {
		err = sync(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return replace(name, path)
}

// IsTemp reports whether a file's name is one of a file in the making.
func IsTemp(name string) bool {
	return strings.HasPrefix(filepath.Base(name), tempPrefix)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
