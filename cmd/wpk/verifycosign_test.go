package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

// cosigned is one way in which cosign signs or attests.
type cosigned struct {
	program string
	bundle  bool
	key     bool
	attest  bool
}

func (c cosigned) String() string {
	return fmt.Sprintf("%s, bundle %t, key %t, attest %t", filepath.Base(c.program), c.bundle, c.key, c.attest)
}

// run lets cosign sign; nobody beyond loopback can be asked.
func (c cosigned) run(t *testing.T, s *sigstore.Stack, dir, ref string) {
	t.Helper()
	args := []string{"sign"}
	if c.attest {
		predicate := filepath.Join(dir, "predicate.json")
		if err := os.WriteFile(predicate, []byte(`{"tested":true}`), 0o600); err != nil {
			t.Fatal(err)
		}
		args = []string{"attest", "--type", "https://example.test/predicate", "--predicate", predicate}
	}
	args = append(args, "--yes", fmt.Sprintf("--new-bundle-format=%t", c.bundle))
	switch {
	case c.key:
		args = append(args, "--key", filepath.Join(dir, "cosign.key"), "--tlog-upload=false", "--use-signing-config=false")
	case c.bundle:
		args = append(args, "--identity-token", tokenFile(t, s, dir), "--signing-config", s.SigningConfigV1, "--trusted-root", s.TrustedRoot)
	default:
		args = append(args, "--identity-token", tokenFile(t, s, dir), "--use-signing-config=false",
			"--rekor-url", s.RekorV1URL, "--fulcio-url", s.FulcioURL, "--trusted-root", s.TrustedRoot,
			"--timestamp-server-url", s.TimestampURL)
	}
	cosign(t, s, c.program, dir, append(args, ref)...)
}

const developer = "dev@example.test"

func tokenFile(t *testing.T, s *sigstore.Stack, dir string) string {
	t.Helper()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(s.Token(developer)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func cosign(t *testing.T, s *sigstore.Stack, program, dir string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(), "COSIGN_PASSWORD=test",
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", "SIGSTORE_NO_CACHE=true",
		"SIGSTORE_ROOT_FILE=" + s.FulcioChain, "SIGSTORE_REKOR_PUBLIC_KEY=" + s.RekorV1Key, "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=" + s.CertificateLogKey,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// What the real cosign has signed is verified, in both of its forms and
// versions, by a certificate of the real Fulcio that a real log has, and what is
// not as it should be is kept out.
func TestVerifyCosign(t *testing.T) {
	s := sigstore.Start(t)
	w := newWorld(t)
	keyless := []string{"--identity", developer, "--issuer", s.IssuerURL, "--trusted-root", s.TrustedRoot}
	for i, program := range []string{s.Cosign2, s.Cosign3} {
		if program == "" {
			t.Fatal("a version of cosign is missing")
		}
		for n := range 8 {
			c := cosigned{program, n&1 != 0, n&2 != 0, n&4 != 0}
			t.Run(c.String(), func(t *testing.T) {
				w.t = t
				dir := t.TempDir()
				repo := fmt.Sprintf("%s/acme/cosign%d-%d", w.host, i, n)
				digest := w.artifact(repo+":1", 0)
				by := keyless
				if c.key {
					cosign(t, s, program, dir, "generate-key-pair")
					by = []string{"--key", filepath.Join(dir, "cosign.pub")}
				}
				c.run(t, s, dir, repo+"@"+digest)
				verify := append([]string{"verify", repo + ":1"}, by...)
				if c.attest {
					// An attestation is no signature, in whatever form (attack 1).
					w.must(exitUnsigned, "no signature", verify...)
					verify = append(verify, "--attestation-only", "--type", "https://example.test/predicate")
				}
				if out := w.ok(verify...); !strings.HasPrefix(out, repo+":1@"+digest+"\n") ||
					!c.key && (!strings.Contains(out, developer) || !strings.Contains(out, "transparency log, entry ")) {
					t.Errorf("printed %q", out)
				}
				if c.key {
					w.must(exitInvalid, "log", append(verify, "--require-transparency-log", "--trusted-root", s.TrustedRoot)...)
					w.must(exitInvalid, "timestamp", append(verify, "--require-timestamp", "--trusted-root", s.TrustedRoot)...)
				} else {
					// Of an .att, cosign asks for the time of the whole layer.
					w.ok(append(verify, "--require-timestamp")...)
				}
			})
		}
	}
	w.t = t
	repo := w.host + "/acme/cosign1-1" // by a certificate, as a bundle
	w.must(exitIdentity, "it is by \""+developer+"\"", "verify", repo+":1", "--identity", "other@example.test", "--issuer", s.IssuerURL, "--trusted-root", s.TrustedRoot)
	w.must(exitIdentity, "of issuer", "verify", repo+":1", "--identity", developer, "--issuer", "https://accounts.example", "--trusted-root", s.TrustedRoot)
	w.must(exitIdentity, "it is by", "verify", repo+":1", "--identity-regexp", "dev@example", "--issuer", s.IssuerURL, "--trusted-root", s.TrustedRoot)
	w.ok("verify", repo+":1", "--identity-regexp", ".*@example.test", "--issuer-regexp", "http://127.*", "--trusted-root", s.TrustedRoot)
	other := sigstore.Start(t)
	w.must(exitInvalid, "not valid", "verify", repo+":1", "--identity", developer, "--issuer", s.IssuerURL, "--trusted-root", other.TrustedRoot)
}
