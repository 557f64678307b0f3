package build

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pypi"
	"github.com/wpkdev/wpk/build/internal/pyproject"
)

// The errors of a Python project's requirements.
type (
	// DistributionError tells which distribution cannot be used, and why.
	DistributionError = pypi.DistributionError
	// ProjectFileError tells of something in one of the project's files that cannot be used.
	ProjectFileError = pypi.FileError
	// IndexError tells that a package index cannot be asked.
	IndexError = pypi.IndexError
)

// What a [DistributionError] or a [ProjectFileError] wraps.
var (
	ErrNative       = pypi.ErrNative     // the distribution comes with native code only
	ErrSourceOnly   = pypi.ErrSourceOnly // there is no wheel of it
	ErrUnknown      = pypi.ErrUnknown    // nobody offers it
	ErrNoVersion    = pypi.ErrNoVersion  // no version fits the requirements
	ErrDigest       = pypi.ErrDigest     // its bytes are not those that are wanted
	ErrNotLocked    = pypi.ErrNotLocked  // the lock file does not fit the requirements
	ErrMalformed    = pypi.ErrMalformed  // it cannot be read
	ErrNotInstalled = errors.New("is not in the installed environment")
)

// defaultIndex is where everybody gets distributions from.
const defaultIndex = "https://pypi.org/simple/"

// The lock files, the more special one first: other tools' pylock.toml may be for other systems.
const (
	pythonLock     = "pylock.toml"
	pythonLockWASI = "pylock.wasi.toml"
)

// dependencies finds what the project requires: in an installed environment when there is one, as a lock file says
// when there is one, else by asking the index.
func (b *pythonBuild) dependencies(ctx context.Context) ([]*pypi.Distribution, error) {
	if b.Python.SitePackages != "" {
		return b.installed()
	}
	r, _, err := newResolver(b.job, b.project, b.env)
	if err != nil {
		return nil, err
	}
	path, data, err := readPythonLock(b.Dir)
	if err != nil {
		return nil, err
	}
	if data != nil {
		return b.locked(ctx, r, filepath.Base(path), data)
	}
	picks, err := r.Resolve(ctx, b.project.Requirements)
	if err != nil {
		return nil, err
	}
	all, err := r.Finder.Install(ctx, picks)
	b.warnNative(all, r)
	b.warnUnlocked(picks)
	return all, err
}

// warnUnlocked says that the same sources may be another program tomorrow.
func (b *pythonBuild) warnUnlocked(picks []pypi.Pick) {
	pinned := slices.ContainsFunc(b.project.Requirements, func(r pypi.Requirement) bool { return len(r.SHA256) > 0 })
	if !pinned && slices.ContainsFunc(picks, func(p pypi.Pick) bool { return p.File.URL != "" }) {
		b.unlocked = true
		where, _, _ := strings.Cut(b.project.Requirements[0].Where, ":")
		b.warned = append(b.warned, Warning{Where: where, Text: "there is no lock file, so the versions were chosen now; wpk lock writes them down"})
	}
}

// readPythonLock reads the project's lock file; nil without one.
func readPythonLock(dir string) (path string, data []byte, err error) {
	for _, name := range []string{pythonLockWASI, pythonLock} {
		path = filepath.Join(dir, name)
		if data, err = os.ReadFile(path); !errors.Is(err, os.ErrNotExist) {
			return path, data, err
		}
	}
	return "", nil, nil
}

func (b *pythonBuild) locked(ctx context.Context, r *pypi.Resolver, shown string, data []byte) ([]*pypi.Distribution, error) {
	lock, err := pypi.ReadLock(data, shown, b.Dir, r)
	if err != nil {
		return nil, err
	}
	all, err := r.Finder.Install(ctx, lock.Picks)
	if err != nil {
		return nil, err
	}
	r.Pure = append(r.Pure, lock.Pure...)
	b.warnNative(all, r)
	if len(b.project.Requirements) == 0 {
		return all, nil
	}
	return pypi.Fits(b.env, b.project.Requirements, all, ErrNotLocked)
}

// installed takes the requirements from an environment; all of it when the project says nothing.
func (b *pythonBuild) installed() ([]*pypi.Distribution, error) {
	dir, err := pypi.SitePackages(b.inDir(b.Python.SitePackages))
	if err != nil {
		return nil, err
	}
	all, err := pypi.Installed(dir, []string{pypi.Normalize(b.project.Name)})
	if err != nil {
		return nil, err
	}
	if len(b.project.Requirements) > 0 {
		if all, err = pypi.Fits(b.env, b.project.Requirements, all, ErrNotInstalled); err != nil {
			return nil, err
		}
	}
	for _, d := range all {
		if len(d.Native) > 0 && !slices.Contains(pypi.WithoutNative, d.Name) && !slices.Contains(b.pure(), d.Name) {
			return nil, &DistributionError{Name: d.Name, Version: d.Version, Err: ErrNative, Detail: d.Native[0]}
		}
	}
	return all, nil
}

