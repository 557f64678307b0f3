package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/sign"
)

// world is a registry, a user of wpk, and keys to sign with.
type world struct {
	t    *testing.T
	app  *app
	host string
	dir  string
	hook func(w http.ResponseWriter, r *http.Request) bool // answers a request itself
	mu   sync.Mutex
}

func newWorld(t *testing.T, env ...string) *world {
	w := &world{t: t, app: testApp(t, env...), dir: t.TempDir()}
	inner := ggcr.New(quiet, ggcr.WithReferrersSupport(true))
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		hook := w.hook
		w.mu.Unlock()
		if hook == nil || !hook(rw, r) {
			inner.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(s.Close)
	w.host = strings.TrimPrefix(s.URL, "http://")
	return w
}

func (w *world) intercept(hook func(w http.ResponseWriter, r *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// wpk runs one command line and returns its exit code, and what it printed and said.
func (w *world) wpk(args ...string) (code int, out, said string) {
	w.t.Helper()
	stdout, stderr := new(bytes.Buffer), new(bytes.Buffer)
	w.app.ui.Out, w.app.ui.Err = stdout, stderr
	code = execute(w.t.Context(), w.app, args)
	return code, stdout.String(), stderr.String()
}

// must runs a command that has to end with a code, and to say something.
func (w *world) must(code int, text string, args ...string) (out string) {
	w.t.Helper()
	got, out, said := w.wpk(args...)
	if got != code || !strings.Contains(said, text) {
		w.t.Errorf("wpk %s: exit code %d, want %d and %q; stderr:\n%s", strings.Join(args, " "), got, code, text, said)
	}
	return out
}

func (w *world) ok(args ...string) (out string) {
	w.t.Helper()
	got, out, said := w.wpk(args...)
	if got != 0 {
		w.t.Fatalf("wpk %s: exit code %d; stderr:\n%s", strings.Join(args, " "), got, said)
	}
	return out
}

// artifact packs and pushes a program that exits with a code, and returns its digest.
func (w *world) artifact(ref string, exit byte) (digest string) {
	w.t.Helper()
	// (module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (func (export "_start") i32.const N call 0))
	module := "\x00asm\x01\x00\x00\x00" + "\x01\x08\x02\x60\x01\x7f\x00\x60\x00\x00" +
		"\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\x00\x00" + "\x03\x02\x01\x01" +
		"\x07\x0a\x01\x06_start\x00\x01" + "\x0a\x08\x01\x06\x00\x41" + string([]byte{exit}) + "\x10\x00\x0b"
	file := filepath.Join(w.dir, fmt.Sprintf("exit%d.wasm", exit))
	w.write(file, []byte(module))
	w.ok("pack", file, "-t", ref)
	_, digest, _ = strings.Cut(strings.TrimSpace(w.ok("push", ref)), "@")
	return digest
}

func (w *world) write(name string, content []byte) {
	w.t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// key makes a key and writes its public half to a file.
func (w *world) key(name string) (key *sigstore.Key, file string) {
	w.t.Helper()
	signer, err := sigstore.Generate(sigstore.P256)
	if err == nil {
		key, err = sigstore.NewKey(signer)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := sigstore.MarshalPublicKey(key.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	file = filepath.Join(w.dir, name+".pub")
	w.write(file, raw)
	return key, file
}

func (w *world) signer(key *sigstore.Key) *sign.Signer {
	w.t.Helper()
	s, err := sign.New(sign.Options{Key: key})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// attach lays pieces beside a digest of the repository of a reference.
func (w *world) attach(name, digest string, pieces ...evidence.Piece) {
	w.t.Helper()
	ctx := w.t.Context()
	p, err := parsePlace(name)
	if err != nil {
		w.t.Fatal(err)
	}
	target, _, err := w.app.target(ctx, p, transferFlags{})
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := target.Resolve(ctx, digest)
	if err != nil {
		w.t.Fatal(err)
	}
	s := registry.Subject{Target: target, Descriptor: d}
	if p.store {
		s.Name = p.ref.StorePrefix()
	}
	if err := registry.Attach(ctx, s, registry.AttachOptions{}, pieces...); err != nil {
		w.t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		w.t.Fatal(err)
	}
}

// sign signs a digest for a repository, and lays that beside it.
func (w *world) sign(key *sigstore.Key, name, digest, repository string) {
	w.t.Helper()
	pieces, err := w.signer(key).Signature(w.t.Context(), sign.Subject{Digest: digest, Repository: repository})
	if err != nil {
		w.t.Fatal(err)
	}
	w.attach(name, digest, pieces...)
}

// attest does the same with a statement of a type.
func (w *world) attest(key *sigstore.Key, name, digest, repository, typ string) {
	w.t.Helper()
	raw, err := json.Marshal(map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "predicateType": typ, "predicate": map[string]any{},
		"subject": []any{map[string]any{"name": repository, "digest": map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	pieces, err := w.signer(key).Attestation(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	w.attach(name, digest, pieces...)
}

// Who has signed, and what is attested, is printed; each failure has a code of
// its own.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	ref := repo + ":1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	_, stranger := w.key("stranger")
	w.must(exitUnsigned, "no signature", "verify", ref, "--key", public)
	w.sign(key, ref, digest, repo)
	w.must(exitUnattested, `no attestation of type "https://slsa.dev/provenance/v1"`, "verify", ref, "--key", public, "--type", "slsaprovenance")
	w.attest(key, ref, digest, repo, "https://slsa.dev/provenance/v1")
	out := w.ok("verify", ref, "--key", public, "--type", "slsaprovenance", "--signed-repository", repo)
	first, rest, _ := strings.Cut(out, "\n")
	if first != repo+":1@"+digest || !strings.Contains(rest, "key sha256:") || !strings.Contains(rest, "slsaprovenance") {
		t.Errorf("printed %q", out)
	}
	w.must(exitIdentity, "not made with key", "verify", ref, "--key", stranger)
	w.must(exitPolicy, "not for", "verify", ref, "--key", public, "--signed-repository", "ghcr.io/acme/hello")
	w.ok("verify", ref, "--key", stranger, "--key", public)

	var v verification
	if err := json.Unmarshal([]byte(w.ok("verify", ref, "--key", public, "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if v.Digest.String() != digest || len(v.Signatures) != 2 || len(v.Attestations) != 2 || v.Signatures[0].Repository != repo {
		t.Errorf("got %+v", v)
	}
	w.must(exitUsage, "nobody is named", "verify", ref)
	w.must(exitUsage, "go together", "verify", ref, "--identity", "alice@acme.example")
	w.must(exitUsage, "want cyclonedx", "verify", ref, "--key", public, "--type", "sbom")
	w.must(exitNotFound, "", "verify", ref, "--key", filepath.Join(w.dir, "none.pub"))
	w.must(exitNotFound, "", "verify", repo+":2", "--key", public)
}

// Verification works where artifacts are that are not pushed yet, without any
// network.
func TestVerifyPlaces(t *testing.T) {
	w := newWorld(t)
	ref := w.host + "/acme/hello:1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	for _, name := range []string{"store:" + ref, "oci:" + filepath.Join(w.dir, "layout") + ":1", "oci-archive:" + filepath.Join(w.dir, "a.tar") + ":1"} {
		if !strings.HasPrefix(name, "store:") {
			w.ok("copy", "store:"+ref, name)
		}
		w.must(exitUnsigned, "", "verify", name, "--key", public)
		w.sign(key, name, digest, "")
		w.intercept(func(http.ResponseWriter, *http.Request) bool { t.Error("the registry was asked"); return false })
		if out := w.ok("verify", name, "--key", public); !strings.Contains(out, "@"+digest) {
			t.Errorf("%s: printed %q", name, out)
		}
		w.intercept(nil)
	}
}

// A tag that is moved after it was looked up changes nothing (attack 6): what is
// pulled, run and printed is the digest that was verified.
func TestVerifyMovedTag(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	good, evil := w.artifact(repo+":1", 0), w.artifact(repo+":evil", 7)
	key, public := w.key("acme")
	w.sign(key, repo+":1", good, repo)
	asked := 0
	// From the second request for the tag on, it is the other artifact.
	moving := func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/manifests/1") {
			if asked++; asked > 1 {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, "1") + "evil"
			}
		}
		return false
	}
	for _, args := range [][]string{
		{"verify", repo + ":1"},
		{"pull", repo + ":1"},
		{"copy", repo + ":1", "oci:" + filepath.Join(w.dir, "layout") + ":1"},
		{"copy", repo + ":1", w.host + "/acme/mirror:1"},
		{"run", repo + ":1", "--pull", "always"},
		{"manifest", repo + ":1", "--pull", "always"},
		{"smoke", repo + ":1", "--pull", "always", "--arch", "amd64"},
	} {
		w.ok("remove", repo+":1")
		asked = 0
		w.intercept(moving)
		full := append([]string{args[0], "--key", public}, args[1:]...)
		code, out, said := w.wpk(full...)
		w.intercept(nil)
		if code != 0 || strings.Contains(out+said, evil) || !strings.Contains(out+said, good) {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, said)
		}
		if asked == 0 {
			t.Errorf("%v: the registry was not asked for the tag", args)
		}
		w.ok("pull", repo+":1") // for the next to remove
	}
	// Once it has moved for good, nothing gets in.
	asked = 1
	w.intercept(moving)
	w.ok("remove", repo+":1")
	w.must(exitUnsigned, "no signature", "pull", "--key", public, repo+":1")
	w.must(exitRunFailed, "not found", "run", "--pull", "never", repo+":1")
}

// The signature of an index is not that of its images, nor the other way
// (attack 7).
func TestVerifyIndex(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	index, other := w.artifact(repo+":1", 0), w.artifact(repo+":2", 7)
	images := w.images(index, repo)
	child, stranger := images[0].Digest.String(), w.images(other, repo)[0].Digest.String()
	key, public := w.key("acme")
	w.sign(key, repo+":1", index, repo)
	w.must(exitUnsigned, "no signature", "verify", repo+"@"+child, "--key", public)
	w.must(exitUnsigned, "no signature", "pull", repo+"@"+child, "--key", public)
	w.must(exitUnsigned, child, "verify", repo+":1", "--recursive", "--key", public)
	for _, name := range []string{"1", index} {
		out := w.ok("verify", repo+"@"+child, "--index", name, "--key", public)
		if !strings.HasPrefix(out, repo+"@"+child+"\n") || !strings.Contains(out, "signature of index "+index) {
			t.Errorf("printed %q", out)
		}
	}
	w.must(exitUnsigned, "does not list it", "verify", repo+"@"+stranger, "--index", "1", "--key", public)
	w.must(exitUnsigned, other, "verify", repo+"@"+stranger, "--index", "2", "--key", public)
	w.must(exitUsage, "by its digest", "verify", repo+":1", "--index", "1", "--key", public)

	w.sign(key, repo, stranger, repo)
	w.ok("verify", repo+"@"+stranger, "--key", public)
	w.must(exitUnsigned, other, "verify", repo+":2", "--key", public)

	for _, one := range images {
		w.sign(key, repo, one.Digest.String(), repo)
	}
	w.ok("verify", repo+":1", "--recursive", "--key", public)
}

// images are those of an index.
func (w *world) images(digest, repo string) []ocispec.Descriptor {
	w.t.Helper()
	p, err := parsePlace(repo + "@" + digest)
	if err != nil {
		w.t.Fatal(err)
	}
	target, name, err := w.app.target(w.t.Context(), p, transferFlags{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer target.Close()
	d, err := target.Resolve(w.t.Context(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := (&evidenceSubject{p, target, d}).children(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// A registry that fails when it is asked for signatures has not said that there
// are none (attack 8).
func TestVerifyFailingRegistry(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	w.artifact(repo+":1", 0)
	_, public := w.key("acme")
	for _, part := range []string{"/referrers/", ".sig", ".att"} {
		for status, code := range map[int]int{500: exitUnreachable, 503: exitUnreachable, 429: exitUnreachable, 403: exitRefused} {
			w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, part) {
					return false
				}
				rw.Header().Set("Retry-After", "0")
				rw.WriteHeader(status)
				return true
			})
			w.must(code, "error:", "verify", repo+":1", "--key", public)
		}
	}
}

// What is in the local store is verified by what lies beside it there, else by
// what its registry has of the same digest.
func TestVerifyStored(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	ref := repo + ":1"
	digest := w.artifact(ref, 3)
	key, public := w.key("acme")
	_, stranger := w.key("stranger")
	w.must(exitRunFailed, "no signature", "run", "--key", public, ref)
	w.sign(key, ref, digest, repo)
	w.must(exitRunFailed, "no signature", "run", "--key", public, "--pull", "never", ref)
	w.must(3, "verified "+digest+": key sha256:", "run", "--key", public, ref)
	w.must(exitRunFailed, "not made with key", "run", "--key", stranger, ref)
	w.must(exitUnsigned, "no signature", "push", "--key", public, ref)
	w.sign(key, "store:"+ref, digest, repo)
	w.intercept(func(http.ResponseWriter, *http.Request) bool { t.Error("the registry was asked"); return false })
	w.must(3, "verified", "run", "--key", public, ref)
	w.must(exitUsage, "plain file", "smoke", "--key", public, filepath.Join(w.dir, "exit3.wasm"))
	w.intercept(nil)
	w.ok("push", "--key", public, ref)
}

// A policy decides in the place of flags, and may come from the environment.
func TestVerifyPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	w := newWorld(t, envPolicy+"="+file)
	repo := w.host + "/acme/hello"
	ref := repo + ":1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	pem, err := os.ReadFile(public)
	if err != nil {
		t.Fatal(err)
	}
	w.write(file, []byte(`apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: acme}
spec:
  images: [{glob: "**"}]
  authorities:
  - name: release
    key:
      hashAlgorithm: sha256
      data: |
        `+strings.ReplaceAll(strings.TrimSpace(string(pem)), "\n", "\n        ")+`
`))
	w.must(exitPolicy, "acme", "verify", ref)
	w.must(exitPolicy, "acme", "pull", "--verify", ref)
	w.must(exitUsage, "leave the other flags out", "verify", ref, "--policy", file, "--key", public)
	w.sign(key, ref, digest, repo)
	w.ok("verify", ref)
	w.ok("pull", "--verify", ref)
	var v verification
	if err := json.Unmarshal([]byte(w.ok("verify", ref, "--json")), &v); err != nil {
		t.Fatal(err)
	}
	if v.Policy == nil || v.Policy.Outcome != "pass" || len(v.Signatures) == 0 || v.Digest.String() != digest {
		t.Errorf("got %+v", v)
	}
	w.write(file, []byte("apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nspek: {}\n"))
	w.must(exitUsage, "policy.yaml:3", "verify", ref)
}
