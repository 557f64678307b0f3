// Package pypi finds, verifies and unpacks Python distributions without Python: it reads requirements and lock files,
// asks a package index, resolves versions for a fixed target, and opens wheels and installed environments.
//
// Everything it reads comes from strangers, so everything is bounded, and what is downloaded counts only with its
// SHA-256. It starts no program: a distribution that would have to be built is refused by name.
package pypi

import "strings"

// Normalize returns a distribution's name as the index knows it: lower case, with "-" for every run of "-", "_", ".".
// https://packaging.python.org/en/latest/specifications/name-normalization/
func Normalize(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}

// validName tells whether a name has the letters, digits and separators that names may have.
func validName(name string) bool {
	if name == "" || len(name) > 200 || !alphanumeric(name[0]) || !alphanumeric(name[len(name)-1]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
