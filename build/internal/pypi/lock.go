package pypi

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// maxLock bounds a lock file.
const maxLock = 32 << 20

// lockVersion is the version of the format that is written; every 1.x is read.
const lockVersion = "1.0"

// lockFile is a pylock.toml, as far as it concerns wheels.
// https://packaging.python.org/en/latest/specifications/pylock-toml/
type lockFile struct {
	LockVersion    string        `toml:"lock-version"`
	Environments   []string      `toml:"environments,omitempty"`
	RequiresPython string        `toml:"requires-python,omitempty"`
	CreatedBy      string        `toml:"created-by"`
	Packages       []lockPackage `toml:"packages"`
}

type lockPackage struct {
	Name           string           `toml:"name"`
	Version        string           `toml:"version,omitempty"`
	Marker         string           `toml:"marker,omitempty"`
	RequiresPython string           `toml:"requires-python,omitempty"`
	Dependencies   []lockDependency `toml:"dependencies,omitempty"`
	Index          string           `toml:"index,omitempty"`
	Directory      map[string]any   `toml:"directory,omitempty"`
	VCS            map[string]any   `toml:"vcs,omitempty"`
	Archive        map[string]any   `toml:"archive,omitempty"`
	Sdist          map[string]any   `toml:"sdist,omitempty"`
	Wheels         []lockWheel      `toml:"wheels,omitempty"`
	Tool           lockTool         `toml:"tool,omitempty"`
}

type lockDependency struct {
	Name string `toml:"name"`
}

type lockWheel struct {
	Name   string            `toml:"name,omitempty"`
	URL    string            `toml:"url,omitempty"`
	Path   string            `toml:"path,omitempty"`
	Hashes map[string]string `toml:"hashes,inline"`
}

// lockTool is wpk's own part: the wheel is taken without its native code.
type lockTool struct {
	Wpk *lockWpk `toml:"wpk,omitempty"`
}

type lockWpk struct {
	WithoutNative bool `toml:"without-native"`
}

// Lock is what a lock file holds for a target.
type Lock struct {
	Picks []Pick
	Pure  []string // distributions that the lock takes without their native code
}

