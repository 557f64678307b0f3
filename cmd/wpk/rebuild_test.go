package main

import (
	"encoding/pem"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/internal/evidence"
)

// gitServer serves a repository with one commit over https, and returns its URL, the commit, and the variable by which
// git trusts the server.
func gitServer(t *testing.T) (url, revision, trust string) {
	t.Helper()
	git := func(args ...string) string {
		t.Helper()
		c := exec.Command("git", args...)
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	root := t.TempDir()
	repository := filepath.Join(root, "app.git")
	git("init", "--quiet", "-b", "main", repository)
	if err := os.WriteFile(filepath.Join(repository, "go.mod"), []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("-C", repository, "add", ".")
	git("-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "one")
	server := httptest.NewTLSServer(&cgi.Handler{
		Path: filepath.Join(git("--exec-path"), "git-http-backend"), Stderr: t.Output(),
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=" + os.DevNull},
	})
	t.Cleanup(server.Close)
	ca := filepath.Join(root, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL + "/app.git/.git", git("-C", repository, "rev-parse", "HEAD"), "GIT_SSL_CAINFO=" + ca
}

func TestSources(t *testing.T) {
	url, revision, trust := gitServer(t)
	a := newApp(append(os.Environ(), trust, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1"))
	r := &attest.Recorded{Source: attest.RecordedSource{URL: url, Revision: revision}}
	dir, err := a.sources(t.Context(), r, "", filepath.Join(t.TempDir(), "clone"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil || string(b) != "module x\n" {
		t.Errorf("%v: %q", err, b)
	}
	for name, s := range map[string]attest.RecordedSource{
		"no such revision":       {URL: url, Revision: strings.Repeat("0", 40)},
		"another transport":      {URL: "file://" + filepath.Dir(strings.TrimPrefix(trust, "GIT_SSL_CAINFO=")) + "/app.git", Revision: revision},
		"a transport that runs":  {URL: "ext::touch " + filepath.Join(t.TempDir(), "ran"), Revision: revision},
		"no revision":            {URL: url},
		"nothing to fetch it by": {Revision: revision},
	} {
		if dir, err := a.sources(t.Context(), &attest.Recorded{Source: s}, "", filepath.Join(t.TempDir(), "clone")); err == nil {
			t.Errorf("%s: got %s", name, dir)
		}
	}
}

func FuzzUnverified(f *testing.F) {
	f.Add([]byte(`{"payload":"e30="}`))
	f.Add([]byte(`{"dsseEnvelope":{"payload":"eyJwcmVkaWNhdGVUeXBlIjoiaHR0cHM6Ly9zbHNhLmRldi9wcm92ZW5hbmNlL3YxIn0="}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, s := range unverified(evidence.Piece{Content: content}) {
			if _, err := chooseProvenance([][]byte{s}, "sha256:x"); err == nil {
				t.Errorf("%q is provenance of something that is no digest", s)
			}
		}
	})
}