func (j *job) pure() []string {
	names := make([]string, len(j.Python.Pure))
	for i, name := range j.Python.Pure {
		names[i] = pypi.Normalize(name)
	}
	return names
}

// warnNative tells of wheels that claim to be pure, and have native parts that were left out.
func (b *pythonBuild) warnNative(all []*pypi.Distribution, r *pypi.Resolver) {
	for _, d := range all {
		if d != nil && len(d.Native) > 0 && !slices.Contains(pypi.WithoutNative, d.Name) && !slices.Contains(r.Pure, d.Name) {
			b.warned = append(b.warned, Warning{Where: d.Name + " " + d.Version, Text: "its native parts are left out: " + d.Native[0]})
		}
	}
}

// newResolver prepares to ask the indexes that the options, the project or the environment name. shown is the first of
// them without credentials.
func newResolver(j *job, p *pyproject.Project, env pypi.Environment) (r *pypi.Resolver, shown string, err error) {
	fetcher := &pypi.Fetcher{Client: pypi.NewClient(), Login: map[string]*url.Userinfo{}}
	if j.Cache != "" {
		fetcher.Cache = filepath.Join(j.Cache, "wheels")
	}
	finder := &pypi.Finder{Fetcher: fetcher}
	for _, index := range indexes(j, p) {
		u, login, err := pypi.ParseIndex(index)
		if err != nil {
			return nil, "", err
		}
		if login != nil {
			fetcher.Login[u.Host] = login
		}
		finder.Indexes = append(finder.Indexes, u)
		shown = u.String() // the last one is the main one
	}
	folders := slices.Clone(p.Folders)
	for _, dir := range j.Python.Wheels {
		folders = append(folders, j.inDir(dir))
	}
	for _, dir := range folders {
		found, err := pypi.Folder(dir)
		if err != nil {
			return nil, "", err
		}
		finder.Wheels = append(finder.Wheels, found...)
	}
	return &pypi.Resolver{Finder: finder, Env: env, Constraints: p.Constraints, Pure: j.pure(), Pre: p.Pre}, shown, nil
}

// indexes are the package indexes in the order in which they are asked. As with uv, the first that has a name has all
// of its versions: another index cannot slip a newer one in.
func indexes(j *job, p *pyproject.Project) []string {
	get := func(key string) string { return getenv(j.Env, key) }
	off := func(key string) bool {
		v := strings.ToLower(get(key))
		return v == "1" || v == "true" || v == "yes" || v == "on"
	}
	if j.Python.Index == PythonNoIndex || j.Python.Index == "" && (p.NoIndex || off("PIP_NO_INDEX") || off("UV_NO_INDEX")) {
		return nil
	}
	all := slices.Clone(p.ExtraIndexes)
	for _, key := range []string{"UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"} {
		for word := range strings.FieldsSeq(get(key)) {
			if name, value, named := strings.Cut(word, "="); named && !strings.Contains(name, ":") { // uv's NAME=URL
				word = value
			}
			all = append(all, word)
		}
	}
	for _, index := range []string{j.Python.Index, p.Index, get("UV_DEFAULT_INDEX"), get("UV_INDEX_URL"), get("PIP_INDEX_URL"), defaultIndex} {
		if index != "" {
			if name, value, named := strings.Cut(index, "="); named && !strings.Contains(name, ":") {
				index = value
			}
			return append(all, index)
		}
	}
	return all
}

// PythonLock is a lock file that was made.
type PythonLock struct {
	Data         []byte
	Dependencies []Dependency
	Foreign      bool // the folder's pylock.toml is another tool's
}

// defaultPython is the CPython to lock for when there is no runtime here to ask.
const defaultPython = "3.13.5"

// LockPython chooses the versions of what a Python project requires, and writes them down with their digests. It writes
// no file. Its errors are those of [Build].
func LockPython(ctx context.Context, o Options) (*PythonLock, error) {
	j, err := newJob(o)
	if err != nil {
		return nil, err
	}
	defer j.close()
	p, err := readPython(j)
	if err != nil {
		return nil, err
	}
	version := defaultPython
	if j.Runtimes != nil {
		if pack, err := j.Runtimes.Runtime(ctx, LanguagePython); err == nil {
			version = pack.Version
		}
	}
	env := pypi.Target(version)
	r, index, err := newResolver(j, p, env)
	if err != nil {
		return nil, err
	}
	picks, err := r.Resolve(ctx, p.Requirements)
	if err != nil {
		return nil, err
	}
	all, err := r.Finder.Install(ctx, picks)
	if err != nil {
		return nil, err
	}
	lock := &PythonLock{}
	if lock.Data, err = pypi.WriteLock(picks, all, index, j.Dir, env); err != nil {
		return nil, err
	}
	for _, d := range all {
		lock.Dependencies = append(lock.Dependencies, Dependency{Type: "pypi", Name: d.Name, Version: d.Version, SHA256: d.SHA256})
	}
	if old, err := os.ReadFile(filepath.Join(j.Dir, pythonLock)); err == nil {
		lock.Foreign = !pypi.MadeByUs(old)
	}
	return lock, nil
}
