package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// signature, attestation and bundle are pieces that nobody could verify.
func signature(n int) evidence.Piece {
	return evidence.Piece{
		Form: evidence.SimpleSigning, MediaType: evidence.MediaTypeSimpleSigning,
		Content:     []byte(`{"critical":{}}`), // the same for all, as for keys that sign one digest
		Annotations: map[string]string{evidence.AnnotationSignature: fmt.Sprintf("c2ln%04d", n)},
	}
}

func attestation(n int) evidence.Piece {
	return evidence.Piece{
		Form: evidence.Envelope, MediaType: evidence.MediaTypeEnvelope, Content: fmt.Appendf(nil, `{"payload":"%d"}`, n),
		Annotations: map[string]string{evidence.AnnotationSignature: "", evidence.AnnotationPredicate: "https://slsa.dev/provenance/v1"},
	}
}

func bundlePiece(n int) evidence.Piece {
	return evidence.Piece{
		Form: evidence.Bundle, MediaType: evidence.MediaTypeBundle, Content: fmt.Appendf(nil, `{"bundle":"%d"}`, n),
		Annotations: map[string]string{
			evidence.AnnotationBundleContent:   evidence.ContentEnvelope,
			evidence.AnnotationBundlePredicate: evidence.PredicateSignature,
		},
	}
}

// apiServer is a registry with the referrers API.
func apiServer(t testing.TB) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// evidencePlaces are all kinds of targets, each with an artifact to speak about.
func evidencePlaces() map[string]func(t *testing.T) Subject {
	in := func(open func(t *testing.T) (Target, string)) func(t *testing.T) Subject {
		return func(t *testing.T) Subject {
			target, prefix := open(t)
			d, err := Save(t.Context(), target, image(t, mustLayer(100), "wasi", "wasm"), prefix+"1.0")
			must(t, err)
			return Subject{Target: target, Descriptor: d, Name: prefix}
		}
	}
	return map[string]func(t *testing.T) Subject{
		"store": in(func(t *testing.T) (Target, string) {
			return mustStore(t, filepath.Join(t.TempDir(), "store")), "example.com/a/b:"
		}),
		"layout": in(func(t *testing.T) (Target, string) {
			return mustOpen(t, "oci:"+filepath.Join(t.TempDir(), "out"), Options{}), ""
		}),
		"archive": in(func(t *testing.T) (Target, string) {
			return mustOpen(t, "oci-archive:"+filepath.Join(t.TempDir(), "a.tar"), Options{}), ""
		}),
		"API":      in(func(t *testing.T) (Target, string) { return mustOpen(t, apiServer(t)+"/a/b", fast(t)), "" }),
		"fallback": in(func(t *testing.T) (Target, string) { return mustOpen(t, startServer(t).host()+"/a/b", fast(t)), "" }),
		"distribution": in(func(t *testing.T) (Target, string) {
			return mustOpen(t, wpktest.Distribution(t)+"/a/b", fast(t)), ""
		}),
	}
}

// assertPieces compares what is there with what was attached.
func assertPieces(t *testing.T, s Subject, want ...evidence.Piece) {
	t.Helper()
	got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
	must(t, err)
	if got.Count() != 0 || len(got.Pieces) != len(want) {
		t.Fatalf("%d pieces, want %d; skipped %v", len(got.Pieces), len(want), got.Skipped)
	}
	key := func(p evidence.Piece) string {
		return fmt.Sprint(p.Form, p.MediaType, string(p.Content), p.Annotations)
	}
	left := map[string]int{}
	for _, p := range got.Pieces {
		left[key(p)]++
		if p.Manifest.Validate() != nil {
			t.Errorf("found in %q", p.Manifest)
		}
	}
	for _, p := range want {
		if left[key(p)]--; left[key(p)] < 0 {
			t.Errorf("missing: %s", key(p))
		}
	}
}

