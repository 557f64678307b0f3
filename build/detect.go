package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cmakeFile tells a CMake project.
const cmakeFile = "CMakeLists.txt"

// makefiles tell a make project, in the order in which GNU make looks for them.
var makefiles = []string{"GNUmakefile", "makefile", "Makefile"}

// A language is one that detect knows: by a file that says so, or, when no project of any language has one, by loose
// sources.
type language struct {
	name   string
	looked []string // what a person would have to add
	// described reports whether a folder has a description of such a project. Nil is never.
	described func(j *job) bool
	// loose reports whether a folder has sources that may be a program without any description. Nil is never.
	loose func(j *job) bool
	// choose returns the toolchain, or says what the folder lacks. It is called for the language that was asked for too.
	choose func(j *job) (toolchain, error)
}

// languages in the order in which they are tried. Go and Rust come first, because their projects often have a Makefile to
// drive them, and Zig, AssemblyScript and Ruby beside a package.json; then Python and JavaScript for the same reason;
// then C.
func languages() []language {
	return []language{
		{
			LanguageGo,
			[]string{"go.mod"},
			func(j *job) bool {
				return exists(j.Dir, "go.mod") || exists(j.Dir, "go.work") || (hasGoFiles(j.Dir) && goModuleAbove(j.Dir))
			},
			func(j *job) bool { return hasGoFiles(j.Dir) },
			chooseGo,
		},
		{
			LanguageRust,
			[]string{cargoFile},
			func(j *job) bool { return exists(j.Dir, cargoFile) }, nil,
			chooseRust,
		},
		{
			LanguageZig,
			[]string{zigBuildFile},
			func(j *job) bool { return exists(j.Dir, zigBuildFile) || existsAny(j.Dir, zigMainFiles) }, nil,
			always(zigToolchain{}),
		},
		{
			LanguageAssemblyScript,
			[]string{ascConfigFile},
			func(j *job) bool { return hasAssemblyScript(j.Dir) }, nil,
			always(assemblyScriptToolchain{}),
		},
		{
			LanguageRuby,
			[]string{gemFile, "*.rb"},
			func(j *job) bool { return isRuby(j.Dir) },
			func(j *job) bool {
				return len(filesIn(j.Dir, ".rb")) > 0 && !hasPythonFiles(j.Dir) && len(scripts(j.Dir)) == 0
			},
			always(rubyToolchain{}),
		},
		{
			LanguagePython,
			[]string{"pyproject.toml", "*.py"},
			func(j *job) bool { return isPython(j.Dir) },
			func(j *job) bool { return hasPythonFiles(j.Dir) },
			always(pythonToolchain{}),
		},
		{
			LanguageJavaScript,
			[]string{packageFile, "*.js", "*.ts"},
			func(j *job) bool { return isJavaScript(j.Dir) },
			func(j *job) bool { return len(scripts(j.Dir)) > 0 },
			always(javaScriptToolchain{}),
		},
		{
			LanguageC, nil, // it says itself what it looked for
			func(j *job) bool { _, err := chooseC(j); return err == nil }, nil,
			chooseC,
		},
	}
}

// Languages returns the languages that [Options.Language] may name, beside [LanguageCommand].
func Languages() []string {
	var names []string
	for _, l := range languages() {
		names = append(names, l.name)
	}
	return names
}

// detect chooses the toolchain for the job's folder.
func detect(j *job) (toolchain, error) {
	all := languages()
	if j.Language == LanguageCommand || j.Language == "" && j.Command.Run != "" {
		return commandToolchain{}, nil
	}
	if j.Language != "" {
		for _, l := range all {
			if l.name == j.Language {
				return l.choose(j)
			}
		}
		return nil, &DetectError{Dir: j.Dir, Looked: []string{j.Language}, Err: ErrUnknownLanguage}
	}
	var looked []string
	for _, is := range []func(language) func(*job) bool{
		func(l language) func(*job) bool { return l.described },
		func(l language) func(*job) bool { return l.loose },
	} {
		for _, l := range all {
			if f := is(l); f != nil && f(j) {
				return l.choose(j)
			}
		}
	}
	for _, l := range all {
		looked = append(looked, l.looked...)
	}
	_, err := chooseC(j)
	var none *DetectError
	if errors.As(err, &none) {
		none.Looked = append(looked, none.Looked...)
	}
	return nil, err
}

// always chooses a toolchain that says itself what its projects lack.
func always(t toolchain) func(*job) (toolchain, error) {
	return func(*job) (toolchain, error) { return t, nil }
}

func chooseGo(j *job) (toolchain, error) {
	if exists(j.Dir, "go.work") || goModuleAbove(j.Dir) {
		return goToolchain{}, nil
	}
	return nil, &DetectError{Dir: j.Dir, Looked: []string{"go.mod"}, Err: ErrNoGoModule}
}

func chooseRust(j *job) (toolchain, error) {
	if exists(j.Dir, cargoFile) {
		return rustToolchain{}, nil
	}
	return nil, &DetectError{Dir: j.Dir, Looked: []string{cargoFile}, Err: ErrUnknownLanguage}
}

// The values of [COptions.Driver].
const (
	DriverCMake     = "cmake"     // CMakeLists.txt
	DriverMeson     = "meson"     // meson.build
	DriverAutotools = "autotools" // configure, or configure.ac
	DriverMake      = "make"      // a Makefile
	DriverNone      = "none"      // no build description: wpk compiles the C and C++ files itself
)

func chooseC(j *job) (toolchain, error) {
	dir, driver := j.Dir, j.C.Driver
	looked := []string{}
	for _, d := range []struct {
		name  string
		files []string
		has   bool
		toolchain
	}{
		{DriverCMake, []string{cmakeFile}, exists(dir, cmakeFile), cmakeToolchain{}},
		{DriverMeson, []string{mesonFile}, exists(dir, mesonFile), mesonToolchain{}},
		{DriverAutotools, append([]string{configureFile}, configureSources[:1]...), hasConfigure(dir), autotoolsToolchain{}},
		{DriverMake, makefiles, hasMakefile(dir), makeToolchain{}},
		{DriverNone, plainPatterns, len(plainSources(dir)) > 0, plainToolchain{}},
	} {
		if driver != "" && driver != d.name {
			continue
		}
		if d.has {
			return d.toolchain, nil
		}
		looked = append(looked, d.files...)
	}
	return nil, &DetectError{Dir: dir, Looked: looked, Err: ErrUnknownLanguage}
}

func hasMakefile(dir string) bool { return existsAny(dir, makefiles) }

// hasGoFiles reports whether a folder holds a Go package, its tests aside.
func hasGoFiles(dir string) bool {
	return slices.ContainsFunc(filesIn(dir, ".go"), func(n string) bool { return !strings.HasSuffix(n, "_test.go") })
}

// goModuleAbove reports whether a folder lies in a Go module.
func goModuleAbove(dir string) bool {
	for {
		if exists(dir, "go.mod") {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// existsAny reports whether a folder holds a regular file of one of those names.
func existsAny(dir string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return exists(dir, name) })
}

// exists reports whether a folder holds a regular file of that name.
func exists(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular()
}
