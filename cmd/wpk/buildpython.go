package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/project"
)

// requirementFlags say where a Python project's requirements come from. build
// and lock share them.
func requirementFlags(c *cobra.Command, o *build.PythonOptions) {
	f := c.Flags()
	f.StringArrayVarP(&o.Requirements, "requirements", "r", nil, "Python: a requirements `FILE`, beside what the project says; may be repeated")
	f.StringArrayVar(&o.Wheels, "wheels", nil, "Python: a `FOLDER` with wheels (default: wheels, when there is one); may be repeated")
	f.StringSliceVar(&o.Extras, "extras", nil, "Python: `EXTRAS` of the project's optional dependencies")
	f.StringVar(&o.Index, "index", "", "Python: `URL` of the package index, or none (default: UV_DEFAULT_INDEX, PIP_INDEX_URL, else PyPI)")
	f.StringSliceVar(&o.Pure, "pure", nil, "Python: `NAMES` of distributions that work without their native code")
}

func pythonFlags(c *cobra.Command, o *build.PythonOptions) {
	requirementFlags(c, o)
	f := c.Flags()
	f.StringVar(&o.Entry, "entry", "", "Python: `WHAT` starts: a command, module:function, a module or a file; JavaScript: a command or a file")
	f.StringVar(&o.SitePackages, "site-packages", "", "Python: take the requirements from this environment's `FOLDER`")
	f.StringVar(&o.Library, "library", "", "Python: how much of the standard `LIBRARY`: closure (what is imported), all")
	f.StringSliceVar(&o.Preload, "preload", nil, "Python: `MODULES` to import while building, for a faster start")
	f.BoolVar(&o.NoSnapshot, "no-snapshot", false, "Python, JavaScript: start the interpreter up when the program runs")
}

// fromHere makes the paths of flags absolute: those on a command line start
// where the user is, those in wpk.yaml at the project.
func fromHere(o build.PythonOptions) (build.PythonOptions, error) {
	for _, list := range []*[]string{&o.Requirements, &o.Wheels} {
		for i, name := range *list {
			path, err := filepath.Abs(name)
			if err != nil {
				return o, err
			}
			(*list)[i] = path
		}
	}
	if o.SitePackages == "" {
		return o, nil
	}
	var err error
	o.SitePackages, err = filepath.Abs(o.SitePackages)
	return o, err
}

func (p projectOverlay) python(o *build.PythonOptions, y project.Python) {
	value(p, "entry", &o.Entry, y.Entry)
	list(p, "requirements", &o.Requirements, y.Requirements)
	list(p, "wheels", &o.Wheels, y.Wheels)
	value(p, "site-packages", &o.SitePackages, y.SitePackages)
	list(p, "extras", &o.Extras, y.Extras)
	value(p, "index", &o.Index, y.Index)
	list(p, "pure", &o.Pure, y.Pure)
	value(p, "library", &o.Library, y.Library)
	list(p, "preload", &o.Preload, y.Preload)
	if y.Snapshot != nil && !p.given("no-snapshot") {
		o.NoSnapshot = !*y.Snapshot
	}
}

// checkLibrary refuses words that no build knows.
func checkLibrary(o build.PythonOptions) error {
	switch o.Library {
	case "", build.PythonLibraryClosure, build.PythonLibraryAll:
		return nil
	}
	return &valueError{"--library", o.Library, "want closure or all"}
}

// distributionHint says what helps with a distribution that cannot be used.
func distributionHint(e *build.DistributionError) string {
	wheel := "pip wheel --no-deps " + e.Name + " -w wheels makes a wheel where there is Python; when its name ends in none-any.whl, wpk takes it from the folder wheels"
	switch {
	case errors.Is(e, build.ErrNative):
		hint := "wpk needs pure Python"
		if e.Pure != "" {
			hint += "; " + e.Name + " " + e.Pure + " is"
		}
		return hint + "; when it works without its native code: --pure " + e.Name
	case errors.Is(e, build.ErrSourceOnly):
		if e.Pure != "" {
			return "take " + e.Name + " " + e.Pure + ", which has a wheel; or: " + wheel
		}
		return wheel
	case errors.Is(e, build.ErrUnknown):
		return "check the name and the index (--index URL); wheels of your own go into the folder wheels"
	case errors.Is(e, build.ErrNotLocked):
		return "lock again: wpk lock"
	case errors.Is(e, build.ErrNotInstalled):
		return "install it there, or leave --site-packages out"
	}
	return ""
}

func explainPython(err error) (int, string) {
	var distribution *build.DistributionError
	var file *build.ProjectFileError
	var index *build.IndexError
	var foreign *foreignLockError
	switch {
	case errors.As(err, &foreign):
		return exitUsage, "write beside it with --output pylock.wasi.toml, or remove it"
	case errors.As(err, &distribution):
		code := exitBuild
		if errors.Is(err, build.ErrDigest) || errors.Is(err, build.ErrMalformed) {
			code = exitContent
		}
		return code, distributionHint(distribution)
	case errors.As(err, &file):
		if errors.Is(err, build.ErrNotLocked) {
			return exitBuild, "lock again: wpk lock"
		}
		return exitBuild, ""
	case errors.As(err, &index):
		if index.Status == 401 || index.Status == 403 {
			return exitRefused, "the index wants a login: https://USER:PASSWORD@host/… in PIP_INDEX_URL"
		}
		return exitUnreachable, "check the network and the index (--index URL); with a lock file and what is downloaded already, no index is needed"
	}
	return 0, ""
}

// entryHint lists what --entry could name.
func entryHint(e *build.DetectError) string {
	if len(e.Looked) > 1 && !strings.HasPrefix(e.Looked[0], "[") {
		return "--entry takes a command, module:function, a module or a file; here are: " + strings.Join(e.Looked[1:], ", ")
	}
	return "add [project.scripts] to pyproject.toml, a __main__.py or a main.py, or say --entry module:function"
}
