package pep440

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
)

// vectors reads answers of Python's own "packaging" library, made by testdata/vectors.py.
func vectors(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSpecifiersAsInPackaging(t *testing.T) {
	for _, row := range vectors(t, "specifiers.csv") {
		set, err := ParseSpecifiers(row[0])
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		v, err := Parse(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Contains(v); strconv.FormatBool(got) != row[2] {
			t.Errorf("%s contains %s: %t", row[0], row[1], got)
		}
	}
}

func TestCompareAsInPackaging(t *testing.T) {
	for _, row := range vectors(t, "compare.csv") {
		a, err := Parse(row[0])
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Compare(b); strconv.Itoa(got) != row[2] {
			t.Errorf("%s and %s: %d, want %s", row[0], row[1], got, row[2])
		}
	}
}

func TestNormalForm(t *testing.T) {
	for in, want := range map[string]string{
		"v1.0-ALPHA.2": "1.0a2", "1.0.c3": "1.0rc3", "1-3": "1.post3", "1.0.r": "1.0.post0", "1.dev": "1.dev0",
		"1!2+Ab_c-1": "1!2+ab.c.1", " 3.13 ": "3.13", "1.0preview": "1.0rc0",
	} {
		v, err := Parse(in)
		if err != nil || v.String() != want {
			t.Errorf("%q is %q, %v; want %q", in, v, err, want)
		}
	}
	for _, bad := range []string{"", "x", "1..2", "1.0+", "1.0-", "99999999999999999999", "1 .0"} {
		if v, err := Parse(bad); err == nil {
			t.Errorf("%q is read as %s", bad, v)
		}
	}
}

func TestQuestionsToSpecifiers(t *testing.T) {
	for text, want := range map[string]struct{ pre, exact bool }{
		"":          {false, false},
		">=1.0":     {false, false},
		">=1.0rc1":  {true, false},
		"==1.0.*":   {false, false},
		"==1.0":     {false, true},
		"===weird":  {false, true},
		"!=2.0.dev": {false, false},
	} {
		set, err := ParseSpecifiers(text)
		if err != nil {
			t.Fatal(err)
		}
		if set.Prereleases() != want.pre || set.Exact() != want.exact {
			t.Errorf("%q: pre-releases %t, exact %t", text, set.Prereleases(), set.Exact())
		}
	}
	for _, bad := range []string{"1.0", "=1.0", ">=1.0.*", "~=1", ">1+local", "== ", "===a b", "==1.0.dev1.*"} {
		if set, err := ParseSpecifiers(bad); err == nil {
			t.Errorf("%q is read as %s", bad, set)
		}
	}
}

func FuzzSpecifiers(f *testing.F) {
	f.Add(">=1.0,<2,!=1.5.*", "1.4")
	f.Add("~=1!2.0rc1", "1!2.1.post1+x")
	f.Fuzz(func(t *testing.T, spec, version string) {
		set, err := ParseSpecifiers(spec)
		if err != nil {
			return
		}
		again, err := ParseSpecifiers(set.String())
		if err != nil {
			t.Fatalf("%q is written %q: %v", spec, set, err)
		}
		v, err := Parse(version)
		if err != nil {
			return
		}
		if w, err := Parse(v.String()); err != nil || v.Compare(w) != 0 {
			t.Fatalf("%q is written %q: %v", version, v, err)
		}
		if set.Contains(v) != again.Contains(v) {
			t.Fatalf("%q and %q differ on %s", spec, again, v)
		}
	})
}
