package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/sign"
)

// 600 MB that are some hundred KB when compressed are junk, and cost no more
// than junk (attack 2).
func TestVerifyBomb(t *testing.T) {
	w := newWorld(t)
	ref := w.host + "/acme/hello:1"
	digest := w.artifact(ref, 0)
	key, public := w.key("acme")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 600 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w.attach(ref, digest,
		evidence.Piece{Form: evidence.Bundle, Content: b.Bytes(), Annotations: map[string]string{}},
		evidence.Piece{Form: evidence.SimpleSigning, Content: b.Bytes(), Annotations: map[string]string{}},
		evidence.Piece{Form: evidence.Envelope, Content: b.Bytes(), Annotations: map[string]string{}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w.must(exitInvalid, "none of 2 signatures", "verify", ref, "--key", public)
	runtime.ReadMemStats(&after)
	// All that was allocated, so the peak is below.
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d MB were allocated", used>>20)
	}
	w.sign(key, ref, digest, "")
	w.ok("verify", ref, "--key", public)
}

// Credentials are the registry's, and go nowhere else from there (attack 10).
func TestVerifyCredentials(t *testing.T) {
	w := newWorld(t)
	ref := w.host + "/acme/hello:1"
	w.artifact(ref, 0)
	_, public := w.key("acme")
	var stolen, logged atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || strings.Contains(r.URL.RawQuery, "secret") {
			stolen.Add(1)
		}
		rw.WriteHeader(http.StatusNotFound)
	}))
	defer thief.Close()
	elsewhere := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)
	auth := base64.StdEncoding.EncodeToString([]byte("user:secret"))
	w.write(filepath.Join(w.app.getenv("DOCKER_CONFIG"), "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, w.host, auth))
	for name, steal := range map[string]func(rw http.ResponseWriter, r *http.Request){
		"redirect": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, thief.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		},
		"redirect to another name": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		},
		"realm": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere+`/token",service="x",scope="repository:acme/hello:pull"`)
			rw.WriteHeader(http.StatusUnauthorized)
		},
	} {
		w.intercept(func(rw http.ResponseWriter, r *http.Request) bool {
			if _, _, ok := r.BasicAuth(); !ok {
				rw.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				rw.WriteHeader(http.StatusUnauthorized)
				return true
			}
			logged.Add(1)
			if strings.Contains(r.URL.Path, "/referrers/") || strings.HasSuffix(r.URL.Path, ".sig") {
				steal(rw, r)
				return true
			}
			return false
		})
		code, out, said := w.wpk("verify", ref, "--key", public)
		if code == 0 || out != "" || !strings.HasPrefix(said, "error: ") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, said)
		}
	}
	if stolen.Load() > 0 || logged.Load() == 0 {
		t.Errorf("%d requests with credentials came to somebody else, %d to the registry", stolen.Load(), logged.Load())
	}
}

// A flood of junk referrers hides no signature, and does not cost much
// (attack 3).
func TestVerifyFlood(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	digest := w.artifact(repo+":1", 0)
	key, public := w.key("acme")
	junk := evidence.Piece{Form: evidence.Bundle, MediaType: evidence.MediaTypeBundle}
	var pieces []evidence.Piece
	for i := range 100 {
		junk.Content = fmt.Appendf(nil, `{"junk":%d}`, i)
		pieces = append(pieces, junk)
	}
	w.attach(repo+":1", digest, pieces...)
	w.must(exitInvalid, "more skipped", "verify", repo+":1", "--key", public)
	w.sign(key, repo+":1", digest, repo)
	w.ok("verify", repo+":1", "--key", public)
}

// An attestation is no signature (attack 1), nor is a signature of another
// digest (attack 4).
func TestVerifyReplay(t *testing.T) {
	w := newWorld(t)
	repo := w.host + "/acme/hello"
	good, evil := w.artifact(repo+":good", 0), w.artifact(repo+":evil", 7)
	key, public := w.key("acme")
	w.attest(key, repo+":evil", evil, repo, "https://slsa.dev/provenance/v1")
	w.must(exitUnsigned, "no signature", "verify", repo+":evil", "--key", public)
	w.ok("verify", repo+":evil", "--key", public, "--attestation-only", "--type", "slsaprovenance")
	pieces, err := w.signer(key).Signature(t.Context(), sign.Subject{Digest: good, Repository: repo})
	if err != nil {
		t.Fatal(err)
	}
	w.attach(repo+":evil", evil, pieces...)
	w.must(exitInvalid, "another artifact, "+good, "verify", repo+":evil", "--key", public)
	w.must(exitInvalid, "another artifact", "pull", repo+":evil", "--key", public)
}
