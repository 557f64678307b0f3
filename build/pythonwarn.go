package build

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/cpython"
)

// network are the modules that a program which talks to others imports. A distribution that does is worth a warning of
// its own; everything else that a distribution imports may stand in a try statement.
var network = []string{"socket", "ssl"}

// threads are what starts a thread. Importing threading itself is harmless: locks work, and much imports it.
var threads = lazyRegexp(`\b(threading\.Thread|ThreadPoolExecutor|ProcessPoolExecutor|_thread\.start_new_thread|asyncio\.to_thread|run_in_executor)\b`)

// cannot are modules that can be imported, and fail at their work.
var cannot = map[string]string{
	"socket":          "WASI preview 1 has no connections to other machines",
	"subprocess":      "there are no other programs to start",
	"multiprocessing": "there are no processes and no threads",
}

// warnImports tells of imports that compile and cannot work: by file and line for the application, once for a
// distribution.
func (b *pythonBuild) warnImports(g *pythonGroup, done []cpython.Compiled) {
	if g.name != "" {
		for i, c := range done {
			if used := intersect(network, c.Imports); len(used) > 0 && !strings.Contains(g.sources[i].Path, "/test") {
				b.warned = append(b.warned, Warning{Where: g.name, Text: "imports " + strings.Join(used, " and ") + ": " + cannot["socket"]})
				return
			}
		}
		return
	}
	lacking := map[string]string{}
	for name, why := range b.library.Unavailable {
		if lacking[name] = why; why == "" {
			lacking[name] = "the runtime does not have it"
		}
	}
	maps.Copy(lacking, cannot)
	for i, c := range done {
		s := g.sources[i]
		for _, name := range slices.Sorted(maps.Keys(lacking)) {
			if n := lineOf(s.Data, importOf(name)); n > 0 && slices.Contains(c.Imports, name) {
				b.warned = append(b.warned, Warning{Where: fmt.Sprintf("%s:%d", b.origin(s.Path), n), Text: "import of " + name + ": " + lacking[name]})
			}
		}
		if n := lineOf(s.Data, threads()); n > 0 {
			b.warned = append(b.warned, Warning{Where: fmt.Sprintf("%s:%d", b.origin(s.Path), n), Text: "there are no threads: starting one raises RuntimeError"})
		}
	}
}

func intersect(names, imports []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(imports, n) })
}

// importOf finds a statement that imports a module, as people write it.
func importOf(name string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(name)
	return regexp.MustCompile(`^\s*(from\s+` + quoted + `\b|import\s+([\w.\s,]*,\s*)?` + quoted + `\b)`)
}

// lineOf is the number of the first line with a match that is no comment; 0 when there is none.
func lineOf(source []byte, what *regexp.Regexp) int {
	s := bufio.NewScanner(bytes.NewReader(source))
	s.Buffer(nil, len(source)+1)
	for n := 1; s.Scan(); n++ {
		if line := s.Text(); what.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return n
		}
	}
	return 0
}
