// Package wpktest gives tests what is real: registry servers of others, the
// clients of others, and the sources of programs of others. Nothing here
// stands in for a registry but [Memory], which counts requests.
//
// What a machine lacks skips a test with the reason; in CI (CI=true) it fails
// it, so that no test is lost unseen.
package wpktest

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Lacking ends a test for want of something on this machine: it skips it, or
// fails it when CI=true.
func Lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Need returns the path of a program: the pinned one of scripts/tools.sh, else
// the one on PATH, else one that scripts/fixtures.sh unpacked.
func Need(t testing.TB, name string) string {
	t.Helper()
	pinned := pinnedPath(name)
	if isFile(pinned) {
		return pinned
	}
	if pinned == "" { // a tool with a pin is only that version
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		if path := filepath.Join(cacheDir(), "fixtures", name, "usr", "bin", name); isFile(path) {
			return path
		}
	}
	Lacking(t, "%s is not here; `make test` sets it up", name)
	return ""
}

// Tool returns the path of a pinned tool of scripts/tools.sh, or an error that is
// [fs.ErrNotExist]: for those who have no test at hand.
func Tool(name string) (string, error) {
	path := pinnedPath(name)
	if !isFile(path) {
		return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return path, nil
}

// Fixture returns the folder that `scripts/fixtures.sh NAME` made: the sources
// of a program of others. Tests must not write to it; see [CopyDir].
func Fixture(t testing.TB, name string) string {
	t.Helper()
	for _, pattern := range []string{name + "@*", name} {
		found, _ := filepath.Glob(filepath.Join(cacheDir(), "fixtures", pattern))
		if len(found) > 0 {
			return found[len(found)-1]
		}
	}
	Lacking(t, "the sources of %s are not here; `make test` fetches them", name)
	return ""
}

// CopyDir copies a folder into a temporary one of the test and returns it.
func CopyDir(t testing.TB, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "src")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

//go:embed tools.txt
var tools []byte

// pinnedPath is where scripts/tools.sh keeps a tool, or "" when it has none of
// that name.
func pinnedPath(name string) string {
	for s := bufio.NewScanner(bytes.NewReader(tools)); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) == 3 && f[0] == name {
			return filepath.Join(cacheDir(), "bin", f[0]+"@"+f[1], name)
		}
	}
	return ""
}

// cacheDir is the folder of scripts/tools.sh and scripts/fixtures.sh. It is
// the scripts' rule on every system, not [os.UserCacheDir]'s.
func cacheDir() string {
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(cache, "wpk-dev")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
