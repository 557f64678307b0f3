package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	provenancev1 "github.com/in-toto/attestation/go/predicates/provenance/v1"
	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/wpktest"
)

const (
	artifactDigest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	moduleDigest   = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	revision       = "0123456789abcdef0123456789abcdef01234567"
)

// known is a build with something of everything.
func known() Build {
	hash := strings.Repeat("c", 64)
	return Build{
		Subject: Subject{Name: "ghcr.io/acme/hello", Digest: artifactDigest},
		Module:  Module{Digest: moduleDigest, Size: 2715402},
		Facts: build.Facts{
			Language: build.LanguageGo, Target: build.TargetWASIP1, Name: "hello", Version: "v1.2.3",
			Tools:  []build.Tool{{Name: "go", Version: "1.26.8", Digest: "sha256:" + hash}, {Name: "nobody"}},
			Flags:  []string{"-trimpath", "-ldflags=-s -w & <more>"},
			Env:    []string{"GOFLAGS=-mod=vendor"},
			Source: build.Source{Revision: revision, URL: "https://github.com/acme/hello", Folder: "cmd/hello"},
			Dependencies: []build.Dependency{
				{Type: "golang", Kind: build.DependencyModule, Name: "github.com/Acme/x", Version: "v1.0.0", PURL: "pkg:golang/github.com/acme/x@v1.0.0", DirHash: hash, Relation: build.RelationDirect},
				{Type: "cargo", Kind: build.DependencyCrate, Name: "serde_derive", Version: "1.0.0", PURL: "pkg:cargo/serde_derive@1.0.0", SHA256: hash, License: "MIT OR Apache-2.0", Relation: build.RelationBuild},
				{Type: "npm", Kind: build.DependencyNPM, Name: "@a/b", Version: "2.0.0", PURL: "pkg:npm/%40a/b@2.0.0", SHA512: strings.Repeat("d", 128), License: "SEE LICENSE IN x", Relation: build.RelationIndirect},
				{Type: "generic", Kind: build.DependencyRuntime, Name: "cpython", Version: "3.13.5", PURL: "pkg:generic/cpython@3.13.5", License: "PSF-2.0"},
				{Type: "deb", Kind: build.DependencySystemLibrary, Name: "wasi-libc", Version: "0.0~git2022-2", PURL: "pkg:deb/debian/wasi-libc@0.0~git2022-2?arch=all&distro=debian-12", Note: "linked: libc.a (63 members)"},
			},
			Unknown: []string{"where libfoo.a comes from"},
		},
		Recipe:  Recipe{Command: "build", WorkingDirectory: "cmd", Operand: "hello", Options: map[string][]string{"label": {"a=b", "c=d"}, "go-tags": {"x"}}},
		Builder: Builder{ID: "https://github.com/acme/hello/.github/workflows/ci.yml@refs/heads/main", Version: "1.0.0", Platform: "linux/amd64", Invocation: "https://github.com/acme/hello/actions/runs/1/attempts/1"},
		Time:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// predicateOf unpacks a statement by the library of the specification, which checks it.
func predicateOf(t *testing.T, raw []byte, wantType string, predicate proto.Message) *intoto.Statement {
	t.Helper()
	var s intoto.Statement
	if err := protojson.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	if err := s.Validate(); err != nil || s.PredicateType != wantType || s.Subject[0].Name != "ghcr.io/acme/hello" || "sha256:"+s.Subject[0].Digest["sha256"] != artifactDigest {
		t.Fatalf("%v: %s about %v", err, s.PredicateType, s.Subject)
	}
	if predicate != nil {
		b, err := protojson.Marshal(s.Predicate)
		if err != nil {
			t.Fatal(err)
		}
		if err := protojson.Unmarshal(b, predicate); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
	}
	return &s
}

func TestProvenance(t *testing.T) {
	raw, err := Provenance(known())
	if err != nil {
		t.Fatal(err)
	}
	var p provenancev1.Provenance
	predicateOf(t, raw, PredicateProvenance, &p)
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	deps := p.BuildDefinition.ResolvedDependencies
	if len(deps) != 7 || deps[0].Uri != "git+https://github.com/acme/hello" || deps[0].Digest["gitCommit"] != revision || deps[1].Name != "go" {
		t.Errorf("dependencies %v", deps)
	}
	if d := deps[2]; d.Uri != "pkg:golang/github.com/acme/x@v1.0.0" || d.Digest["dirHash"] == "" || d.Annotations.AsMap()["relation"] != "direct" {
		t.Errorf("module %v", d)
	}
	if in := p.BuildDefinition.InternalParameters.AsMap(); in["reproducible"] != true || in["dirty"] != false {
		t.Errorf("internal parameters %v", in)
	}
	if p.RunDetails.Metadata.InvocationId == "" || p.RunDetails.Metadata.StartedOn != nil || p.RunDetails.Builder.Version["wpk"] != "1.0.0" {
		t.Errorf("run details %v", p.RunDetails)
	}
	if !bytes.Contains(raw, []byte("& <more>")) {
		t.Error("characters of HTML are escaped")
	}
}

func TestProvenanceSaysWhyItVaries(t *testing.T) {
	b := known()
	b.Facts.Varies, b.Facts.Source.Dirty = []string{"because"}, true
	raw, err := Provenance(b)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadProvenance(raw)
	if err != nil || !r.Source.Dirty || !slices.Equal(r.Facts.Varies, b.Facts.Varies) || !bytes.Contains(raw, []byte(`"reproducible":false`)) {
		t.Errorf("%v: %+v", err, r)
	}
}

func TestSBOMsAreValid(t *testing.T) {
	bare := Build{Subject: Subject{Digest: artifactDigest}, Module: Module{Digest: moduleDigest}, Builder: Builder{Version: "dev"}, Time: time.Unix(0, 0)}
	var pairs []string
	for name, b := range map[string]Build{"all": known(), "bare": bare} {
		for kind, write := range map[string]func(Build) ([]byte, error){"spdx": SPDX, "cyclonedx": CycloneDX} {
			raw, err := write(b)
			if err != nil {
				t.Fatal(err)
			}
			var s struct{ Predicate json.RawMessage }
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), name+"."+map[string]string{"spdx": "spdx", "cyclonedx": "cdx"}[kind]+".json")
			if err := os.WriteFile(file, s.Predicate, 0o600); err != nil {
				t.Fatal(err)
			}
			pairs = append(pairs, kind, file)
		}
	}
	wpktest.ValidateSBOM(t, pairs...)
}

