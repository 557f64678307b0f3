package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	tufmetadata "github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigstore/sigstore/pkg/signature"
)

func rootText(spec string) string {
	return "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: mine}\nspec:\n  " + spec + "\n"
}

// keylessText uses the root of rootText.
func keylessText(more string) string {
	return policyText("  authorities:\n" + anyone + "      trustRootRef: mine\n" + more)
}

// noTrust has no roots, and says so.
type noTrust struct{ asked []string }

var errNoTrust = errors.New("no trust here")

func (n *noTrust) Default(context.Context) (root.TrustedMaterial, error) {
	n.asked = append(n.asked, "default")
	return nil, errNoTrust
}

func (n *noTrust) File(path string) (root.TrustedMaterial, error) {
	n.asked = append(n.asked, path)
	return &root.BaseTrustedMaterial{}, nil
}

func (n *noTrust) Key(_ context.Context, uri string) (crypto.PublicKey, error) {
	n.asked = append(n.asked, uri)
	return nil, errNoTrust
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestSigstoreKeys(t *testing.T) {
	log, ctLog := testKey(t, elliptic.P256()), testKey(t, elliptic.P384())
	spec := "sigstoreKeys:\n    certificateAuthorities:\n    - {uri: https://ca.example, subject: {organization: o, commonName: c}, certChain: " + b64(certificate(t)) + "}\n" +
		"    tLogs:\n    - {baseURL: https://log.example, hashAlgorithm: sha256, publicKey: " + b64(log) + "}\n" +
		"    ctLogs:\n    - {baseURL: https://ct.example, hashAlgorithm: sha-256, publicKey: " + b64(ctLog) + "}\n"
	p, err := Parse([]byte(rootText(spec)+"---\n"+keylessText("")), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	trust := &noTrust{}
	v, err := p.clauses[0].authorities[0].verifier(t.Context(), trust)
	if err != nil || len(trust.asked) > 0 {
		t.Fatalf("got %v, asked for %q", err, trust.asked)
	}
	r := v.Roots
	if !v.Log || v.Timestamp || len(r.FulcioCertificateAuthorities()) != 1 || len(r.RekorLogs()) != 1 || len(r.CTLogs()) != 1 || len(r.TimestampingAuthorities()) != 0 {
		t.Errorf("got %+v", v)
	}
	for _, l := range r.CTLogs() {
		if l.SignatureHashFunc != crypto.SHA384 || l.ValidityPeriodStart.IsZero() {
			t.Errorf("got %+v", l)
		}
	}
}

// Each kind of root may come from another place, and only what is needed is asked for.
func TestMaterial(t *testing.T) {
	file := strings.Replace(rootText("remote: {root: e30=, mirror: https://tuf.example}"), "{name: mine}", "{name: mine, annotations: {wpk.dev/trusted-root: root.json}}", 1)
	key := "  authorities:\n  - key:\n      data: |\n" + indent(8, testKey(t, elliptic.P256())) + "\n"
	for _, c := range []struct{ name, text, asked string }{
		{"a key needs none", policyText(key), ""},
		{"a key and a time", policyText(key + "    rfc3161timestamp: {trustRootRef: mine}\n"), "root.json"},
		{"a key and the public log", policyText(key + "    ctlog: {}\n"), "default"},
		{"keyless from one", keylessText(""), "root.json"},
		{"keyless, another log", keylessText("    ctlog: {}\n"), "root.json default"},
		{"a key service", policyText("  authorities:\n  - key: {kms: 'hashivault://k'}\n"), "hashivault://k"},
	} {
		p, err := Parse([]byte(file+"---\n"+c.text), "p.yaml")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		trust := &noTrust{}
		_, err = p.clauses[0].authorities[0].verifier(t.Context(), trust)
		if got := strings.Join(trust.asked, " "); got != c.asked || (err != nil) != (strings.Contains(c.asked, "default") || strings.Contains(c.asked, "://")) {
			t.Errorf("%s: asked for %q, %v", c.name, got, err)
		}
	}
}

func TestTrustRootRefuses(t *testing.T) {
	for _, r := range []refusal{
		{rootText("sigstoreKeys: {}"), 5, 17, "want certificateAuthorities or", ""},
		{rootText("{}"), 5, 3, "exactly one of remote, repository and sigstoreKeys", ""},
		{rootText("remote: {root: e30=, mirror: https://x}"), 5, 11, "wpk fetches no roots", ""},
		{rootText("sigstoreKeys: {certificateAuthorities: [{certChain: '%'}]}"), 5, 55, "is no base64", ""},
		{rootText("sigstoreKeys: {certificateAuthorities: [{certChain: eA==}]}"), 5, 55, "no root, which signs itself", ""},
		{rootText("sigstoreKeys: {certificateAuthorities: [], timestampAuthorities: [{certChian: eA==}]}"), 5, 70, "unknown key", "certChain"},
		{rootText("repository: {root: e30=, mirrorFS: eA==}"), 5, 38, "mirrorFS: ", ""},
		{rootText("repository: {root: eA==, mirrorFS: eA==}"), 5, 22, "is no JSON", ""},
		{strings.Replace(rootText("{}"), "v1alpha1", "v1beta1", 1), 1, 1, "apiVersion: want policy.sigstore.dev/v1alpha1", "policy.sigstore.dev/v1alpha1"},
	} {
		r.check(t)
	}
}

// makeRepository makes a repository with one target, signed by one key.
func makeRepository(t *testing.T, target string) (trusted, mirror []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	public, err := tufmetadata.KeyFromPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	expires := time.Now().Add(time.Hour)
	r, targets := tufmetadata.Root(expires), tufmetadata.Targets(expires)
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		if err := r.Signed.AddKey(public, role); err != nil {
			t.Fatal(err)
		}
	}
	r.Signed.ConsistentSnapshot = true
	info, err := tufmetadata.TargetFile().FromBytes("trusted_root.json", []byte(target), "sha256")
	if err != nil {
		t.Fatal(err)
	}
	targets.Signed.Targets["trusted_root.json"] = info
	files := map[string][]byte{"targets/" + info.Hashes["sha256"].String() + ".trusted_root.json": []byte(target)}
	add := func(name string, m interface {
		ToBytes(bool) ([]byte, error)
	}, err error,
	) []byte {
		data, err2 := m.ToBytes(false)
		if errors.Join(err, err2) != nil {
			t.Fatal(err, err2)
		}
		files[name] = data
		return data
	}
	_, err = r.Sign(signer)
	trusted = add("1.root.json", r, err)
	_, err = targets.Sign(signer)
	add("1.targets.json", targets, err)
	snapshot, timestamp := tufmetadata.Snapshot(expires), tufmetadata.Timestamp(expires)
	_, err = snapshot.Sign(signer)
	add("1.snapshot.json", snapshot, err)
	_, err = timestamp.Sign(signer)
	add("timestamp.json", timestamp, err)

	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: "repository/" + name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return trusted, b.Bytes()
}

// A whole TUF repository in the file is verified, and gives the roots without a network.
func TestTUFRepository(t *testing.T) {
	trusted, mirror := makeRepository(t, `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)
	other, _ := makeRepository(t, `{}`)
	load := func(anchor []byte) error {
		text := rootText("repository: {root: "+b64(string(anchor))+", mirrorFS: "+b64(string(mirror))+"}") + "---\n" + keylessText("")
		p, err := Parse([]byte(text), "p.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.clauses[0].authorities[0].verifier(t.Context(), &noTrust{})
		return err
	}
	if err := load(trusted); err != nil {
		t.Error(err)
	}
	if err := load(other); err == nil {
		t.Error("a repository under another root is believed")
	}
	var broken map[string]any
	if err := json.Unmarshal(trusted, &broken); err != nil {
		t.Fatal(err)
	}
	broken["signatures"] = []any{}
	unsigned, err := json.Marshal(broken)
	if err != nil {
		t.Fatal(err)
	}
	if err := load(unsigned); err == nil {
		t.Error("an unsigned root is believed")
	}
}

// A small archive that unpacks to much is refused early.
func TestMirrorBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "bomb", Typeflag: tar.TypeReg, Size: maxMirror + 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, maxMirror+1)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := readMirror(b.Bytes()); err == nil || b.Len() > 64<<10 {
		t.Errorf("%d bytes: got %v", b.Len(), err)
	}
}
