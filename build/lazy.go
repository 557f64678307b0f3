package build

import (
	"regexp"
	"sync"
)

// lazyRegexp compiles an expression at its first use: all of them together would take a tenth of wpk's start.
func lazyRegexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
