// Package sigstore gives tests a whole Sigstore of their own on loopback: the real Fulcio, certificate transparency log,
// Rekor of both versions and timestamp authority, made by scripts/tools.sh, with keys that no one else has, and an
// issuer of identity tokens within the test's process. It is up within about a second, and nothing of it outlives the
// test, however that ends.
package sigstore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// Stack is a running Sigstore.
type Stack struct {
	FulcioURL    string
	RekorV1URL   string
	RekorV2URL   string
	TimestampURL string // of the API's call, as clients want it
	IssuerURL    string // of [Stack.Token]
	WorkflowURL  string // the issuer of [Stack.WorkflowToken]

	TrustedRoot     string // a file: all of the above may be trusted
	SigningConfigV1 string // a file: sign with Rekor v1
	SigningConfigV2 string // a file: sign with Rekor v2

	// For clients that know no trusted root: files in PEM.
	FulcioChain       string
	RekorV1Key        string
	CertificateLogKey string

	Cosign2 string // the cosign of the versions 2 and 3, or ""
	Cosign3 string

	issuer    *issuer
	processes []*process
}

// ErrMissing says that this machine lacks a program of the stack.
var ErrMissing = errors.New("not built here; `make test-setup` builds it")

// Start brings up a stack that ends with the test. Start one for a test with many subtests, or [New] in TestMain,
// rather than one for each test.
func Start(tb testing.TB) *Stack {
	tb.Helper()
	s, err := New(tb.TempDir())
	if errors.Is(err, ErrMissing) {
		wpktest.Lacking(tb, "%v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// New brings up a stack that keeps its files in a folder, until [Stack.Close] or the end of this process.
func New(dir string) (*Stack, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	// Another process can take a port between our look and the server's start.
	for attempt := range 3 {
		var s *Stack
		if s, err = up(programs, filepath.Join(dir, fmt.Sprint(attempt))); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("local Sigstore: %w", err)
}

// Close ends all of the stack and waits for that.
func (s *Stack) Close() {
	for _, p := range s.processes {
		p.kill()
	}
	s.issuer.close()
}

// findPrograms looks all up before anything starts.
func findPrograms() (map[string]string, error) {
	programs := map[string]string{}
	for _, name := range []string{"trillian-memory", "ct_server", "fulcio", "rekor-server", "rekor-server-posix", "timestamp-memory"} {
		path, err := wpktest.Tool(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is %w", name, ErrMissing)
		}
		if err != nil {
			return nil, err
		}
		programs[name] = path
	}
	return programs, nil
}
