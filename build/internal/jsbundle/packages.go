package jsbundle

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Package is an npm package that is in the program.
type Package struct {
	Name    string
	Version string
	Folder  string // relative to the project's, with slashes
}

// maxManifest bounds a package.json.
const maxManifest = 4 << 20

// readInputs finds out which files, and of which packages, are in the program.
func (r *Result) readInputs(dir, metafile string) error {
	var meta struct {
		Inputs map[string]struct{} `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return fmt.Errorf("what esbuild says of its inputs: %w", err)
	}
	folders := map[string]bool{}
	for name := range meta.Inputs {
		if strings.HasPrefix(name, builtinSpace+":") || strings.HasPrefix(name, stubSpace+":") {
			continue
		}
		r.Inputs = append(r.Inputs, name)
		if folder, ok := packageFolder(name); ok {
			folders[folder] = true
		}
	}
	slices.Sort(r.Inputs)
	for folder := range folders {
		var manifest struct{ Name, Version string }
		raw, err := ReadBounded(filepath.Join(dir, filepath.FromSlash(folder), "package.json"))
		if err != nil || json.Unmarshal(raw, &manifest) != nil || manifest.Name == "" {
			continue // a folder that only looks like a package
		}
		r.Packages = append(r.Packages, Package{manifest.Name, manifest.Version, folder})
	}
	slices.SortFunc(r.Packages, func(a, b Package) int { return strings.Compare(a.Name+"\x00"+a.Folder, b.Name+"\x00"+b.Folder) })
	return nil
}

// packageFolder is the folder of the package that a file belongs to.
func packageFolder(name string) (string, bool) {
	parts := strings.Split(path.Clean(name), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] != "node_modules" {
			continue
		}
		end := i + 2
		if end <= len(parts) && strings.HasPrefix(parts[i+1], "@") {
			end++
		}
		if end >= len(parts) {
			return "", false
		}
		return strings.Join(parts[:end], "/"), true
	}
	return "", false
}

// ReadBounded reads a package.json or a file like it.
func ReadBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(raw) > maxManifest {
		err = fmt.Errorf("%s: larger than %d bytes", filepath.Base(name), maxManifest)
	}
	return raw, err
}
