//go:build kms

package sigstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/wpkdev/wpk/internal/sigstore"
)

// awsKMS starts the server of $WPK_MOTO (scripts/moto.sh), which speaks like AWS KMS, and returns its address.
func awsKMS(t *testing.T) string {
	t.Helper()
	program := os.Getenv("WPK_MOTO")
	if program == "" {
		t.Skip("make test-kms sets $WPK_MOTO")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	ctx, cancel := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, program, "-H", "127.0.0.1", "-p", port)
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = server.Wait() })
	for range 300 {
		if c, err := net.Dial("tcp", address); err == nil { //nolint:noctx // loopback
			c.Close()
			t.Setenv("AWS_ENDPOINT_URL_KMS", "http://"+address)
			t.Setenv("AWS_REGION", "eu-central-1")
			t.Setenv("AWS_ACCESS_KEY_ID", "test")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
			return address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s did not start: %s", program, &log)
	return ""
}

func createKey(t *testing.T, address, spec string) (id string) {
	t.Helper()
	body := fmt.Sprintf(`{"KeyUsage":"SIGN_VERIFY","KeySpec":%q}`, spec)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "TrentService.CreateKey")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	var answer struct{ KeyMetadata struct{ KeyId string } }
	if err := json.Unmarshal(raw, &answer); err != nil || answer.KeyMetadata.KeyId == "" {
		t.Fatalf("%v: %s", err, raw)
	}
	return answer.KeyMetadata.KeyId
}

// Keys of each kind sign in a service, and the signatures are good by plain crypto.
func TestKeyService(t *testing.T) {
	address := awsKMS(t)
	for _, spec := range []string{"ECC_NIST_P256", "ECC_NIST_P384", "RSA_2048"} {
		t.Run(spec, func(t *testing.T) {
			key, err := sigstore.OpenKeyService(t.Context(), "awskms:///"+createKey(t, address, spec))
			if err != nil {
				t.Fatal(err)
			}
			message := []byte("what is signed")
			sig, _, err := key.Sign(message, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := signature.LoadVerifier(key.Public(), key.Hash())
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
	if _, err := sigstore.OpenKeyService(t.Context(), "awskms:///00000000-0000-0000-0000-000000000000"); !errors.As(err, &e) || e.Service != "AWS KMS" {
		t.Errorf("a key that is not there: %v", err)
	}
	if _, err := sigstore.OpenKeyService(t.Context(), "pkcs11://x"); !errors.As(err, &e) || e.Service != "" {
		t.Errorf("a service that is none: %v", err)
	}
}
