// Package pep440 reads, compares and selects Python's versions.
// https://packaging.python.org/en/latest/specifications/version-specifiers/
package pep440

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// maxVersion bounds the text of a version: longer ones are no versions of anything.
const maxVersion = 256

// Version is a version that was read by [Parse]. The zero value is no version.
type Version struct {
	epoch    int64
	release  []int64
	pre      string // "a", "b" or "rc"; "" for none
	preNum   int64
	post     int64 // -1 for none
	dev      int64 // -1 for none
	local    string
	original string
}

// form is the specification's own expression for versions, in one case.
var form = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
		`(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?([0-9]*))?` +
		`(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?` +
		`(?:[-_.]?(dev)[-_.]?([0-9]*))?` +
		`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)
})

// Parse reads a version in any spelling that the specification allows.
func Parse(s string) (Version, error) {
	m := form().FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil || len(s) > maxVersion {
		return Version{}, fmt.Errorf("%q is no version", shorten(s))
	}
	v := Version{post: -1, dev: -1, original: strings.TrimSpace(s)}
	var failed error
	number := func(digits string) int64 {
		if digits == "" {
			return 0
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			failed = fmt.Errorf("%q is no version: %w", s, err)
		}
		return n
	}
	v.epoch = number(m[1])
	for part := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, number(part))
	}
	if m[3] != "" {
		v.pre, v.preNum = preLetter(m[3]), number(m[4])
	}
	if m[5] != "" {
		v.post = number(m[5])
	} else if m[6] != "" {
		v.post = number(m[7])
	}
	if m[8] != "" {
		v.dev = number(m[9])
	}
	v.local = strings.NewReplacer("-", ".", "_", ".").Replace(m[10])
	return v, failed
}

func preLetter(word string) string {
	switch word {
	case "alpha":
		return "a"
	case "beta":
		return "b"
	case "c", "pre", "preview":
		return "rc"
	}
	return word
}

func shorten(s string) string {
	if len(s) > maxVersion {
		return s[:maxVersion] + "…"
	}
	return s
}

// IsPrerelease tells of a version before a final one: alpha, beta, candidate or development.
func (v Version) IsPrerelease() bool { return v.pre != "" || v.dev >= 0 }

// String is the version in its normal form.
func (v Version) String() string {
	s := v.public()
	if v.local != "" {
		s += "+" + v.local
	}
	return s
}

// Original is the version as it was written.
func (v Version) Original() string { return v.original }

func (v Version) public() string {
	var b strings.Builder
	b.WriteString(v.base())
	if v.pre != "" {
		fmt.Fprintf(&b, "%s%d", v.pre, v.preNum)
	}
	if v.post >= 0 {
		fmt.Fprintf(&b, ".post%d", v.post)
	}
	if v.dev >= 0 {
		fmt.Fprintf(&b, ".dev%d", v.dev)
	}
	return b.String()
}

func (v Version) base() string {
	var b strings.Builder
	if v.epoch != 0 {
		fmt.Fprintf(&b, "%d!", v.epoch)
	}
	for i, n := range v.release {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	return b.String()
}

// Compare orders versions: -1 when v is before w, 0 when they are equal ("1.0" and "1.0.0" are), 1 after it.
func (v Version) Compare(w Version) int {
	if c := v.comparePublic(w); c != 0 {
		return c
	}
	return compareLocal(v.local, w.local)
}

func (v Version) comparePublic(w Version) int {
	return cmp.Or(
		cmp.Compare(v.epoch, w.epoch),
		compareRelease(v.release, w.release),
		cmp.Compare(v.preRank(), w.preRank()),
		cmp.Compare(v.preNum, w.preNum),
		cmp.Compare(v.post, w.post),
		cmp.Compare(v.devRank(), w.devRank()),
	)
}

// compareRelease compares as if the shorter one went on with zeros.
func compareRelease(a, b []int64) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(at(a, i), at(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func at(release []int64, i int) int64 {
	if i < len(release) {
		return release[i]
	}
	return 0
}

// preRank: 1.dev0 < 1a1 < 1b1 < 1rc1 < 1 = 1.post1 in this part.
func (v Version) preRank() int {
	switch {
	case v.pre == "" && v.post < 0 && v.dev >= 0:
		return 0
	case v.pre == "":
		return 4
	}
	return 1 + slices.Index([]string{"a", "b", "rc"}, v.pre)
}

// devRank puts a version without a development number after all that have one.
func (v Version) devRank() uint64 { return uint64(v.dev) } // #nosec G115 -- -1 is meant to become the greatest

// compareLocal: none before any, words before numbers, the shorter before the longer.
func compareLocal(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(as, bs, func(x, y string) int {
		n, xerr := strconv.ParseUint(x, 10, 64)
		m, yerr := strconv.ParseUint(y, 10, 64)
		switch {
		case xerr == nil && yerr == nil:
			return cmp.Compare(n, m)
		case xerr == nil:
			return 1
		case yerr == nil:
			return -1
		}
		return cmp.Compare(x, y)
	})
}
