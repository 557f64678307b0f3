//go:build kms

package sigstore_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/wpkdev/wpk/internal/sigstore"
)

// vault starts the program of $WPK_TRANSIT (scripts/transit: Vault's own transit engine).
func vault(t *testing.T) string {
	t.Helper()
	program := os.Getenv("WPK_TRANSIT")
	if program == "" {
		t.Skip("make test-full sets $WPK_TRANSIT")
	}
	ctx, cancel := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, program)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = server.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	t.Setenv("VAULT_ADDR", address)
	t.Setenv("VAULT_TOKEN", "root")
	return address
}

func createKey(t *testing.T, address, kind string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/v1/transit/keys/"+kind, strings.NewReader(fmt.Sprintf(`{"type":%q}`, kind)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", "root")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if raw, _ := io.ReadAll(resp.Body); resp.StatusCode > 299 {
		t.Fatalf("%s: %s", resp.Status, raw)
	}
}

// Keys of each kind sign in a service, and the signatures are good by plain crypto.
func TestKeyService(t *testing.T) {
	address := vault(t)
	for _, kind := range []string{"ecdsa-p256", "ecdsa-p384", "rsa-2048", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			createKey(t, address, kind)
			key, err := sigstore.OpenKeyService(t.Context(), "hashivault://"+kind)
			if err != nil {
				t.Fatal(err)
			}
			message := []byte("what is signed")
			sig, _, err := key.Sign(message, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := signature.LoadVerifier(key.Public(), max(key.Hash(), crypto.SHA256))
			if err != nil {
				t.Fatal(err)
			}
			if err := verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message)); err != nil {
				t.Error(err)
			}
			if err := verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(message[1:])); err == nil {
				t.Error("another message is signed as well")
			}
		})
	}
	var e *sigstore.KeyServiceError
	if _, err := sigstore.OpenKeyService(t.Context(), "hashivault://none"); !errors.As(err, &e) || e.Service == "" {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := sigstore.OpenKeyService(t.Context(), "pkcs11://x"); !errors.As(err, &e) || e.Service != "" {
		t.Errorf("a service that is none: %v", err)
	}
	t.Setenv("VAULT_TOKEN", "wrong")
	if _, err := sigstore.OpenKeyService(t.Context(), "hashivault://ecdsa-p256"); !errors.As(err, &e) {
		t.Errorf("a wrong token: %v", err)
	}
}