// TestAttach: in every kind of place what was attached comes back, once however
// often it was attached.
func TestAttach(t *testing.T) {
	for name, place := range evidencePlaces() {
		t.Run(name, func(t *testing.T) {
			s := place(t)
			assertPieces(t, s)
			first := []evidence.Piece{signature(1), attestation(1), bundlePiece(1)}
			second := []evidence.Piece{signature(2), attestation(2), bundlePiece(2)}
			for range 2 {
				must(t, Attach(t.Context(), s, AttachOptions{}, first...))
			}
			must(t, Attach(t.Context(), s, AttachOptions{}, append(second, first...)...))
			assertPieces(t, s, append(second, first...)...)
			only, err := ReadEvidence(t.Context(), s, EvidenceOptions{Forms: []evidence.Form{evidence.Envelope}})
			if err != nil || len(only.Pieces) != 2 || only.Pieces[0].Form != evidence.Envelope {
				t.Errorf("only envelopes: %+v, %v", only, err)
			}
			if d, err := s.Target.Resolve(t.Context(), s.Name+"1.0"); err != nil || d.Digest != s.Descriptor.Digest {
				t.Errorf("the artifact itself: %v, %v", d, err)
			}
			listed, err := Referrers(t.Context(), s.Target, s.Descriptor)
			if must(t, err); len(listed) != 4 { // .sig, .att and two bundles
				t.Errorf("listed: %+v", listed)
			}
			for _, r := range listed {
				if r.Tag == "" && (r.ArtifactType != evidence.MediaTypeBundle || r.Annotations[evidence.AnnotationBundlePredicate] != evidence.PredicateSignature) {
					t.Errorf("a bundle is listed as %+v", r)
				}
			}
		})
	}
}

// TestAttachAddsToSignature: the entry of a log that comes later joins the
// signature that is there.
func TestAttachAddsToSignature(t *testing.T) {
	s := evidencePlaces()["layout"](t)
	logged := signature(1)
	logged.Annotations = map[string]string{evidence.AnnotationSignature: "c2ln0001", evidence.AnnotationLogEntry: "{}"}
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1)))
	must(t, Attach(t.Context(), s, AttachOptions{}, logged))
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1)))
	assertPieces(t, s, logged)
}

// TestSignatureManifestShape: that of cosign, which podman reads too.
func TestSignatureManifestShape(t *testing.T) {
	s := evidencePlaces()["fallback"](t)
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), signature(2)))
	d, err := s.Target.Resolve(t.Context(), evidenceTag(s.Descriptor.Digest, ".sig"))
	must(t, err)
	assertComplete(t, s.Target, d)
	raw, err := readManifest(t.Context(), s.Target, d)
	must(t, err)
	m, err := parseSignatures(manifestNode{d, raw})
	must(t, err)
	config, err := readManifest(t.Context(), s.Target, m.Config)
	must(t, err)
	// cosign appends layers to an empty image.
	theirs := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, p := range []evidence.Piece{signature(1), signature(2)} {
		theirs, err = mutate.Append(theirs, mutate.Addendum{Layer: static.NewLayer(p.Content, types.MediaType(p.MediaType)), Annotations: p.Annotations})
		must(t, err)
	}
	want, err := theirs.RawConfigFile()
	must(t, err)
	manifest, err := theirs.RawManifest()
	must(t, err)
	their, err := parseSignatures(node(ocispec.MediaTypeImageManifest, manifest))
	must(t, err)
	if !reflect.DeepEqual(m, their) {
		t.Errorf("got %+v, cosign writes %+v", m, their)
	}
	if d.MediaType != ocispec.MediaTypeImageManifest || m.Config.MediaType != ocispec.MediaTypeImageConfig || string(config) != string(want) {
		t.Errorf("%s with a config of %s:\n%s", d.MediaType, m.Config.MediaType, config)
	}
}

// everyPiece are those of writers who attach one of each form.
func everyPiece(writers int) []evidence.Piece {
	var all []evidence.Piece
	for i := range writers {
		all = append(all, signature(i), attestation(i), bundlePiece(i))
	}
	return all
}

// TestAttachWithoutLock: writers that share nothing but the registry, as on
// several machines, overwrite each other, notice it and lose nothing.
func TestAttachWithoutLock(t *testing.T) {
	const writers = 16
	s := evidencePlaces()["fallback"](t)
	host, _, _ := strings.Cut(s.Target.(*remoteTarget).name(""), "/")
	group, ctx := errgroup.WithContext(t.Context())
	for i := range writers {
		own := s
		own.Target = mustOpen(t, host+"/a/b", fast(t))
		group.Go(func() error {
			return Attach(ctx, own, AttachOptions{}, signature(i), attestation(i), bundlePiece(i))
		})
	}
	must(t, group.Wait())
	assertPieces(t, s, everyPiece(writers)...)
}

