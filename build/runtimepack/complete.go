package runtimepack

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/wpkdev/wpk/internal/durable"
)

// complete turns what a recipe left into a pack.
func complete(dir string, r *Recipe) error {
	raw, err := readBounded(filepath.Join(dir, metadataFile), maxMetadata)
	if errors.Is(err, fs.ErrNotExist) {
		err = &FormatError{File: metadataFile, Err: errAbsent}
	}
	if err != nil {
		return err
	}
	m, err := readMetadata(raw)
	if err != nil {
		return &FormatError{File: metadataFile, Err: err}
	}
	if err := os.Remove(filepath.Join(dir, metadataFile)); err != nil {
		return err
	}
	if err := zipFolder(dir, "licences", LicencesFile, false); err != nil {
		return err
	}
	if err := zipFolder(dir, "library", LibraryFile, true); err != nil && !errors.Is(err, errAbsent) {
		return err
	}
	config, err := m.Encode()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, ConfigFile), config); err != nil {
		return err
	}
	return prove(dir, m, r)
}

// zipFolder turns a folder into an archive beside it.
func zipFolder(dir, folder, name string, stored bool) error {
	from := filepath.Join(dir, folder)
	if info, err := os.Lstat(from); err != nil || !info.IsDir() {
		return &FormatError{File: folder, Err: errAbsent}
	}
	err := durable.WriteFile(filepath.Join(dir, name), func(w io.Writer) error { return writeZip(w, os.DirFS(from), stored) })
	if err != nil {
		return &FormatError{File: folder, Err: err}
	}
	return removeAll(from)
}

// prove writes the provenance, when nothing but a pack's other files is there.
func prove(dir string, m *metadata, r *Recipe) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for _, e := range entries {
		if !slices.Contains(described, e.Name()) || !e.Type().IsRegular() {
			return &FormatError{File: e.Name(), Err: errors.New("the recipe left it, and it is no part of a pack")}
		}
		path := filepath.Join(dir, e.Name())
		if err := os.Chmod(path, 0o644); err != nil {
			return err
		}
		if sums[e.Name()], err = digestFile(path); err != nil {
			return err
		}
	}
	raw, err := encode(newStatement(m, r, sums))
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, ProvenanceFile), raw)
}

func writeFile(path string, data []byte) error {
	return durable.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
