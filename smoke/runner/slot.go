package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// slot is the place of one runner in the cache. The file's name ends in the
// SHA-256 digest of its bytes: NAME-DIGEST.
type slot struct{ dir, name string }

// find returns the slot's file when its bytes still have their digest.
func (s slot) find() (string, bool) {
	found, err := filepath.Glob(filepath.Join(s.dir, s.name+"-*"))
	if err != nil {
		return "", false
	}
	for _, path := range found {
		sum, err := digest(path)
		if err == nil && strings.HasSuffix(path, "-"+sum) {
			return path, true
		}
	}
	return "", false
}

// fill puts what write makes into the slot: whole, or not at all.
func (s slot) fill(write func(path string) error) (string, error) {
	work, err := os.MkdirTemp(s.dir, "new-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	made := filepath.Join(work, "runner")
	if err := write(made); err != nil {
		return "", err
	}
	if err := seal(made); err != nil {
		return "", err
	}
	sum, err := digest(made)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.dir, s.name+"-"+sum)
	return path, os.Rename(made, path)
}

// seal makes a file executable for its owner and its bytes durable.
func seal(path string) error {
	if err := os.Chmod(path, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