// TestAttachMergesAgain: somebody on another machine had read the tags before and
// writes them after.
func TestAttachMergesAgain(t *testing.T) {
	s := evidencePlaces()["fallback"](t)
	inner := s.Target.(*remoteTarget)
	host := inner.repo.Reference.Registry
	other := Subject{Target: evidencePlaces()["layout"](t).Target, Descriptor: s.Descriptor}
	must(t, Attach(t.Context(), other, AttachOptions{}, signature(2), bundlePiece(2)))
	theirs := map[string]*manifestNode{}
	for _, suffix := range []string{"", ".sig"} { // the blobs are there, the tags are not yet
		n, err := other.Target.(*Store).read(t.Context(), other.tag(suffix))
		must(t, err)
		g, err := walk(t.Context(), other.Target, n.desc, nil)
		must(t, err)
		must(t, (&copier{src: other.Target, dst: s.Target, options: CopyOptions{Concurrency: 1}, unlisted: true}).below(t.Context(), g))
		theirs[s.tag(suffix)] = n
	}
	var mu sync.Mutex
	front := proxy(t, host, func(_ http.ResponseWriter, req *http.Request) bool {
		name := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
		mu.Lock()
		n := theirs[name]
		delete(theirs, name)
		mu.Unlock()
		if req.Method != http.MethodPut || n == nil {
			if n != nil {
				mu.Lock()
				theirs[name] = n
				mu.Unlock()
			}
			return false
		}
		// Right after ours has been accepted.
		time.AfterFunc(20*time.Millisecond, func() { _ = inner.putManifest(context.Background(), n.desc, n.raw, name) })
		return false
	})
	s.Target = mustOpen(t, front.host()+"/a/b", fast(t))
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), bundlePiece(1)))
	if len(theirs) != 0 {
		t.Fatal("nobody wrote in between")
	}
	assertPieces(t, s, signature(1), signature(2), bundlePiece(1), bundlePiece(2))
}

// The environment of TestAttachManyProcesses' children.
const (
	childSubject = "WPK_TEST_ATTACH_TO"
	childDigest  = "WPK_TEST_ATTACH_DIGEST"
	childLocks   = "WPK_TEST_ATTACH_LOCKS"
	childNumber  = "WPK_TEST_ATTACH_NUMBER"
)

// attachChild is what each of the processes does.
func attachChild(ctx context.Context) error {
	ref, err := ParseRef(os.Getenv(childSubject))
	if err != nil {
		return err
	}
	target, err := Open(ctx, ref, Options{Locks: os.Getenv(childLocks)})
	if err != nil {
		return err
	}
	defer target.Close()
	d, err := target.Resolve(ctx, os.Getenv(childDigest))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(os.Getenv(childNumber))
	if err != nil {
		return err
	}
	return Attach(ctx, Subject{Target: target, Descriptor: d}, AttachOptions{}, signature(n), attestation(n), bundlePiece(n))
}

// TestAttachManyProcesses: 16 processes sign and attest one image in a registry
// without the referrers API, with the lock and without, and in a folder.
func TestAttachManyProcesses(t *testing.T) {
	const writers = 16
	for name, tt := range map[string]struct{ place, locks string }{
		"lock":    {"distribution", filepath.Join(t.TempDir(), "locks")},
		"no lock": {"fallback", ""},
		"layout":  {"layout", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := evidencePlaces()[tt.place](t)
			var reference string
			switch target := s.Target.(type) {
			case *remoteTarget:
				reference = target.name("")
			case *Store:
				reference = "oci:" + target.dir
			}
			group, ctx := errgroup.WithContext(t.Context())
			for i := range writers {
				group.Go(func() error {
					cmd := exec.CommandContext(ctx, os.Args[0]) // #nosec G702 -- ourselves
					cmd.Env = append(os.Environ(), childSubject+"="+reference, childDigest+"="+s.Descriptor.Digest.String(),
						childLocks+"="+tt.locks, childNumber+"="+strconv.Itoa(i))
					out, err := cmd.CombinedOutput()
					if err != nil {
						return fmt.Errorf("%w: %s", err, out)
					}
					return nil
				})
			}
			must(t, group.Wait())
			assertPieces(t, s, everyPiece(writers)...)
		})
	}
}

// TestAttachIsOverwrittenForever: who never gets through says so.
func TestAttachIsOverwrittenForever(t *testing.T) {
	s := evidencePlaces()["fallback"](t)
	srv := startServer(t)
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		ignored := req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, ".sig")
		if ignored {
			w.WriteHeader(http.StatusCreated)
		}
		return ignored
	})
	s.Target = mustOpen(t, srv.host()+"/a/b", fast(t))
	err := Attach(t.Context(), s, AttachOptions{Attempts: 2}, signature(1))
	if !errors.Is(err, errOverwritten) || !errors.Is(err, ErrServer) {
		t.Errorf("got %v", err)
	}
	if n := count(srv.taken(), "PUT /v2/a/b/manifests/"); n != 2 {
		t.Errorf("written %d times", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Attach(ctx, s, AttachOptions{}, signature(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that ends: %v", err)
	}
}
