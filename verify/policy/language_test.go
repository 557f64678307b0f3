//go:build policylang && linux

package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wpkdev/wpk/verify"
)

// vulnPolicy wants an attestation of a scan, under a condition.
func vulnPolicy(t testing.TB, kind, source string) string {
	t.Helper()
	return keyPolicy(t, "", "    attestations:\n    - name: scan\n      predicateType: vuln\n      policy:\n        type: "+kind+"\n        data: |\n"+indent(10, source)+"\n")
}

const vulnType = "https://cosign.sigstore.dev/attestation/vuln/v1"

// The conditions are of the kind that policy-controller's documentation has: over the whole in-toto statement.
func TestCUE(t *testing.T) {
	const source = `import "time"
predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1"
predicate: {
	scanner: uri: "pkg:scanner"
	high: <=2
	at: time.Time
}`
	for predicate, want := range map[string]Outcome{
		`{"scanner":{"uri":"pkg:scanner"},"high":2,"at":"2026-01-01T00:00:00Z"}`:          Pass,
		`{"scanner":{"uri":"pkg:scanner"},"high":3,"at":"2026-01-01T00:00:00Z"}`:          Fail,
		`{"scanner":{"uri":"pkg:other"},"high":0,"at":"2026-01-01T00:00:00Z"}`:            Fail,
		`{"scanner":{"uri":"pkg:scanner"},"high":0,"at":"yesterday"}`:                     Fail,
		`{"scanner":{"uri":"pkg:scanner"},"high":0,"more":1,"at":"2026-01-01T00:00:00Z"}`: Pass,
	} {
		report, err := evaluate(t, vulnPolicy(t, "cue", source), (&fakeEvidence{}).with(vulnType, predicate), fakeFacts{}, nil)
		expect(t, predicate, report, err, want, "attestation scan (vuln)")
	}
}

// A field that is not there meets no condition. In a cluster it would meet the first three.
func TestCUEMissing(t *testing.T) {
	for source, want := range map[string]Outcome{
		"predicate: high: <=2": Fail, "predicate: high!: <=2": Fail, "predicate: high: int": Fail, "predicate: high?: <=2": Pass,
	} {
		report, err := evaluate(t, vulnPolicy(t, "cue", source), (&fakeEvidence{}).with(vulnType, "{}"), fakeFacts{}, nil)
		expect(t, source, report, err, want, "attestation scan (vuln)")
	}
}

