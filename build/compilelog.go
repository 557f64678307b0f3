package build

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLog bounds how much of a log is read. What is not read counts as not compiled.
const maxLog = 256 << 20

// A compileLog is what every clang that a build starts writes down by itself when these variables are set, zig's too: the
// command lines of its steps, and the headers that it reads. See CC_PRINT_OPTIONS and CC_PRINT_HEADERS in clang's
// driver: https://github.com/llvm/llvm-project/blob/main/clang/tools/driver/driver.cpp
type compileLog struct {
	commands, headers string
	src               string
}

func newCompileLog(t *keptTree) *compileLog {
	return &compileLog{commands: t.path("commands.log"), headers: t.path("headers.log"), src: t.path("src")}
}

func (l *compileLog) env() []string {
	return []string{
		"CC_PRINT_OPTIONS=1", "CC_PRINT_OPTIONS_FILE=" + l.commands,
		"CC_PRINT_HEADERS=1", "CC_PRINT_HEADERS_FILE=" + l.headers,
	}
}

func (l *compileLog) clear() error {
	for _, name := range []string{l.commands, l.headers} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// read returns the headers that compilers have read, absolute where they are not of this tree, and the sources,
// slash-separated below it.
func (l *compileLog) read() (headers, sources map[string]bool) {
	headers, sources = map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(readLog(l.headers)) {
		// In clang's own form dots tell how deep the include is.
		h := filepath.Clean(strings.TrimSpace(strings.TrimLeft(line, ".")))
		if strings.HasPrefix(line, "./") || strings.HasPrefix(line, "../") {
			h = filepath.Base(h)
		}
		if rel, inside := below(filepath.Dir(l.src), h); inside {
			h = filepath.Base(rel)
		}
		headers[h] = true
	}
	for line := range strings.Lines(readLog(l.commands)) {
		for _, name := range l.inputs(line) {
			sources[name] = true
		}
	}
	return headers, sources
}

var (
	loggedWord = lazyRegexp(`"((?:[^"\\]|\\.)*)"`)
	unescape   = lazyRegexp(`\\(.)`)
)

// inputs are the sources in the line of one step: an argument with the suffix of a source that lies in this tree, seen
// from the folder that the step runs in.
func (l *compileLog) inputs(line string) (names []string) {
	dir := ""
	var words []string
	before := ""
	for _, m := range loggedWord().FindAllStringSubmatch(line, -1) {
		word := unescape().ReplaceAllString(m[1], "$1")
		if d, ok := strings.CutPrefix(word, "-fdebug-compilation-dir="); ok {
			dir = d
		}
		if before != "-main-file-name" && isSource(filepath.ToSlash(word)) {
			words = append(words, word)
		}
		before = word
	}
	for _, word := range words {
		if !filepath.IsAbs(word) {
			word = filepath.Join(dir, word)
		}
		if rel, ok := below(l.src, filepath.Clean(word)); ok {
			names = append(names, filepath.ToSlash(rel))
		}
	}
	return names
}

func readLog(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, maxLog))
	return string(b)
}
