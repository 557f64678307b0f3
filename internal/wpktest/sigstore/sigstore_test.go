package sigstore_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

// Sigstore's own client signs with every service of the stack and believes what comes back, for a person and a job.
func TestStack(t *testing.T) {
	begin := time.Now()
	s := sigstore.Start(t)
	t.Logf("up after %v", time.Since(begin))

	job := sigstore.Workflow{Repository: "acme/tools", Ref: "refs/tags/v1.0"}
	for _, who := range []struct{ name, token, issuer, subject, repository string }{
		{"person", s.Token("dev@example.test"), s.IssuerURL, "dev@example.test", ""},
		{
			"job", s.WorkflowToken(job), s.WorkflowURL,
			"https://github.com/acme/tools/.github/workflows/release.yml@refs/tags/v1.0", "https://github.com/acme/tools",
		},
	} {
		for version, config := range map[uint32]string{1: s.SigningConfigV1, 2: s.SigningConfigV2} {
			t.Run(who.name+"/rekor v"+string(rune('0'+version)), func(t *testing.T) {
				signed := signMessage(t, s, config, who.token)
				result := verifyMessage(t, s, signed, who.issuer, who.subject)
				if got := result.Signature.Certificate.SourceRepositoryURI; got != who.repository {
					t.Errorf("the certificate's source repository is %q instead of %q", got, who.repository)
				}
				if n := len(result.VerifiedTimestamps); n < 1 {
					t.Errorf("%d verified timestamps", n)
				}
			})
		}
	}
	if got := job.Identity(); got != "https://github.com/acme/tools/.github/workflows/release.yml@refs/tags/v1.0" {
		t.Errorf("identity %q", got)
	}
}

const message = "what is signed"

func signMessage(t *testing.T, s *sigstore.Stack, configFile, token string) *bundle.Bundle {
	t.Helper()
	config, err := root.NewSigningConfigFromPath(configFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		t.Fatal(err)
	}
	rekor := config.RekorLogURLs()[0]
	signed, err := sign.Bundle(&sign.PlainData{Data: []byte(message)}, key, sign.BundleOptions{
		CertificateProvider:        sign.NewFulcio(&sign.FulcioOptions{BaseURL: config.FulcioCertificateAuthorityURLs()[0].URL}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token},
		TransparencyLogs:           []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: rekor.URL, Version: rekor.MajorAPIVersion})},
		TimestampAuthorities: []*sign.TimestampAuthority{
			sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: config.TimestampAuthorityURLs()[0].URL}),
		},
		Context: t.Context(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.NewBundle(signed)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verifyMessage(t *testing.T, s *sigstore.Stack, b *bundle.Bundle, issuer, subject string) *verify.VerificationResult {
	t.Helper()
	trusted, err := root.NewTrustedRootFromPath(s.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := verify.NewVerifier(trusted, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(message))
	for _, expected := range []struct {
		subject string
		good    bool
	}{{subject + "x", false}, {subject, true}} {
		identity, err := verify.NewShortCertificateIdentity(issuer, "", expected.subject, "")
		if err != nil {
			t.Fatal(err)
		}
		result, err := verifier.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest[:]), verify.WithCertificateIdentity(identity)))
		if (err == nil) != expected.good {
			t.Fatalf("subject %q: %v", expected.subject, err)
		}
		if expected.good {
			return result
		}
	}
	return nil
}

// A job asks for its token as GitHub's runner lets it, and nobody else gets one.
func TestActions(t *testing.T) {
	s := sigstore.Start(t)
	env := map[string]string{}
	for _, v := range s.ActionsEnv(sigstore.Workflow{}) {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	for authorization, want := range map[string]int{
		"Bearer " + env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]: http.StatusOK, "Bearer other": http.StatusUnauthorized, "": http.StatusUnauthorized,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env["ACTIONS_ID_TOKEN_REQUEST_URL"]+"&audience=sigstore", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != want {
			t.Fatalf("%q: %s, %v", authorization, res.Status, err)
		}
		if want != http.StatusOK {
			continue
		}
		var answer struct{ Value string }
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		verifyMessage(t, s, signMessage(t, s, s.SigningConfigV1, answer.Value), s.WorkflowURL, sigstore.Workflow{}.Identity())
	}
}

// Packages are tested side by side, each with a stack of its own.
func TestTwo(t *testing.T) {
	first, second := sigstore.Start(t), sigstore.Start(t)
	signed := signMessage(t, first, first.SigningConfigV1, first.Token("dev@example.test"))
	verifyMessage(t, first, signed, first.IssuerURL, "dev@example.test")
	other := signMessage(t, second, second.SigningConfigV2, second.Token("dev@example.test"))
	verifyMessage(t, second, other, second.IssuerURL, "dev@example.test")
}

// What the stack started is gone when it is closed.
func TestClose(t *testing.T) {
	s, err := sigstore.New(t.TempDir())
	if errors.Is(err, sigstore.ErrMissing) {
		wpktest.Lacking(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	urls := []string{s.FulcioURL, s.RekorV1URL, s.RekorV2URL, s.TimestampURL, s.IssuerURL}
	s.Close()
	for _, url := range urls {
		if answers(t, url) {
			t.Errorf("%s still answers", url)
		}
	}
}

// childVariable makes this test binary a child that starts a stack and waits to be killed.
const childVariable = "WPK_SIGSTORE_CHILD"

func TestMain(m *testing.M) {
	dir := os.Getenv(childVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := sigstore.New(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.FulcioURL, s.RekorV1URL, s.RekorV2URL, s.TimestampURL)
	select {}
}

// What the stack started is gone when its process is, however that ended.
func TestKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with another")
	}
	if _, err := wpktest.Tool("rekor-server"); err != nil {
		wpktest.Lacking(t, "%v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if killed := child.Process.Kill(); err != nil || killed != nil {
		t.Fatal(err, killed)
	}
	_ = child.Wait() // it was killed
	urls := strings.Fields(line)
	if len(urls) != 4 {
		t.Fatalf("the child said %q", line)
	}
	for _, url := range urls {
		for deadline := time.Now().Add(10 * time.Second); answers(t, url); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s still answers", url)
			}
		}
	}
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	res, err := http.Get(url)
	if err == nil {
		_ = res.Body.Close()
	}
	return err == nil
}
