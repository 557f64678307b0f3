package policy

import (
	"regexp"
	"strings"
	"testing"
)

// The expectations are those of policy-controller's own tests of its globs, for names that are written in full.
func TestGlob(t *testing.T) {
	for _, c := range []struct {
		name, glob string
		want       bool
	}{
		{"index.docker.io/library/foo:latest", "index.docker.io/library/foo:latest", true},
		{"index.docker.io/library/foo:latest", "index.docker.io/library/*", true},
		{"index.docker.io/library/foo:latest", "index.docker.io/library/*:latest", true},
		{"index.docker.io/library/foo:latest", "index.docker.io/*/*", true},
		{"index.docker.io/library/foo:latest", "index.docker.**", true},
		{"index.docker.io/library/foo:latest", "inde**", true},
		{"index.docker.io/library/foo:latest", "inde*", false},
		{"index.docker.io/library/foo:latest", "**", true},
		{"index.docker.io/library/foo:latest", "*", true},
		{"ghcr.io/foo:1", "*", false},
		{"index.docker.io/myuser/myapp:latest", "*/*", true},
		{"ghcr.io/myuser/myapp:latest", "*/*", false},
		{"ghcr.io/foo/bar:latest", "ghcr.io/*/*", true},
		{"ghcr.io/foo:latest", "ghcr.io/*/*", false},
		{"ghcr.io/foo:latest", "*/**", true},
		{"ghcr.io/foo:latest", "ghcr.io/foo*", true},
		{"ghcr.io/foo/bar:latest", "ghcr.io/foo*", false},
		{"ghcr.io/foo/bar:latest", "ghcr.io/foo**", true},
		{"ghcr.io/foo:latest", "ghcr.io/foo", false},
		{"prefix-ghcr.io/foo:latest", "ghcr.io/foo*", false},
		{"ghcr.io/foo-suffix:latest", "ghcr.io/foo:*", false},
		{"ghcrxio/foo:latest", "ghcr.io/**", false},
		{"ghcr.io/foo@sha256:abc", "ghcr.io/foo@sha256:abc", true},
		{"ghcr.io/foo@sha256:abc", "ghcr.io/foo:**", false},
		{"a/b/c/d", "a***d", true},
	} {
		g, ok := parseGlob(c.glob)
		if !ok || g.match(c.name) != c.want {
			t.Errorf("%s on %s: want %t (valid %t)", c.glob, c.name, c.want, ok)
		}
	}
	for _, bad := range []string{"", ".+", "[a-z]*", "a b", "ä", strings.Repeat("a", maxGlob+1)} {
		if _, ok := parseGlob(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzGlob holds the matcher against the regular expression that policy-controller makes of a glob.
func FuzzGlob(f *testing.F) {
	f.Add("ghcr.io/*/b**", "ghcr.io/a/b/c@sha256:1")
	f.Add("***", "a/b")
	f.Add("a*/*b", "aa/b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		g, ok := parseGlob(pattern)
		if !ok || pattern == "*" || pattern == "*/*" || strings.ContainsAny(name, "\n") {
			return
		}
		e := strings.NewReplacer(".", `\.`, "**", ".*", "*", "[^/]*").Replace(pattern)
		if want := regexp.MustCompile("^(?s:" + e + ")$").MatchString(name); g.match(name) != want {
			t.Errorf("%q on %q: got %t", pattern, name, !want)
		}
	})
}
