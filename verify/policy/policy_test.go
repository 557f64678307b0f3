package policy

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
)

// testKey is a fresh public key in PEM.
func testKey(t testing.TB, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pemOf(t, &key.PublicKey)
}

func pemOf(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// indent puts a text below a YAML block.
func indent(n int, text string) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+pad)
}

const head = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: p
`

// policyText is a policy for all of ghcr.io/acme with the given authorities, which start in line 8.
func policyText(authorities string) string {
	return head + "spec:\n  images:\n  - glob: ghcr.io/acme/**\n" + authorities
}

const (
	staticPass = "  authorities:\n  - static: {action: pass}\n"
	anyone     = "  - keyless:\n      identities:\n      - issuer: https://issuer.example\n        subject: me@example.com\n"
)

func TestParse(t *testing.T) {
	key := indent(8, testKey(t, elliptic.P256()))
	for name, text := range map[string]string{
		"static":  policyText(staticPass),
		"key":     policyText("  authorities:\n  - key:\n      data: |\n" + key + "\n"),
		"keyless": policyText("  mode: warn\n  authorities:\n" + anyone),
		"alpha":   strings.Replace(policyText(staticPass), "v1beta1", "v1alpha1", 1),
		"cluster": strings.Replace(policyText(staticPass), "  name: p\n", "  name: p\n  uid: 12\n  generation: 3\n  managedFields: [{a: b}]\n", 1) + "status: {conditions: []}\n",
		"full": policyText("  authorities:\n  - name: release\n    key:\n      hashAlgorithm: sha256\n      data: |\n" + key + `
    ctlog: {url: https://rekor.sigstore.dev}
    rfc3161timestamp: {}
    signatureFormat: legacy
    attestations:
    - {name: sbom, predicateType: spdxjson}
    - {name: test, predicateType: "https://in-toto.io/attestation/test-result/v0.1"}
`),
		"several": policyText(staticPass) + "---\n# nothing\n---\n" + strings.Replace(policyText(staticPass), "name: p", "name: q", 1),
	} {
		p, err := Parse([]byte(text), "policy.yaml")
		if err != nil || len(p.Names()) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refusal is what Parse says about a text.
type refusal struct {
	text         string
	line, column int
	problem      string // a part of it
	nearest      string
}

func (r refusal) check(t *testing.T) {
	t.Helper()
	_, err := Parse([]byte(r.text), "policy.yaml")
	var got *Error
	if !errors.As(err, &got) {
		t.Errorf("%s\nwant %q, got %v", r.text, r.problem, err)
		return
	}
	if got.File != "policy.yaml" || got.Line != r.line || got.Column != r.column || !strings.Contains(got.Problem, r.problem) || got.Nearest != r.nearest {
		t.Errorf("%s\ngot  %+v\nwant %d:%d %q (%s)", r.text, got, r.line, r.column, r.problem, r.nearest)
	}
}

func TestParseRefuses(t *testing.T) {
	spec := func(s string) string { return head + "spec:\n" + s }
	for _, r := range []refusal{
		{"", 1, 1, "no ClusterImagePolicy", ""},
		{"kind: ClusterImagePolicies\napiVersion: policy.sigstore.dev/v1beta1\n", 1, 1, "kind: want", "ClusterImagePolicy"},
		{"[a]", 1, 1, "kind: want", ""},
		{strings.Replace(policyText(staticPass), "v1beta1", "v1beta2", 1), 1, 1, "apiVersion: want", "policy.sigstore.dev/v1beta1"},
		{spec("  imges: []\n"), 6, 3, `unknown key "spec.imges"`, "images"},
		{spec("  images: ghcr.io/**\n"), 6, 11, "spec.images: want a list", ""},
		{spec("  images:\n  - glob: 7\n"), 7, 11, "spec.images[0].glob: want a text", ""},
		{spec("  images:\n  - glob: a?b\n"), 7, 11, "is no pattern", ""},
		{spec("  images: []\n"), 6, 11, "spec.images: is missing", ""},
		{spec("  images: [{}]\n"), 6, 12, "spec.images[0].glob: is missing", ""},
		{policyText(""), 6, 3, "spec.authorities: is missing", ""},
		{policyText("  mode: enforced\n"), 9 - 1, 9, `spec.mode: want enforce or warn`, "enforce"},
		{policyText("  authorities: [{}]\n"), 8, 17, "exactly one of key, keyless and static", ""},
		{policyText("  authorities:\n  - static: {action: allow}\n"), 9, 22, "want pass or fail", ""},
		{policyText("  authorities:\n  - static: {action: pass}\n    ctlog: {}\n"), 10, 12, "does not go with static", ""},
		{policyText("  authorities:\n  - keylss: {}\n"), 9, 5, `unknown key "spec.authorities[0].keylss"`, "keyless"},
		{policyText("  authorities:\n  - keyless: {url: https://x.example}\n"), 9, 14, "identities: is missing", ""},
		{policyText("  authorities:\n  - keyless: {ca-cert: {data: x}, identities: [{}]}\n"), 9, 24, "ca-cert: policy-controller does not use it", ""},
		{policyText("  authorities:\n  - keyless:\n      identities:\n      - subject: a\n"), 11, 9, "want issuer or issuerRegExp", ""},
		{policyText("  authorities:\n  - keyless:\n      identities:\n      - {subject: a, issuer: b, issuerRegExp: c}\n"), 11, 9, "want only one of issuer", ""},
		{policyText("  authorities:\n  - keyless:\n      identities:\n      - {subjectRegExp: 'a)|(b', issuer: b}\n"), 11, 25, "error parsing regexp", ""},
		{policyText("  authorities:\n  - keyless:\n      trustRootRef: mine\n      identities:\n      - {subject: a, issuer: b}\n"), 10, 21, `no TrustRoot of this file has the name "mine"`, ""},
		{policyText("  authorities:\n  - key: {}\n"), 9, 10, "exactly one of data, kms and secretRef", ""},
		{policyText("  authorities:\n  - key: {secretRef: {name: k}}\n"), 9, 22, "a secret is in a cluster only", ""},
		{policyText("  authorities:\n  - key: {kms: 'awkms://x'}\n"), 9, 16, "want awskms", "awskms"},
		{policyText("  authorities:\n  - key: {data: x}\n"), 9, 17, "want a public key in PEM", ""},
		{policyText("  authorities:\n  - static: {action: pass}\n  - static: {action: pass}\n    name: authority-0\n"), 11, 11, `the name "authority-0" too`, ""},
		{policyText("  authorities:\n  - source: [{oci: ghcr.io/x}]\n    static: {action: pass}\n"), 9, 13, "beside the artifact only", ""},
		{policyText("  authorities:\n  - signatureFormat: bundel\n    static: {action: pass}\n"), 9, 22, "want legacy or bundle", "bundle"},
		{policyText("  authorities:\n" + anyone + "    attestations:\n    - predicateType: spdxjson\n"), 14, 7, "attestations[0].name: is missing", ""},
		{policyText("  authorities:\n" + anyone + "    attestations:\n    - name: a\n      predicateType: spdxjsn\n"), 15, 22, "neither a URI nor", "spdxjson"},
		{policyText(staticPass + "  policy: {type: cu, data: x}\n"), 10, 18, "want cue or rego", "cue"},
		{policyText(staticPass + "  policy: {type: cue}\n"), 10, 11, "policy.data: is missing", ""},
		{policyText(staticPass + "  policy: {type: cue, remote: {url: https://x}}\n"), 10, 31, "wpk fetches no policies", ""},
		{policyText(staticPass + "  policy: {type: cue, configMapRef: {name: x, key: y}}\n"), 10, 37, "a ConfigMap is in a cluster only", ""},
		{policyText(staticPass + "  policy: {type: cue, data: x, includeSpec: true}\n"), 10, 45, "the object of a cluster", ""},
		{policyText("  authorities:\n" + anyone + "    attestations:\n    - name: a\n      predicateType: spdxjson\n      policy: {type: cue, data: x, fetchConfigFile: true}\n"), 16, 53, "is for spec.policy only", ""},
		{policyText(staticPass) + "---\n" + policyText(staticPass), 14, 9, `the name "p" too`, ""},
		{strings.Replace(policyText(staticPass), "  name: p", "  labels: {}", 1), 4, 3, "metadata.name: is missing", ""},
		{strings.Replace(policyText(staticPass), "  name: p\n", "  name: p\n  annotations:\n    wpk.dev/requires: x\n", 1), 6, 23, "unknown annotation", "wpk.dev/require"},
		{"apiVersion: a\nkind: [\n", 2, 0, "did not find", ""},
		{strings.Repeat("#", MaxFile+1), 1, 1, "larger than", ""},
		{strings.Repeat("a: b\n---\n", maxObjects+1), 513, 1, "more than 256 objects", ""},
		{policyText("  authorities:\n  - &a\n    static: {action: pass}\n  - *a\n"), 11, 5, "aliases are not supported", ""},
	} {
		r.check(t)
	}
}

func TestParseKeys(t *testing.T) {
	p256, p384 := testKey(t, elliptic.P256()), testKey(t, elliptic.P384())
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for _, c := range []struct{ name, key, hash, problem, warning string }{
		{"P-256", p256, "", "", ""},
		{"P-256 named", p256, "SHA256", "", ""},
		{"P-256 with another", p256, "sha512", "want sha256, which this key signs with", ""},
		{"P-384", p384, "", "", "a cluster verifies with sha256"},
		{"P-384 named", p384, "sha384", "", ""},
		{"Ed25519", pemOf(t, public), "", "", ""},
		{"two", p256 + p384, "", "more than one key", ""},
		{"private", secret, "", "is a private key", ""},
	} {
		text := policyText("  authorities:\n  - key:\n      data: |\n" + indent(8, c.key) + "\n")
		if c.hash != "" {
			text += "      hashAlgorithm: " + c.hash + "\n"
		}
		p, err := Parse([]byte(text), "p.yaml")
		switch {
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: got %v", c.name, err)
		case c.problem == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.warning == "" && p != nil && len(p.Warnings) > 0:
			t.Errorf("%s: warned of %v", c.name, p.Warnings)
		case c.warning != "" && (len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Text, c.warning)):
			t.Errorf("%s: got %v", c.name, p.Warnings)
		}
	}
}

// What a cluster takes differently is told.
func TestParseWarns(t *testing.T) {
	for text, want := range map[string]string{
		strings.Replace(policyText(staticPass), "ghcr.io/acme/**", "ghcr.io/acme/app:v1", 1):                                                 "never matches; end it with **",
		strings.Replace(policyText(staticPass), "ghcr.io/acme/**", "'*'", 1):                                                                 "Docker Hub's images only",
		policyText("  match:\n  - {group: '', version: v1, resource: pods}\n" + staticPass):                                                  "selects objects of a cluster",
		policyText("  authorities:\n  - keyless:\n      identities:\n      - {subjectRegExp: 'acme/.*', issuer: i}\n"):                       "write ^(?:acme/.*)$",
		policyText("  authorities:\n  - keyless:\n      url: https://fulcio.example\n      identities:\n      - {subject: a, issuer: i}\n"):  "whatever the address",
		policyText("  authorities:\n" + anyone + "    ctlog: {url: https://rekor.example}\n"):                                                "asks this address for its key",
		policyText("  authorities:\n" + anyone + "    ctlog: {}\n    rfc3161timestamp: {}\n"):                                                "wpk demands both",
		policyText("  authorities:\n  - key:\n      data: |\n" + indent(8, testKey(t, elliptic.P256())) + "\n    signatureFormat: bundle\n"): "takes bundles of keyless signatures only",
	} {
		p, err := Parse([]byte(text), "p.yaml")
		if err != nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Text, want) || p.Warnings[0].Line == 0 {
			t.Errorf("%s\ngot %+v, %v", text, p, err)
		}
	}
}

func required(yaml string) string {
	return strings.Replace(policyText(staticPass), "  name: p\n", "  name: p\n  annotations:\n    wpk.dev/require: |\n"+indent(6, yaml)+"\n", 1)
}

// What stands in the annotation is told where it stands in the file.
func TestParseRequire(t *testing.T) {
	good := "smoke: {architectures: [amd64, arm64], engines: [compiler]}\nimports:\n  capabilities: [streams]\n  names: ['wasi:cli/*']\nmaxAge: 90d\nminVersion: 1.2.3\n" +
		"repository: [same, ghcr.io/acme/*]\nsourceRepository: https://github.com/acme/app\nbuilder: ['https://github.com/acme/*']\n"
	if _, err := Parse([]byte(required(good)), "p.yaml"); err != nil {
		t.Error(err)
	}
	const at = "metadata.annotations.wpk.dev/require: "
	for _, r := range []refusal{
		{required("maxAg: 3d"), 7, 7, at + `unknown key "maxAg"`, "maxAge"},
		{required("# comment\nmaxAge: 3 days"), 8, 15, `"3 days" is no age`, ""},
		{required("maxAge: 0d"), 7, 15, "is no age", ""},
		{required("minVersion: 1.2"), 7, 19, "is no version", ""},
		{required("insecureTrustTag: true"), 7, 25, "is for minVersion", ""},
		{required("smoke: {engines: [compiler]}"), 7, 14, "smoke.architectures: is missing", ""},
		{required("repository: ['ghcr.io/acme/app@sha256:1']"), 7, 20, "want host/repository", ""},
		{required("builder: []"), 7, 16, "builder: is empty", ""},
		{required("sourceRepository: ['']"), 7, 26, "is empty", ""},
		{required("maxAge: 3d\nsmoke: ["), 8, 0, at, ""},
		{strings.Replace(required("x"), "|\n      x", "'maxAg: 3d'", 1), 6, 22, `unknown key "maxAg"`, "maxAge"},
	} {
		r.check(t)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(policyText(staticPass))
	f.Add(policyText("  authorities:\n" + anyone + "    attestations:\n    - {name: a, predicateType: spdx}\n"))
	f.Add(required("maxAge: 3d\nimports: {names: [a]}\n"))
	f.Add(rootText("sigstoreKeys: {certificateAuthorities: [{certChain: eA==}]}"))
	f.Add(rootText("repository: {root: e30=, mirrorFS: H4sIAAAAAAAAAwMAAAAAAAAAAAA=}"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse([]byte(text), "p")
		var wrong *Error
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && len(p.Names()) == 0 {
			t.Errorf("%q: nothing is in it", text)
		}
	})
}

func FuzzMatchAny(f *testing.F) {
	f.Add("https://*/a", "https://b/c/a")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if strings.Contains(pattern, "*") {
			return
		}
		if matchAny(pattern, s) != (pattern == s) || !matchAny("*", s) || !matchAny(pattern+"*", pattern+s) || !matchAny("*"+pattern, s+pattern) {
			t.Errorf("%q on %q", pattern, s)
		}
	})
}
