package signing

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

const (
	password = "of a test"
	email    = "dev@example.test"
)

// world is what the signers and verifiers of one test share.
type world struct {
	*sigstore.Stack
	dir   string
	crane string
	keys  map[string]key // by kind
}

// key is a pair in the form of cosign: the private half is encrypted with the password.
type key struct{ private, public string }

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{Stack: sigstore.Start(t), dir: t.TempDir(), crane: wpktest.Need(t, "crane"), keys: map[string]key{}}
}

// makeKey makes a key of a kind, and lets cosign encrypt it.
func (w *world) makeKey(t *testing.T, kind string) {
	t.Helper()
	var signer crypto.Signer
	var err error
	switch kind {
	case "p256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "rsa":
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no kind of key %q", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	plain := w.file(t, kind+".pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	prefix := filepath.Join(w.dir, kind)
	w.mustRun(t, w.Cosign3, "import-key-pair", "--key", plain, "--output-key-prefix", prefix)
	w.keys[kind] = key{private: prefix + ".key", public: prefix + ".pub"}
}

// signingConfig is the file of the log that a way wants.
func (w *world) signingConfig(how way) string {
	if how.rekor == 2 {
		return w.SigningConfigV2
	}
	return w.SigningConfigV1
}

// identityToken is a file with a fresh token of [email].
func (w *world) identityToken(t *testing.T) string {
	t.Helper()
	return w.file(t, "token", []byte(w.Token(email)))
}

func (w *world) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	writeFile(t, path, content)
	return path
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// command has a home without anything and a proxy that nobody listens on: a client that wants to go beyond loopback,
// for the root of trust of the public instance for example, fails.
func (w *world) command(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + os.TempDir(), "COSIGN_PASSWORD=" + password,
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", // Go's clients ask none for 127.0.0.1
		"SIGSTORE_NO_CACHE=true", // all that cosign 2 believes where it takes no trusted root
		"SIGSTORE_ROOT_FILE=" + w.FulcioChain, "SIGSTORE_REKOR_PUBLIC_KEY=" + w.RekorV1Key, "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE=" + w.CertificateLogKey,
	}
	return cmd
}

// run returns what the program prints, and an error with its last words.
func (w *world) run(t *testing.T, argv ...string) (string, error) {
	t.Helper()
	cmd := w.command(t, argv...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", &failure{command: cmd.String(), said: strings.TrimSpace(out.String() + said.String()), err: err}
	}
	return out.String(), nil
}

func (w *world) mustRun(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := w.run(t, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// failure is a program that did not end well.
type failure struct {
	command, said string
	err           error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v\n%s", f.command, f.err, f.said) }
func (f *failure) Unwrap() error { return f.err }

// brief is the last line of what the program said.
func brief(err error) string {
	said := err.Error()
	return said[strings.LastIndexByte(said, '\n')+1:]
}

// push puts an index of two images nobody has seen before into a registry, and returns its reference by digest.
func (w *world) push(t *testing.T, registry, repository string) string {
	t.Helper()
	index, err := random.Index(64, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	written, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := written.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	w.mustRun(t, w.crane, "push", "--index", dir, registry+"/"+repository+":latest")
	return registry + "/" + repository + "@" + digest.String()
}
