package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/jsbundle"
)

// ErrPackageFile tells that a package.json is no JSON, or says something else than it should.
var ErrPackageFile = errors.New("malformed " + packageFile)

// PackagesError tells which npm packages a program imports and does not have.
type PackagesError struct {
	Dir     string   // the project's folder
	Names   []string // the packages
	Where   string   // the first import
	Manager string   // the program whose lock file there is: "npm", "pnpm", "yarn" or "bun"; "" without any
	Listed  bool     // package.json names all of them: they only have to be installed
}

func (e *PackagesError) Error() string {
	return fmt.Sprintf("%s imports packages that are not installed: %s", e.Where, strings.Join(e.Names, ", "))
}

// AddonError tells that a program needs an npm package with machine code.
type AddonError struct {
	Package string // the package, or the file
	Where   string // the import
}

func (e *AddonError) Error() string {
	return fmt.Sprintf("%s: %s is a native addon: machine code, which WebAssembly cannot load", e.Where, e.Package)
}

// manifest is what matters of a package.json: https://docs.npmjs.com/cli/configuring-npm/package-json
type manifest struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Main    string          `json:"main"`
	Module  string          `json:"module"`
	RawBin  json.RawMessage `json:"bin"`

	Dependencies         map[string]string `json:"dependencies"`
	DevDependencies      map[string]string `json:"devDependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	PeerDependencies     map[string]string `json:"peerDependencies"`

	bin map[string]string // the commands; without a name of its own the package's
}

// readManifest reads the project's package.json; without one there is nothing in the manifest.
func readManifest(dir string) (*manifest, error) {
	m := &manifest{}
	raw, err := jsbundle.ReadBounded(filepath.Join(dir, packageFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	raw = []byte(strings.TrimPrefix(string(raw), "\ufeff"))
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPackageFile, err)
	}
	if len(m.RawBin) == 0 {
		return m, nil
	}
	var one string
	if json.Unmarshal(m.RawBin, &one) == nil {
		if one != "" {
			m.bin = map[string]string{unscoped(m.Name): one}
		}
		return m, nil
	}
	if err := json.Unmarshal(m.RawBin, &m.bin); err != nil {
		return nil, fmt.Errorf("%w: bin: %w", ErrPackageFile, err)
	}
	return m, nil
}

// unscoped is a package's name without the scope of "@scope/name".
func unscoped(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// lockFiles tell which program manages a project's packages.
var lockFiles = []struct{ file, manager string }{
	{"package-lock.json", "npm"},
	{"npm-shrinkwrap.json", "npm"},
	{"pnpm-lock.yaml", "pnpm"},
	{"yarn.lock", "yarn"},
	{"bun.lock", "bun"},
	{"bun.lockb", "bun"},
}

func (j *job) packagesError(missing []jsbundle.Import) error {
	e := &PackagesError{Dir: j.Dir, Where: missing[0].Where, Listed: true}
	for _, i := range missing {
		e.Names = append(e.Names, i.Name)
	}
	slices.Sort(e.Names)
	m, err := readManifest(j.Dir)
	if err != nil {
		return err
	}
	for _, name := range e.Names {
		listed := false
		for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.OptionalDependencies, m.PeerDependencies} {
			_, has := list[name]
			listed = listed || has
		}
		e.Listed = e.Listed && listed
	}
	for _, l := range lockFiles {
		if exists(j.Dir, l.file) {
			e.Manager = l.manager
			break
		}
	}
	return e
}
