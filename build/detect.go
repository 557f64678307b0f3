package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cmakeFile tells a CMake project.
const cmakeFile = "CMakeLists.txt"

// makefiles tell a make project, in the order in which GNU make looks for them.
var makefiles = []string{"GNUmakefile", "makefile", "Makefile"}

// detect chooses the toolchain for the job's folder. Go comes first, because a Go project often has a Makefile to drive
// it; then the most specific description of a C project; then loose *.c files.
func detect(j *job) (toolchain, error) {
	switch j.Language {
	case LanguageGo:
		return detectGo(j.Dir)
	case LanguageC:
		return detectC(j.Dir)
	case "":
	default:
		return nil, &DetectError{Dir: j.Dir, Looked: []string{j.Language}, Err: ErrUnknownLanguage}
	}
	if exists(j.Dir, "go.mod") || exists(j.Dir, "go.work") || (hasGoFiles(j.Dir) && goModuleAbove(j.Dir)) {
		return goToolchain{}, nil
	}
	if t, err := detectC(j.Dir); err == nil {
		return t, nil
	}
	if hasGoFiles(j.Dir) {
		return detectGo(j.Dir)
	}
	looked := append([]string{"go.mod", cmakeFile, "Makefile"}, plainPatterns...)
	return nil, &DetectError{Dir: j.Dir, Looked: looked, Err: ErrUnknownLanguage}
}

func detectGo(dir string) (toolchain, error) {
	if exists(dir, "go.work") || goModuleAbove(dir) {
		return goToolchain{}, nil
	}
	return nil, &DetectError{Dir: dir, Looked: []string{"go.mod"}, Err: ErrNoGoModule}
}

func detectC(dir string) (toolchain, error) {
	if exists(dir, cmakeFile) {
		return cmakeToolchain{}, nil
	}
	if slices.ContainsFunc(makefiles, func(name string) bool { return exists(dir, name) }) {
		return makeToolchain{}, nil
	}
	if len(plainSources(dir)) > 0 {
		return plainToolchain{}, nil
	}
	return nil, &DetectError{Dir: dir, Looked: append([]string{cmakeFile, "Makefile"}, plainPatterns...), Err: ErrUnknownLanguage}
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
