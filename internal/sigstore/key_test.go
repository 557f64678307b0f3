package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/wpkdev/wpk/internal/sigstore"
)

func password(text string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(text), nil }
}

func never() ([]byte, error) { return nil, errAsked }

var errAsked = errors.New("a password was asked for")

func generate(t testing.TB, a sigstore.Algorithm) crypto.Signer {
	t.Helper()
	key, err := sigstore.Generate(a)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

type equaler interface{ Equal(crypto.PublicKey) bool }

func same(a, b crypto.PublicKey) bool { return a.(equaler).Equal(b) }

// Every kind of key comes back from cosign's file, with its password only.
func TestEncrypted(t *testing.T) {
	for _, a := range []sigstore.Algorithm{"", sigstore.P384, sigstore.Ed25519, sigstore.RSA2048} {
		key := generate(t, a)
		file, err := sigstore.EncryptPrivateKey(key, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(file), "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n") {
			t.Errorf("%s: %s", a, file)
		}
		back, err := sigstore.ParsePrivateKey(file, password("secret"))
		if err != nil || !same(back.Public(), key.Public()) {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := sigstore.ParsePrivateKey(file, password("Secret")); !errors.Is(err, sigstore.ErrPassword) {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := sigstore.ParsePrivateKey(file, never); !errors.Is(err, errAsked) {
			t.Errorf("%s: %v", a, err)
		}
		older := strings.ReplaceAll(string(file), "SIGSTORE", "COSIGN")
		if _, err := sigstore.ParsePrivateKey([]byte(older), password("secret")); err != nil {
			t.Errorf("%s, of an older cosign: %v", a, err)
		}
	}
}

func block(pemType string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
}

// Plain keys are read in each of their three forms, and after the parameters that openssl writes first.
func TestPlain(t *testing.T) {
	ec, r := generate(t, sigstore.P256), generate(t, sigstore.RSA2048)
	sec1, err := x509.MarshalECPrivateKey(ec.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		key  crypto.Signer
	}{
		"SEC 1":      {block("EC PRIVATE KEY", sec1), ec},
		"parameters": {append(block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), block("EC PRIVATE KEY", sec1)...), ec},
		"PKCS 8":     {block("PRIVATE KEY", pkcs8), ec},
		"PKCS 1":     {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r.(*rsa.PrivateKey))), r},
	} {
		key, err := sigstore.ParsePrivateKey(c.file, never)
		if err != nil || !same(key.Public(), c.key.Public()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range []crypto.Signer{ec, r} {
		file, err := sigstore.MarshalPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if back, err := sigstore.ParsePublicKey(file); err != nil || !same(back, key.Public()) {
			t.Error(err)
		}
	}
	file := block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(r.Public().(*rsa.PublicKey)))
	if back, err := sigstore.ParsePublicKey(file); err != nil || !same(back, r.Public()) {
		t.Error(err)
	}
}

// Each file that is refused says what is wrong with it, and none costs a derivation of a key.
func TestRefusedKeys(t *testing.T) {
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := x509.MarshalPKCS8PrivateKey(p521)
	good, _ := x509.MarshalPKCS8PrivateKey(generate(t, sigstore.P256))
	hostile := func(kdf string) []byte {
		return block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte(`{"kdf":`+kdf+`,"cipher":{"name":"nacl/secretbox","nonce":"`+strings.Repeat("A", 32)+`"},"ciphertext":"AAAA"}`))
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":         {nil, "not a PEM file"},
		"large":           {make([]byte, sigstore.MaxKeyFile+1), "more than 64 KiB"},
		"certificate":     {block("CERTIFICATE", good), `"CERTIFICATE"`},
		"public":          {block("PUBLIC KEY", good), `"PUBLIC KEY"`},
		"two":             {append(block("PRIVATE KEY", good), block("PRIVATE KEY", good)...), "more than one"},
		"damaged":         {block("PRIVATE KEY", good[1:]), "damaged"},
		"P-521":           {block("PRIVATE KEY", other), "P-521"},
		"huge RSA":        {block("RSA PRIVATE KEY", make([]byte, 40_000)), "more than 16384 bits"},
		"no box":          {block("ENCRYPTED SIGSTORE PRIVATE KEY", []byte("{")), "damaged"},
		"memory":          {hostile(`{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1}}`), "derivation"},
		"parallelism":     {hostile(`{"name":"scrypt","params":{"N":65536,"r":8,"p":1000000}}`), "derivation"},
		"block size":      {hostile(`{"name":"scrypt","params":{"N":65536,"r":8000000,"p":1}}`), "derivation"},
		"other function":  {hostile(`{"name":"md5","params":{"N":65536,"r":8,"p":1}}`), "derivation"},
		"openssl's way":   {[]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "openssl pkcs8"},
		"not a private 8": {block("ENCRYPTED PRIVATE KEY", good), `"ENCRYPTED PRIVATE KEY"`},
	} {
		_, err := sigstore.ParsePrivateKey(c.file, never)
		var key *sigstore.KeyError
		if !errors.As(err, &key) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// RSA keys outside of the bounds are refused wherever they come from.
func TestRSABounds(t *testing.T) {
	for bits, good := range map[uint]bool{1024: false, 2047: false, 2048: true, 16384: true, 16385: false} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		_, err := sigstore.HashFor(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
		if (err == nil) != good {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

func TestNoSuchAlgorithm(t *testing.T) {
	if _, err := sigstore.Generate("dsa"); err == nil {
		t.Error("a key of no kind")
	}
}

// Files of roots and of services that are none name themselves.
func TestRootFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "other": "{}", "large": strings.Repeat(" ", 5<<20)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, rootErr := sigstore.LoadTrustedRoot(path)
		_, configErr := sigstore.LoadSigningConfig(path)
		for _, err := range []error{rootErr, configErr} {
			var e *sigstore.RootError
			if !errors.As(err, &e) || e.From != path {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := sigstore.LoadTrustedRoot(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	key := generate(f, sigstore.P256)
	der, _ := x509.MarshalPKCS8PrivateKey(key)
	f.Add(block("PRIVATE KEY", der))
	r := generate(f, sigstore.RSA2048)
	f.Add(block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r.(*rsa.PrivateKey))))
	box, _ := encrypted.EncryptWithCustomKDFParameters(der, []byte("x"), encrypted.Legacy)
	f.Add(block("ENCRYPTED SIGSTORE PRIVATE KEY", box))
	f.Fuzz(func(t *testing.T, file []byte) {
		// Without a password: a derivation takes as long as ten thousand other files.
		key, err := sigstore.ParsePrivateKey(file, never)
		if err != nil {
			return
		}
		if _, err := sigstore.NewKey(key); err != nil {
			t.Errorf("it was read, and cannot be used: %v", err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	for _, a := range []sigstore.Algorithm{sigstore.P256, sigstore.Ed25519, sigstore.RSA2048} {
		file, _ := sigstore.MarshalPublicKey(generate(f, a).Public())
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		key, err := sigstore.ParsePublicKey(file)
		if err != nil {
			return
		}
		if _, err := sigstore.KeyID(key); err != nil {
			t.Errorf("it was read, and has no name: %v", err)
		}
	})
}