func TestRego(t *testing.T) {
	const plain = `package sigstore
default isCompliant = false
isCompliant { input.predicate.high <= 2 }`
	const words = `package sigstore
isCompliant[response] {
	result = (input.predicate.high <= 2)
	errorMsg = sprintf("%d are high", [input.predicate.high])
	response := {"result": result, "error": errorMsg, "warning": input.predicate.note}
}`
	const modern = "package sigstore\nimport rego.v1\nisCompliant if input.predicate.high <= 2"
	for _, c := range []struct {
		name, source, predicate string
		want                    Outcome
		part                    string
	}{
		{"true", plain, `{"high":2}`, Pass, "pass    attestation scan"},
		{"false", plain, `{"high":3}`, Fail, "isCompliant is not true"},
		{"undefined", plain, `{}`, Fail, "isCompliant is not true"},
		{"a result", words, `{"high":1,"note":""}`, Pass, "pass    attestation scan"},
		{"an error", words, `{"high":7,"note":""}`, Fail, "7 are high"},
		{"a warning", words, `{"high":1,"note":"soon"}`, Fail, "warning: soon"},
		{"version 1", modern, `{"high":2}`, Pass, "pass    attestation scan"},
		{"another package", "package other\nisCompliant = true", `{}`, Fail, "isCompliant is not true"},
		{"a list of texts", "package sigstore\nisCompliant = [\"x\"]", `{}`, Fail, "no object with result"},
	} {
		report, err := evaluate(t, vulnPolicy(t, "rego", c.source), (&fakeEvidence{}).with(vulnType, c.predicate), fakeFacts{}, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
}

// The policy of the object sees what the authorities have found, and the configs.
func TestConditionOfAll(t *testing.T) {
	evidence := signedBy(verify.Verified{Signer: verify.Signer{Subject: "me", Issuer: "i", Extensions: map[string]string{"githubWorkflowRef": "refs/tags/v1"}}})
	facts := fakeFacts{configs: map[string]json.RawMessage{"wasip1/wasm": json.RawMessage(`{"config":{"User":"0"}}`)}}
	more := func(source string) string {
		return "  policy:\n    type: cue\n    fetchConfigFile: true\n    data: |\n" + indent(6, source) + "\n"
	}
	for source, want := range map[string]Outcome{
		`authorityMatches: k: signatures: [{subject: "me", issuer: "i", githubWorkflowRef: "refs/tags/v1"}]`: Pass,
		`authorityMatches: k: signatures: [{subject: "you"}]`:                                                Fail,
		`import "list"` + "\n" + `authorityMatches: k: signatures: list.MaxItems(1)`:                         Pass,
		`config: "wasip1/wasm": config: User: "65532"`:                                                       Fail,
		`config: "wasip1/wasm": config: User: "0"`:                                                           Pass,
	} {
		report, err := evaluate(t, keyPolicy(t, "", more(source)), evidence, facts, nil)
		expect(t, source, report, err, want, "policy (cue)")
	}
}

// A mistake in a condition is told where it stands in the file, and what reaches out is refused before anything runs.
func TestConditionRefuses(t *testing.T) {
	cue, rego := strings.Split(vulnPolicy(t, "cue", "x"), "\n"), strings.Split(vulnPolicy(t, "rego", "x"), "\n")
	first := slices.Index(cue, "          x") + 1
	if slices.Index(rego, "          x")+1 != first {
		t.Fatal("the texts differ")
	}
	for _, r := range []refusal{
		{vulnPolicy(t, "cue", "a: 1\nb: [1"), first + 1, 17, "missing", ""},
		{vulnPolicy(t, "cue", "a: unknown"), first, 14, "unknown", ""},
		{vulnPolicy(t, "cue", `import "tool/file"`+"\n"+`a: file.Read`), first, 18, `may not import "tool/file"`, ""},
		{vulnPolicy(t, "cue", `import "example.com/x"`+"\n"+`a: x.Y`), first, 18, "may not import", ""},
		{vulnPolicy(t, "rego", "package sigstore\nisCompliant {"), first + 2, 10, "unexpected eof", ""},
		{vulnPolicy(t, "rego", "package sigstore\nisCompliant { http.send({}) }"), first + 1, 25, "undefined function http.send", ""},
		{vulnPolicy(t, "rego", "package sigstore\nisCompliant { opa.runtime() }"), first + 1, 25, "undefined function opa.runtime", ""},
		{vulnPolicy(t, "rego", "package sigstore\nisCompliant { net.lookup_ip_addr(\"x\") }"), first + 1, 25, "undefined function net.lookup_ip_addr", ""},
	} {
		r.check(t)
	}
}

// TestRegoBuiltins names what is left out, so that a new version of OPA that can do more is noticed.
func TestRegoBuiltins(t *testing.T) {
	kept := map[string]bool{}
	for _, b := range regoCapabilities().Builtins {
		kept[b.Name] = true
	}
	var gone []string
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if !kept[b.Name] {
			gone = append(gone, b.Name)
		}
	}
	want := []string{
		"http.send", "io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw", "json.match_schema", "json.verify_schema", "net.cidr_contains", "net.cidr_contains_matches",
		"net.cidr_expand", "net.cidr_intersects", "net.cidr_is_valid", "net.cidr_merge", "net.cidr_overlap",
		"net.lookup_ip_addr", "opa.runtime", "rand.intn", "uuid.rfc4122",
	}
	slices.Sort(gone)
	if !slices.Equal(gone, want) {
		t.Errorf("got %q", gone)
	}
}

// Conditions that take too much are stopped, and Rego's leave nothing behind.
func TestRegoBounds(t *testing.T) {
	const source = "package sigstore\nisCompliant { x := numbers.range(0, 100000000); count(x) == 0 }"
	report, err := evaluate(t, vulnPolicy(t, "rego", source), (&fakeEvidence{}).with(vulnType, "{}"), fakeFacts{}, nil)
	expect(t, "memory", report, err, Fail, ": takes ") // too much memory, or on a busy machine too long
}

// runaway tells a second run of the test binary to evaluate what takes too much: CUE cannot be stopped, so that only the
// end of the process frees what it holds, as it is with wpk.
const runaway = "WPK_TEST_RUNAWAY"

func TestCUEBounds(t *testing.T) {
	if os.Getenv(runaway) != "" {
		const source = "import \"list\"\npredicate: x: list.Range(0, 100000000, 1)"
		_, err := Parse([]byte(vulnPolicy(t, "cue", source)), "p")
		fmt.Println(err)
		os.Exit(0)
	}
	ctx, cancel := context.WithTimeout(t.Context(), maxEvaluation+20*time.Second)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCUEBounds$")
	child.Env = append(os.Environ(), runaway+"=1")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "data: takes ") {
		t.Errorf("got %v and %s", err, out)
	}
	if usage, ok := child.ProcessState.SysUsage().(*syscall.Rusage); ok && usage.Maxrss > 1500<<10 {
		t.Errorf("took %d MiB", usage.Maxrss>>10)
	}
}
