package pypi

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxRecord bounds a RECORD.
const maxRecord = 32 << 20

// SitePackages returns the folder with distributions that dir is or has: an environment (venv), or a folder of one.
func SitePackages(dir string) (string, error) {
	patterns := []string{"*.dist-info", "lib/python3*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info", "3*/lib/*.dist-info"}
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern))); len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	if _, err := os.Stat(dir); err != nil {
		return "", err
	}
	return "", &FileError{File: dir, Text: "is no environment: there is no *.dist-info in it"}
}

// installers are in every environment and of no use to a program.
var installers = []string{"pip", "setuptools", "wheel", "distribute", "pkg-resources"}

// Installed reads the distributions of a site-packages folder, without those named in skip. Native parts are left out,
// as from wheels.
// https://packaging.python.org/en/latest/specifications/recording-installed-packages/
func Installed(dir string, skip []string) ([]*Distribution, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	infos, err := filepath.Glob(filepath.Join(dir, "*.dist-info"))
	if err != nil {
		return nil, err
	}
	var all []*Distribution
	for _, info := range infos {
		name, _, _ := strings.Cut(filepath.Base(info), "-")
		if name = Normalize(name); slices.Contains(installers, name) || slices.Contains(skip, name) {
			continue
		}
		d, err := installed(root, filepath.Base(info))
		if err != nil {
			return nil, &DistributionError{Name: name, Err: ErrMalformed, Detail: err.Error()}
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *Distribution) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func installed(root *os.Root, info string) (*Distribution, error) {
	if editable(root, info) {
		return nil, errors.New("it is an editable install: its files lie elsewhere; give a wheel of it")
	}
	record, err := readIn(root, path.Join(info, "RECORD"), maxRecord)
	if err != nil {
		return nil, err
	}
	paths, err := parseRecord(record)
	if err != nil {
		return nil, err
	}
	d := &Distribution{}
	left := int64(maxUnpacked)
	for _, name := range paths {
		switch {
		case isBytecode(name):
			continue
		case isNative(name):
			d.Native = append(d.Native, name)
			continue
		}
		data, err := readIn(root, name, left)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since, as people do with tests
		}
		if err != nil {
			return nil, err
		}
		left -= int64(len(data))
		d.Contents = append(d.Contents, Content{name, data})
	}
	if err := d.finish(); err != nil {
		return nil, err
	}
	d.Name, d.Version = Normalize(d.Metadata.Name), d.Metadata.Version.String()
	return d, nil
}

// parseRecord returns the paths of a RECORD that lie in site-packages, in normal form.
func parseRecord(data []byte) ([]string, error) {
	r := csv.NewReader(strings.NewReader(string(data)))
	r.FieldsPerRecord = -1
	var paths []string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return paths, nil
		}
		if err != nil {
			return nil, fmt.Errorf("RECORD: %w", err)
		}
		name := path.Clean(strings.ReplaceAll(row[0], "\\", "/"))
		// Commands and manuals lie beside site-packages.
		if len(name) > maxPath || !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\x00\n\r:") {
			continue
		}
		if paths = append(paths, name); len(paths) > maxEntries {
			return nil, fmt.Errorf("RECORD: more than %d files", maxEntries)
		}
	}
}

// editable tells of an install that only points at a project's folder.
// https://packaging.python.org/en/latest/specifications/direct-url/
func editable(root *os.Root, info string) bool {
	data, err := readIn(root, path.Join(info, "direct_url.json"), 1<<20)
	var origin struct {
		DirInfo struct {
			Editable bool `json:"editable"`
		} `json:"dir_info"`
	}
	return err == nil && json.Unmarshal(data, &origin) == nil && origin.DirInfo.Editable
}

// readIn reads a regular file below root, where no link leads out of it.
func readIn(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: too large", name)
	}
	return data, err
}