func TestSPDX(t *testing.T) {
	raw, err := SPDX(known())
	if err != nil {
		t.Fatal(err)
	}
	predicateOf(t, raw, PredicateSPDX, nil)
	for _, want := range []string{
		`"created":"2026-01-02T03:04:05Z"`, `"name":"hello"`, `"relationshipType":"BUILD_DEPENDENCY_OF"`, `"relationshipType":"CONTAINS"`,
		`"licenseDeclared":"MIT OR Apache-2.0"`, `It says \"SEE LICENSE IN x\".`, `Not known: where libfoo.a comes from.`, `"algorithm":"SHA512"`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
}

func TestCycloneDX(t *testing.T) {
	raw, err := CycloneDX(known())
	if err != nil {
		t.Fatal(err)
	}
	predicateOf(t, raw, PredicateCycloneDX, nil)
	for _, want := range []string{`"specVersion":"1.6"`, `"aggregate":"incomplete"`, `"scope":"excluded"`, `"type":"platform"`, `"serialNumber":"urn:uuid:`} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	b := known()
	b.Facts.Unknown = nil
	if raw, err = CycloneDX(b); err != nil || !bytes.Contains(raw, []byte(`"aggregate":"complete"`)) {
		t.Errorf("%v: nothing is unknown, and it is not complete", err)
	}
}

func TestTestResult(t *testing.T) {
	tests := []Test{{OS: "linux", Arch: "amd64", Engine: "wazero compiler", OK: true}, {OS: "linux", Arch: "arm64", Engine: "wazero interpreter", Emulator: "qemu", OK: true}, {OS: "linux", Arch: "s390x", Skipped: true}}
	for name, tt := range map[string]struct {
		tests  []Test
		result string
		passed []string
	}{
		"passed":  {tests, "PASSED", []string{"linux/amd64 (wazero compiler)", "linux/arm64 (wazero interpreter, qemu)"}},
		"failed":  {append(slices.Clone(tests[:1]), Test{OS: "linux", Arch: "arm", Engine: "wazero interpreter"}), "FAILED", []string{"linux/amd64 (wazero compiler)"}},
		"nothing": {tests[2:], "FAILED", nil},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := TestResult(Smoke{Subject: known().Subject, Module: moduleDigest, Args: []string{"-v"}, Tests: tt.tests})
			if err != nil {
				t.Fatal(err)
			}
			var r testresult.TestResult
			predicateOf(t, raw, PredicateTestResult, &r)
			if r.Result != tt.result || !slices.Equal(r.PassedTests, tt.passed) {
				t.Errorf("%s: %v", r.Result, r.PassedTests)
			}
		})
	}
}

func TestSameFactsSameBytes(t *testing.T) {
	for name, write := range map[string]func(Build) ([]byte, error){"provenance": Provenance, "spdx": SPDX, "cyclonedx": CycloneDX} {
		first, err := write(known())
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if again, err := write(known()); err != nil || !bytes.Equal(first, again) {
				t.Fatalf("%s: %v\n%s\n%s", name, err, first, again)
			}
		}
	}
}

func TestStatementRefuses(t *testing.T) {
	for _, tt := range []struct {
		digest, predicate string
		want              error
	}{
		{"sha256:1", "{}", ErrSubject}, {"sha512:" + strings.Repeat("a", 128), "{}", ErrSubject}, {artifactDigest, "[]", ErrPredicate},
		{artifactDigest, "null", ErrPredicate}, {artifactDigest, "", ErrPredicate},
	} {
		if _, err := Statement(Subject{Digest: tt.digest}, "x:y", []byte(tt.predicate)); !errors.Is(err, tt.want) {
			t.Errorf("%s %q: %v", tt.digest, tt.predicate, err)
		}
	}
}

func TestExpressions(t *testing.T) {
	for expression, want := range map[string]bool{
		"MIT": true, "MIT OR Apache-2.0": true, "(MIT OR Apache-2.0) AND Unicode-3.0": true, "Apache-2.0 WITH LLVM-exception OR MIT": true,
		"": false, "BSD": false, "MIT Apache-2.0": false, "MIT OR": false, "(MIT": false, "MIT)": false, "OR MIT": false, "MIT WITH nothing": false,
	} {
		if isExpression(expression) != want {
			t.Errorf("%q: %t", expression, !want)
		}
	}
}
