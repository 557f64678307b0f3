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

// detect chooses the toolchain for the job's folder. Go and Rust come first, because their projects often have a Makefile
// to drive them; Python for the same reason, when its own files say that it is one; then the most specific description
// of a C project; then loose sources.
func detect(j *job) (toolchain, error) {
	switch j.Language {
	case LanguageGo:
		return detectGo(j.Dir)
	case LanguageRust:
		if exists(j.Dir, cargoFile) {
			return rustToolchain{}, nil
		}
		return nil, &DetectError{Dir: j.Dir, Looked: []string{cargoFile}, Err: ErrUnknownLanguage}
	case LanguagePython:
		return pythonToolchain{}, nil
	case LanguageJavaScript:
		return javaScriptToolchain{}, nil
	case LanguageC:
		return detectC(j.Dir, j.C.Driver)
	case LanguageZig:
		return zigToolchain{}, nil
	case LanguageAssemblyScript:
		return assemblyScriptToolchain{}, nil
	case LanguageCommand:
		return commandToolchain{}, nil
	case "":
		if j.Command.Run != "" {
			return commandToolchain{}, nil
		}
	default:
		return nil, &DetectError{Dir: j.Dir, Looked: []string{j.Language}, Err: ErrUnknownLanguage}
	}
	if exists(j.Dir, "go.mod") || exists(j.Dir, "go.work") || (hasGoFiles(j.Dir) && goModuleAbove(j.Dir)) {
		return goToolchain{}, nil
	}
	if exists(j.Dir, cargoFile) {
		return rustToolchain{}, nil
	}
	if t := detectMore(j.Dir); t != nil {
		return t, nil
	}
	if isPython(j.Dir) {
		return pythonToolchain{}, nil
	}
	if isJavaScript(j.Dir) {
		return javaScriptToolchain{}, nil
	}
	t, err := detectC(j.Dir, j.C.Driver)
	if err != nil && hasPythonFiles(j.Dir) {
		return pythonToolchain{}, nil
	}
	if err != nil && len(scripts(j.Dir)) > 0 {
		return javaScriptToolchain{}, nil
	}
	if err != nil && hasGoFiles(j.Dir) {
		return detectGo(j.Dir)
	}
	var none *DetectError
	if errors.As(err, &none) {
		none.Looked = append([]string{"go.mod", cargoFile, zigBuildFile, ascConfigFile, "pyproject.toml", "*.py", packageFile, "*.js", "*.ts"}, none.Looked...)
	}
	return t, err
}

// detectMore knows the languages whose projects have a file that no other language's have; nil is none of them.
func detectMore(dir string) toolchain {
	if exists(dir, zigBuildFile) || slices.ContainsFunc(zigMainFiles, func(name string) bool { return exists(dir, name) }) {
		return zigToolchain{}
	}
	if hasAssemblyScript(dir) {
		return assemblyScriptToolchain{}
	}
	return nil
}

func detectGo(dir string) (toolchain, error) {
	if exists(dir, "go.work") || goModuleAbove(dir) {
		return goToolchain{}, nil
	}
	return nil, &DetectError{Dir: dir, Looked: []string{"go.mod"}, Err: ErrNoGoModule}
}

// The values of [COptions.Driver].
const (
	DriverCMake     = "cmake"     // CMakeLists.txt
	DriverMeson     = "meson"     // meson.build
	DriverAutotools = "autotools" // configure, or configure.ac
	DriverMake      = "make"      // a Makefile
	DriverNone      = "none"      // no build description: wpk compiles the C and C++ files itself
)

func detectC(dir, driver string) (toolchain, error) {
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

func hasMakefile(dir string) bool {
	return slices.ContainsFunc(makefiles, func(name string) bool { return exists(dir, name) })
}

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

// exists reports whether a folder holds a regular file of that name.
func exists(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular()
}
