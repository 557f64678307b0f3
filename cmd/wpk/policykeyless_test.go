package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

// keylessPolicy believes a local Sigstore by a TrustRoot, and one developer.
func keylessPolicy(s *sigstore.Stack, image, metadata, root, subject, require string) []byte {
	return fmt.Appendf(nil, `apiVersion: policy.sigstore.dev/v1alpha1
kind: TrustRoot
metadata: %s
spec:
%s
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: releases
  annotations:
    wpk.dev/require: |
      %s
spec:
  images:
  - glob: %s**
  authorities:
  - name: release
    keyless:
      url: %s
      trustRootRef: local
      identities:
      - issuer: %s
        subjectRegExp: %s
    ctlog:
      url: %s
      trustRootRef: local
`, metadata, root, require, image, s.FulcioURL, s.IssuerURL, subject, s.RekorV1URL)
}

// A certificate of the real Fulcio that the real log has meets a policy that brings its own roots, as keys or as a file;
// the log's time is the age of it.
func TestPolicyKeyless(t *testing.T) {
	s := sigstore.Start(t)
	w := newWorld(t)
	repo := w.host + "/acme/keyless"
	ref := repo + ":1"
	digest := w.artifact(ref, 0)
	token := filepath.Join(w.dir, "token")
	w.write(token, []byte(s.Token("release@example.test")))
	c := exec.CommandContext(t.Context(), s.Cosign3, "sign", "--yes", "--identity-token", token,
		"--signing-config", s.SigningConfigV1, "--trusted-root", s.TrustedRoot, repo+"@"+digest)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "SIGSTORE_NO_CACHE=true"}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("cosign: %v\n%s", err, out)
	}
	read := func(file string) string {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	keys := "  sigstoreKeys:\n" +
		"    certificateAuthorities:\n    - {uri: " + s.FulcioURL + ", subject: {organization: o, commonName: c}, certChain: " + read(s.FulcioChain) + "}\n" +
		"    tLogs:\n    - {baseURL: " + s.RekorV1URL + ", hashAlgorithm: sha256, publicKey: " + read(s.RekorV1Key) + "}\n" +
		"    ctLogs:\n    - {baseURL: https://ct.example, hashAlgorithm: sha256, publicKey: " + read(s.CertificateLogKey) + "}\n"
	const anyRoot = "  remote: {root: e30=, mirror: https://tuf.example}\n"
	byFile := "{name: local, annotations: {wpk.dev/trusted-root: " + s.TrustedRoot + "}}"
	file := filepath.Join(w.dir, "policy.yaml")
	for name, text := range map[string][]byte{
		"by keys": keylessPolicy(s, repo, "{name: local}", keys, "^release@example\\.test$", "maxAge: 1h"),
		"by file": keylessPolicy(s, repo, byFile, anyRoot, "^release@example\\.test$", "maxAge: 2h"),
	} {
		w.write(file, text)
		if code, out, said := w.wpk("policy", "check", file, ref); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, said)
		}
	}
	// cosign 3 names no repository in a bundle.
	w.write(file, keylessPolicy(s, repo, byFile, anyRoot, "^release@example\\.test$", "repository: [same]"))
	w.must(exitPolicy, "the signer has named none", "policy", "check", file, ref)
	// An expression that fits a part of the name is not enough.
	w.write(file, keylessPolicy(s, repo, byFile, anyRoot, "release@example", "maxAge: 1h"))
	w.must(exitPolicy, "signed by somebody else", "policy", "check", file, ref)
	// Another Sigstore's root is not believed.
	other := sigstore.Start(t)
	w.write(file, keylessPolicy(s, repo, "{name: local, annotations: {wpk.dev/trusted-root: "+other.TrustedRoot+"}}", anyRoot, "^release@example\\.test$", "maxAge: 1h"))
	w.must(exitPolicy, "not valid", "policy", "check", file, ref)
	// Nor is the source of somebody whose certificate names none.
	w.write(file, keylessPolicy(s, repo, byFile, anyRoot, "^release@example\\.test$", "sourceRepository: ['https://github.com/acme/app']"))
	w.must(exitPolicy, "no provenance", "policy", "check", file, ref)
}