// ReadLock reads a lock file. shown is its name in messages, dir the folder that its paths start from.
func ReadLock(data []byte, shown, dir string, r *Resolver) (*Lock, error) {
	fail := func(err error, format string, args ...any) (*Lock, error) {
		return nil, &FileError{File: shown, Text: fmt.Sprintf(format, args...), Err: err}
	}
	var file lockFile
	if len(data) > maxLock {
		return fail(nil, "more than %d bytes", maxLock)
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		var at *toml.DecodeError
		line := 0
		if errors.As(err, &at) {
			line, _ = at.Position()
		}
		return nil, &FileError{File: shown, Line: line, Text: "is no lock file", Err: err}
	}
	if file.LockVersion != "1" && !strings.HasPrefix(file.LockVersion, "1.") {
		return fail(nil, "lock-version %q: want 1.0", file.LockVersion)
	}
	if !anyHolds(file.Environments, r.Env) {
		return fail(ErrNotLocked, "it was made for other environments (%s)", strings.Join(file.Environments, " | "))
	}
	if set, err := pep440.ParseSpecifiers(file.RequiresPython); err != nil || !set.Contains(r.python()) {
		return fail(ErrNotLocked, "it is for Python %s, and this is %s", file.RequiresPython, r.python())
	}
	lock := &Lock{}
	for i := range file.Packages {
		p := &file.Packages[i]
		marker, err := ParseMarker(p.Marker)
		if p.Marker != "" && err != nil {
			return fail(err, "package %s", p.Name)
		}
		if p.Marker != "" && !marker.Holds(r.Env, nil) || p.isProject() {
			continue
		}
		if err := lock.add(p, dir, r); err != nil {
			var refused *DistributionError
			if errors.As(err, &refused) {
				refused.By = append(refused.By, shown)
				return nil, refused
			}
			return fail(err, "package %s", p.Name)
		}
	}
	slices.SortFunc(lock.Picks, func(a, b Pick) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(lock.Picks); i++ {
		if name := lock.Picks[i].Name; lock.Picks[i-1].Name == name {
			return fail(nil, "package %s is there twice for one environment", name)
		}
	}
	return lock, nil
}

func anyHolds(markers []string, env Environment) bool {
	return len(markers) == 0 || slices.ContainsFunc(markers, func(s string) bool {
		m, err := ParseMarker(s)
		return err == nil && m.Holds(env, nil)
	})
}

// isProject: other tools list the project itself, as a folder.
func (p *lockPackage) isProject() bool {
	path, _ := p.Directory["path"].(string)
	return p.Directory != nil && filepath.Clean(path) == "."
}

func (l *Lock) add(p *lockPackage, dir string, r *Resolver) error {
	if !validName(p.Name) {
		return errors.New("is no name")
	}
	name := Normalize(p.Name)
	files := make([]File, 0, len(p.Wheels))
	for _, w := range p.Wheels {
		f, err := w.file(dir)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if p.Tool.Wpk != nil && p.Tool.Wpk.WithoutNative {
		l.Pure = append(l.Pure, name)
	}
	file, err := r.best(files, l.Pure...)
	if err != nil {
		e := &DistributionError{Name: name, Version: p.Version, Err: err}
		if p.VCS != nil || p.Directory != nil || p.Archive != nil {
			e.Err = ErrSourceOnly
		}
		return e
	}
	wheel, err := ParseWheelName(file.Name)
	if err != nil {
		return err
	}
	if wheel.Name != name {
		return fmt.Errorf("has a wheel of %s", wheel.Name)
	}
	l.Picks = append(l.Picks, Pick{Name: name, Version: wheel.Version.String(), File: file})
	return nil
}

func (w *lockWheel) file(dir string) (File, error) {
	f := File{Name: w.Name, URL: w.URL, SHA256: strings.ToLower(w.Hashes["sha256"])}
	if len(f.SHA256) != 64 {
		return f, errors.New("a wheel has no sha256")
	}
	if w.Path != "" {
		f.URL, f.Path = "", filepath.FromSlash(w.Path)
		if !filepath.IsAbs(f.Path) {
			f.Path = filepath.Join(dir, f.Path)
		}
	}
	if f.Name == "" {
		f.Name = w.Path
		if u, err := url.Parse(w.URL); err == nil && w.URL != "" {
			f.Name = u.Path
		}
		f.Name = f.Name[strings.LastIndexByte(f.Name, '/')+1:]
	}
	return f, nil
}

// WriteLock writes a lock file for a target. Paths of local wheels are relative to dir. The same picks give the same
// bytes.
func WriteLock(picks []Pick, all []*Distribution, index, dir string, env Environment) ([]byte, error) {
	file := lockFile{
		LockVersion: lockVersion, CreatedBy: "wpk",
		Environments:   []string{fmt.Sprintf("sys_platform == '%s' and platform_machine == '%s'", env["sys_platform"], env["platform_machine"])},
		RequiresPython: "==" + env["python_version"] + ".*",
	}
	for i, p := range picks {
		w := lockWheel{Name: p.File.Name, URL: p.File.URL, Hashes: map[string]string{"sha256": all[i].SHA256}}
		if p.File.Path != "" {
			rel, err := filepath.Rel(dir, p.File.Path)
			if err != nil {
				return nil, err
			}
			w.Path = filepath.ToSlash(rel)
		}
		entry := lockPackage{Name: p.Name, Version: p.Version, Wheels: []lockWheel{w}}
		if p.File.URL != "" {
			entry.Index = index
		}
		for _, name := range p.Requires {
			entry.Dependencies = append(entry.Dependencies, lockDependency{name})
		}
		if wheel, err := ParseWheelName(p.File.Name); err == nil && !wheel.Pure(env["python_version"]) {
			entry.Tool.Wpk = &lockWpk{true}
		}
		file.Packages = append(file.Packages, entry)
	}
	var b bytes.Buffer
	b.WriteString("# Made by `wpk lock`. Every wheel is named with its digest: wpk build takes these and no others.\n")
	e := toml.NewEncoder(&b)
	if err := e.Encode(file); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// MadeByUs reports whether a lock file is one of [WriteLock].
func MadeByUs(data []byte) bool {
	var file struct {
		CreatedBy string `toml:"created-by"`
	}
	return len(data) <= maxLock && toml.Unmarshal(data, &file) == nil && file.CreatedBy == "wpk"
}
