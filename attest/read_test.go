package attest

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestReadProvenance(t *testing.T) {
	b := known()
	raw, err := Provenance(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadProvenance(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r.Recipe, b.Recipe) || r.Module != b.Module || r.Builder != b.Builder || !reflect.DeepEqual(r.Facts.Tools, b.Facts.Tools) {
		t.Errorf("%+v", r)
	}
	if r.Source != (RecordedSource{URL: "https://github.com/acme/hello", Revision: revision, Folder: "cmd/hello"}) || r.Subjects[0] != artifactDigest {
		t.Errorf("%+v %v", r.Source, r.Subjects)
	}
}

// TestReadHostileProvenance tries what somebody may write who wants this machine to run or read something.
func TestReadHostileProvenance(t *testing.T) {
	good, err := Provenance(known())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		old, new string
		want     error
	}{
		"no statement":                 {string(good), "{", ErrStatement},
		"another predicate":            {PredicateProvenance, "https://slsa.dev/provenance/v0.2", ErrStatement},
		"another builder":              {BuildType, "https://example.com/other", ErrBuildType},
		"a transport that runs":        {"git+https://github.com/acme/hello", "git+ext::sh -c id", ErrProvenance},
		"a local repository":           {"git+https://github.com/acme/hello", "git+file:///etc", ErrProvenance},
		"an option of git":             {"git+https://github.com/acme/hello", "--upload-pack=id", ErrProvenance},
		"a revision that is an option": {`{"gitCommit":"` + revision + `"},"folder"`, `{"gitCommit":"--output=x"},"folder"`, ErrProvenance},
		"a folder above":               {`"workingDirectory":"cmd"`, `"workingDirectory":"../.."`, ErrProvenance},
		"an absolute folder":           {`"workingDirectory":"cmd"`, `"workingDirectory":"/etc"`, ErrProvenance},
		"an operand above":             {`"operand":"hello"`, `"operand":"../../etc"`, ErrProvenance},
		"a drive":                      {`"operand":"hello"`, `"operand":"C:hello"`, ErrProvenance},
		"an option that is two":        {`"go-tags"`, `"go-tags --push"`, ErrProvenance},
		"another command":              {`"command":"build"`, `"command":"push"`, ErrProvenance},
		"no module":                    {strings.TrimPrefix(moduleDigest, "sha256:"), "1", ErrProvenance},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.ReplaceAll(string(good), tt.old, tt.new)
			if bad == string(good) {
				t.Fatal("nothing was replaced")
			}
			if r, err := ReadProvenance([]byte(bad)); !errors.Is(err, tt.want) {
				t.Errorf("%v: %+v", err, r)
			}
		})
	}
	if _, err := ReadProvenance(bytes.Repeat([]byte(" "), maxStatement+1)); !errors.Is(err, ErrStatement) {
		t.Errorf("a long one: %v", err)
	}
}

func FuzzReadProvenance(f *testing.F) {
	good, err := Provenance(known())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"_type":"` + StatementType + `","predicateType":"` + PredicateProvenance + `","predicate":{"buildDefinition":{"buildType":"` + BuildType + `"}}}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ReadProvenance(raw)
		if err != nil {
			return
		}
		if s := r.Source.URL; s != "" && !strings.HasPrefix(s, "https://") || strings.Contains(r.Recipe.WorkingDirectory, "..") && !localPath(r.Recipe.WorkingDirectory) {
			t.Errorf("let through: %+v", r)
		}
	})
}
