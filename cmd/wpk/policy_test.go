package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/verify/policy"
)

// What init writes is a policy that check explains, rule by rule.
func TestPolicyCheck(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	ref := repo + ":1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	file := filepath.Join(w.dir, "policy.yaml")
	w.ok("policy", "init", file, "--key", public, "--image", repo+"**", "--allow-imports", "exit")
	w.must(exitStorage, "--force replaces it", "policy", "init", file, "--key", public, "--image", repo+"**")

	out := w.must(exitPolicy, "no signature", "policy", "check", file, ref)
	if !strings.Contains(out, "fail    policy signed") || !strings.Contains(out, "fail    authority key-1") {
		t.Errorf("got %s", out)
	}
	w.sign(key, ref, digest, repo)
	out = w.ok("policy", "check", file, ref)
	for _, want := range []string{"pass  " + digest, "pass    repository: signed for " + repo, "pass    imports: all 1 imports are allowed"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	w.ok("verify", ref, "--policy", file)
	w.ok("policy", "init", file, "--force", "--key", public, "--image", repo+"**", "--allow-imports", "clocks")
	w.must(exitPolicy, "wasi_snapshot_preview1.proc_exit (exit)", "policy", "check", file, ref)

	var report policy.Report
	if err := json.Unmarshal([]byte(w.must(exitPolicy, "", "policy", "check", file, ref, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Outcome != policy.Fail || len(report.Policies) != 1 || report.Digest != digest || len(report.Verified) == 0 {
		t.Errorf("got %+v", report)
	}
}

// A good signature that was copied to another repository is none there (attack 4), and a tag that was moved to an old
// version lets nobody back (attack 11).
func TestPolicyCopiedAndRolledBack(t *testing.T) {
	w := newWorld(t)
	repo, other := w.host+"/acme/hello", w.host+"/acme/other"
	digest := w.artifact(repo+":1", 0)
	if again := w.artifact(other+":1", 0); again != digest {
		t.Fatalf("the same program is %s and %s", digest, again)
	}
	key, public := w.key("acme")
	file := filepath.Join(w.dir, "policy.yaml")
	w.ok("policy", "init", file, "--key", public, "--image", w.host+"/**")
	w.sign(key, repo+":1", digest, repo)
	w.sign(key, other+":1", digest, repo)
	w.ok("policy", "check", file, repo+":1")
	w.must(exitPolicy, "signed for another repository: "+repo, "policy", "check", file, other+":1")

	w.ok("policy", "init", file, "--force", "--key", public, "--image", w.host+"/**", "--min-version", "2.0.0")
	w.must(exitPolicy, "a tag is signed by nobody", "policy", "check", file, repo+":1")
	w.ok("policy", "init", file, "--force", "--key", public, "--image", w.host+"/**", "--max-age", "30d")
	w.must(exitPolicy, "its age is not known", "policy", "check", file, repo+":1")
}

// A folder has no name; --policy-as says which it goes by.
func TestPolicyCheckLayout(t *testing.T) {
	w := newWorld(t)
	ref := w.host + "/acme/hello:1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	file := filepath.Join(w.dir, "policy.yaml")
	w.ok("policy", "init", file, "--key", public, "--image", w.host+"/acme/**")
	layout := "oci:" + filepath.Join(w.dir, "layout") + ":1"
	w.ok("copy", ref, layout)
	w.sign(key, layout, digest, w.host+"/acme/hello")
	w.must(exitPolicy, "without a repository's name", "policy", "check", file, layout)
	w.ok("policy", "check", file, layout, "--policy-as", ref)
	w.ok("verify", "--policy", file, "--policy-as", ref, layout)
	w.must(exitPolicy, "without a repository's name", "verify", "--policy", file, layout)
	w.must(exitUsage, "policies are for names in registries", "policy", "check", file, layout, "--policy-as", layout)
	elsewhere := "ghcr.io/acme/hello:1"
	w.must(exitPolicy, "is for it", "policy", "check", file, layout, "--policy-as", elsewhere)
	w.ok("policy", "check", file, layout, "--policy-as", elsewhere, "--allow-unmatched")
}
