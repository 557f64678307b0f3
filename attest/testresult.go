package attest

import (
	"fmt"
	"strings"
)

// Test is one run of the artifact's module.
type Test struct {
	OS       string // as Go names it: "linux"
	Arch     string // "arm64"
	Engine   string // "wazero compiler"
	Emulator string // "qemu"; "" = the machine's own architecture
	OK       bool
	Skipped  bool // it did not run
}

// Smoke is a matrix of runs, and what was expected of each.
type Smoke struct {
	Subject  Subject
	Module   string   // digest of the module that ran in all of them
	Args     []string // the program's arguments
	ExitCode uint32   // the one that was expected
	Version  string   // wpk's
	Tests    []Test
}

// testResult is the predicate. A test that was skipped is in no list: nothing is known of it.
type testResult struct {
	Result        string     `json:"result"` // PASSED, WARNED or FAILED
	Configuration []resource `json:"configuration"`
	PassedTests   []string   `json:"passedTests"`
	WarnedTests   []string   `json:"warnedTests"`
	FailedTests   []string   `json:"failedTests"`
}

// Name is how a test is called in the statement: "linux/arm64 (wazero interpreter, qemu)".
func (t Test) Name() string {
	how := []string{}
	for _, word := range []string{t.Engine, t.Emulator} {
		if word != "" {
			how = append(how, word)
		}
	}
	return fmt.Sprintf("%s/%s (%s)", t.OS, t.Arch, strings.Join(how, ", "))
}

// TestResult is the statement that tells on which architectures an artifact ran.
func TestResult(s Smoke) ([]byte, error) {
	module, err := digestSet(s.Module)
	if err != nil {
		return nil, err
	}
	expected := map[string]any{"exitCode": s.ExitCode, "sameOutput": true, "args": append([]string{}, s.Args...), "wpk": s.Version}
	r := testResult{
		Result: "PASSED", PassedTests: []string{}, WarnedTests: []string{}, FailedTests: []string{},
		Configuration: []resource{{Name: "module", MediaType: "application/wasm", Digest: module, Annotations: expected}},
	}
	for _, t := range s.Tests {
		switch {
		case t.Skipped:
		case t.OK:
			r.PassedTests = append(r.PassedTests, t.Name())
		default:
			r.FailedTests = append(r.FailedTests, t.Name())
		}
	}
	if len(r.FailedTests) > 0 || len(r.PassedTests) == 0 {
		r.Result = "FAILED"
	}
	raw, err := marshal(r)
	if err != nil {
		return nil, err
	}
	return Statement(s.Subject, PredicateTestResult, raw)
}
