package signing

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// What wpk itself states of a build is read by both cosigns: signed by a key without a log, and by an identity.
func TestKnown(t *testing.T) {
	w := newWorld(t)
	w.makeKey(t, "p256")
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), []byte("module example.test/app\n\ngo 1.21\n"))
	writeFile(t, filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(\"hello\") }\n"))
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	wpk := func(args ...string) {
		t.Helper()
		cmd := w.command(t, append([]string{binary}, args...)...)
		cmd.Env = append(cmd.Env, "GOCACHE="+strings.TrimSpace(string(cache)), "GOTOOLCHAIN=local")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	host := wpktest.DockerRegistry(t)
	for _, how := range []way{{"p256", 0}, {"", 1}} {
		t.Run(fmt.Sprintf("key %q, Rekor %d", how.key, how.rekor), func(t *testing.T) {
			ref := fmt.Sprintf("%s/acme/app%d:1", host, how.rekor)
			signer := []string{"--identity-token", w.identityToken(t), "--signing-config", w.SigningConfigV1, "--trusted-root", w.TrustedRoot}
			if how.key != "" {
				signer = []string{"--key", w.keys[how.key].private, "--offline"}
			}
			wpk(append([]string{"build", dir, "-t", ref, "--sign", "--attest", "slsaprovenance,spdx,cyclonedx"}, signer...)...)
			wpk("smoke", ref, "--arch", "amd64")
			wpk(append([]string{"attest", "store:" + ref, "--type", "test-result"}, signer...)...)
			wpk("push", ref)
			for _, c := range []cosign{{w.Cosign2, 2}, {w.Cosign3, 3}} {
				for name, predicateType := range map[string]string{
					"slsaprovenance1": attest.PredicateProvenance, "spdxjson": attest.PredicateSPDX,
					"cyclonedx": attest.PredicateCycloneDX, attest.PredicateTestResult: attest.PredicateTestResult,
				} {
					out := w.mustRun(t, c.verify(w, how, both, ref, &statement{predicateType: name})...)
					checkStatement(t, out, predicateType)
				}
			}
		})
	}
}

// checkStatement reads the envelope that cosign prints.
func checkStatement(t *testing.T, out, predicateType string) {
	t.Helper()
	var envelope struct{ Payload string }
	line, _, _ := strings.Cut(out, "\n")
	if err := json.Unmarshal([]byte(line), &envelope); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var s struct{ PredicateType string }
	if err := json.Unmarshal(payload, &s); err != nil || s.PredicateType != predicateType {
		t.Errorf("%v: a statement of %q, want %q", err, s.PredicateType, predicateType)
	}
}
