package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// image manifests of evidence, with any layers.
func evidenceManifest(artifactType string, subject *ocispec.Descriptor, layers ...ocispec.Descriptor) ocispec.Manifest {
	return ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifactType,
		Config: emptyJSON().desc, Layers: layers, Subject: subject,
	}
}

// skipCounts makes a map of what was skipped.
func skipCounts(e Evidence) map[SkipReason]int {
	m := map[SkipReason]int{}
	for _, s := range e.Skipped {
		m[s.Reason] = s.Count
	}
	return m
}

// TestReferrerFlood: 1,500 junk referrers hide no bundle. Junk that calls itself
// a bundle is cut, and counted; a bundle that was there before stays.
func TestReferrerFlood(t *testing.T) {
	const junk = 1500
	for name, tt := range map[string]struct {
		artifactType string
		reason       SkipReason
		least        int
	}{
		"other types": {"application/x-junk", SkipOther, junk},
		"bundles":     {evidence.MediaTypeBundle, SkipMany, junk - maxBundles},
		"no type":     {"", SkipMany, junk - maxBundles},
	} {
		for _, api := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, API %v", name, api), func(t *testing.T) {
				s := evidencePlaces()["fallback"](t)
				must(t, Attach(t.Context(), s, AttachOptions{}, bundlePiece(1)))
				n, err := s.Target.(*remoteTarget).read(t.Context(), s.tag(""))
				must(t, err)
				x, _, err := parseFallback(n, s.Descriptor)
				must(t, err)
				for i := range junk {
					d := describe(fmt.Appendf(nil, "junk %d", i), ocispec.MediaTypeImageManifest)
					d.ArtifactType = tt.artifactType
					x.Manifests = append(x.Manifests, d)
				}
				if tt.artifactType != evidence.MediaTypeBundle { // what has the right type comes first anyway
					slices.Reverse(x.Manifests)
				}
				flooded, err := json.Marshal(x)
				must(t, err)
				srv := s.Target.(*remoteTarget).repo.Reference.Registry
				front := proxy(t, srv, func(w http.ResponseWriter, req *http.Request) bool {
					isList := strings.Contains(req.URL.Path, "/referrers/") == api && (api || strings.HasSuffix(req.URL.Path, s.tag("")))
					if !isList {
						return false
					}
					w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
					w.Header().Set("Content-Length", fmt.Sprint(len(flooded)))
					_, _ = w.Write(flooded)
					return true
				})
				s.Target = mustOpen(t, front.host()+"/a/b", fast(t))
				got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
				must(t, err)
				if len(got.Pieces) != 1 || string(got.Pieces[0].Content) != string(bundlePiece(1).Content) {
					t.Errorf("%d pieces", len(got.Pieces))
				}
				if n := skipCounts(got)[tt.reason]; n < tt.least {
					t.Errorf("skipped %v", got.Skipped)
				}
				if n := len(front.taken()); n > maxBundles+10 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

// proxy is a server before another one.
func proxy(t *testing.T, host string, before func(http.ResponseWriter, *http.Request) bool) *server {
	t.Helper()
	front := startServer(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	front.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		if before(w, req) {
			return true
		}
		out, err := http.NewRequestWithContext(req.Context(), req.Method, "http://"+host+req.URL.RequestURI(), req.Body)
		if err != nil {
			return answer(w, 500, "")
		}
		out.Header, out.ContentLength = req.Header, req.ContentLength
		resp, err := client.Do(out)
		if err != nil {
			return answer(w, 500, "")
		}
		defer resp.Body.Close()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return true
	})
	return front
}

// TestGzipBomb: 600 MB that are a few hundred KB when compressed are read as they
// are, and what says that it is larger is not read at all.
func TestGzipBomb(t *testing.T) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	must(t, err)
	zeros := make([]byte, 1<<20)
	for range 600 {
		_, err = z.Write(zeros)
		must(t, err)
	}
	must(t, z.Close())
	bomb := b.Bytes()
	for _, name := range []string{"API", "fallback", "layout"} {
		t.Run(name, func(t *testing.T) {
			s := evidencePlaces()[name](t)
			layer, err := pushBytes(t.Context(), s.Target, bomb, evidence.MediaTypeBundle)
			must(t, err)
			large := layer
			large.Size = 600 << 20
			zipped := layer
			zipped.MediaType += "+gzip"
			target, err := merging(s.Target)
			must(t, err)
			var entries []ocispec.Descriptor
			for _, l := range []ocispec.Descriptor{layer, large, zipped} {
				d := put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest(evidence.MediaTypeBundle, &s.Descriptor, l))
				d.ArtifactType = evidence.MediaTypeBundle
				entries = append(entries, d)
			}
			must(t, listReferrersIn(t.Context(), s, target, entries, RetryOptions{}))
			layer.MediaType = evidence.MediaTypeSimpleSigning
			large.MediaType = evidence.MediaTypeSimpleSigning
			must(t, s.Target.Tag(t.Context(), put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest("", nil, layer, large)), s.tag(".sig")))

			var got Evidence
			peak := peakHeap(t, func() { got, err = ReadEvidence(t.Context(), s, EvidenceOptions{}) })
			must(t, err)
			for _, p := range got.Pieces {
				if !bytes.Equal(p.Content, bomb) {
					t.Errorf("%s: %d bytes, want the %d as they lie there", p.Form, len(p.Content), len(bomb))
				}
			}
			if c := skipCounts(got); len(got.Pieces) != 2 || c[SkipLarge] != 2 || c[SkipOther] != 1 {
				t.Errorf("%d pieces, skipped %v", len(got.Pieces), got.Skipped)
			}
			if peak > 64<<20 {
				t.Errorf("%d MB of memory", peak>>20)
			}
		})
	}
}

// peakHeap is the most memory that the heap had while f ran, beyond what it had
// before.
func peakHeap(t *testing.T, f func()) uint64 {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				peak.Store(max(peak.Load(), now.HeapAlloc-before.HeapAlloc))
			}
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	f()
	close(done)
	wait.Wait()
	return peak.Load()
}

// TestFatList: lists whose entries are mostly annotations, page after page, stay
// small in memory.
func TestFatList(t *testing.T) {
	fat := strings.Repeat("x", 100<<10)
	srv := startServer(t)
	srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, "/referrers/") {
			return answer(w, 404, "")
		}
		var list []ocispec.Descriptor
		for i := range 36 {
			d := entry(i)
			d.ArtifactType, d.Digest = evidence.MediaTypeBundle, digest.FromString(req.URL.RawQuery+fmt.Sprint(i))
			d.Annotations = map[string]string{"fat": fat}
			list = append(list, d)
		}
		return answerPage(w, `<?page=`+req.URL.RawQuery+`1>; rel="next"`, list...)
	})
	s := Subject{Target: mustOpen(t, srv.host()+"/a", fast(t)), Descriptor: describe([]byte("x"), ocispec.MediaTypeImageManifest)}
	r := &evidenceReader{Subject: s, target: s.Target.(*remoteTarget), limit: 1, skipped: map[SkipReason]int{}}
	candidates, err := r.candidates(t.Context())
	must(t, err)
	kept := 0
	for _, d := range candidates {
		kept += len(d.Annotations)
	}
	if len(candidates) != maxBundles || kept != 0 || r.skipped[SkipMany] != 36*maxReferrerPages-maxBundles || r.skipped[SkipUnlisted] != 1 {
		t.Errorf("%d candidates with %d annotations, skipped %v", len(candidates), kept, r.skipped)
	}
}

// TestEvidenceIsBounded: full tags and lists give no more than is allowed.
func TestEvidenceIsBounded(t *testing.T) {
	s := evidencePlaces()["layout"](t)
	var pieces []evidence.Piece
	for i := range 6 {
		for _, p := range []evidence.Piece{attestation(i), bundlePiece(i)} {
			p.Content = fmt.Appendf(nil, "%04d%s", i, strings.Repeat(" ", 3<<20))
			pieces = append(pieces, p)
		}
	}
	for i := range maxLayers + 5 {
		pieces = append(pieces, signature(i))
	}
	must(t, Attach(t.Context(), s, AttachOptions{}, pieces...))
	got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
	must(t, err)
	counts := map[evidence.Form]int{}
	for _, p := range got.Pieces {
		counts[p.Form]++
	}
	if counts[evidence.SimpleSigning] != maxLayers || counts[evidence.Envelope] != 3 || counts[evidence.Bundle] != 3 || got.Count() != 5+3+3 {
		t.Errorf("%v, skipped %v", counts, got.Skipped)
	}
	huge := signature(1)
	huge.Content = make([]byte, evidence.MaxContent+1)
	if err := Attach(t.Context(), s, AttachOptions{}, huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("attaching what nobody reads: %v", err)
	}
	if err := Attach(t.Context(), s, AttachOptions{}, evidence.Piece{Form: "other"}); err == nil {
		t.Error("attached an unknown form")
	}
}

// TestEvidenceFailsClosed: a registry that fails, refuses, or does not answer is
// not one without signatures. One that says that there is nothing is.
func TestEvidenceFailsClosed(t *testing.T) {
	for name, tt := range map[string]struct {
		part   string // of the path
		status int
		kind   error
	}{
		"referrers 500":            {"/referrers/", 500, ErrServer},
		"referrers 501":            {"/referrers/", 501, ErrServer},
		"referrers 503":            {"/referrers/", 503, ErrServer},
		"referrers 401":            {"/referrers/", 401, ErrUnauthorized},
		"referrers 403":            {"/referrers/", 403, ErrDenied},
		"referrers 429":            {"/referrers/", 429, ErrRateLimited},
		"referrers 404":            {"/referrers/", 404, nil},
		"fallback 500":             {"/manifests/sha256-", 500, ErrServer},
		"signatures 502":           {".sig", 502, ErrServer},
		"signatures 401":           {".sig", 401, ErrUnauthorized},
		"attestations 504":         {".att", 504, ErrServer},
		"the manifests":            {"/manifests/sha256:", 500, ErrServer},
		"the blobs":                {"/blobs/", 500, ErrServer},
		"the blobs are not there":  {"/blobs/", 404, nil},
		"no manifest is there":     {"/manifests/sha256:", 404, nil},
		"a page instead of a list": {"/referrers/", 200, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := evidencePlaces()["fallback"](t)
			must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))
			front := proxy(t, s.Target.(*remoteTarget).repo.Reference.Registry, func(w http.ResponseWriter, req *http.Request) bool {
				return strings.Contains(req.URL.Path, tt.part) && answer(w, tt.status, "<html>")
			})
			o := fast(t)
			o.Retry.Attempts = 2
			s.Target = mustOpen(t, front.host()+"/a/b", o)
			got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
			if !errors.Is(err, tt.kind) || tt.kind != nil && len(got.Pieces) > 0 {
				t.Errorf("%d pieces, %v", len(got.Pieces), err)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		s := evidencePlaces()["fallback"](t)
		front := proxy(t, s.Target.(*remoteTarget).repo.Reference.Registry, func(_ http.ResponseWriter, req *http.Request) bool {
			if strings.Contains(req.URL.Path, "/referrers/") {
				<-req.Context().Done()
			}
			return false
		})
		s.Target = mustOpen(t, front.host()+"/a/b", fast(t))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := ReadEvidence(ctx, s, EvidenceOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestEvidenceElsewhere: manifests that are not what the list says: of another
// subject, of another type, with other bytes, or a list that is none.
func TestEvidenceElsewhere(t *testing.T) {
	s := evidencePlaces()["layout"](t)
	must(t, Attach(t.Context(), s, AttachOptions{}, bundlePiece(1)))
	target, err := merging(s.Target)
	must(t, err)
	layer, err := pushBytes(t.Context(), s.Target, []byte("{}"), evidence.MediaTypeBundle)
	must(t, err)
	other := describe([]byte("another"), ocispec.MediaTypeImageManifest)
	entries := []ocispec.Descriptor{
		put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest(evidence.MediaTypeBundle, &other, layer)),
		put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest(evidence.MediaTypeBundle, nil, layer)),
		put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest("application/x", &s.Descriptor, layer)),
		put(t, s.Target, ocispec.MediaTypeImageManifest, evidenceManifest(evidence.MediaTypeBundle, &s.Descriptor, layer, layer)),
		put(t, s.Target, ocispec.MediaTypeImageManifest, "no manifest"),
		other,
	}
	for i := range entries {
		entries[i].ArtifactType = evidence.MediaTypeBundle
	}
	must(t, listReferrersIn(t.Context(), s, target, entries, RetryOptions{}))
	got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
	must(t, err)
	if c := skipCounts(got); len(got.Pieces) != 1 || c[SkipUnusable] != 4 || c[SkipOther] != 2 {
		t.Errorf("%d pieces, skipped %v", len(got.Pieces), got.Skipped)
	}
	for _, suffix := range []string{"", ".sig", ".att"} {
		must(t, s.Target.Tag(t.Context(), s.Descriptor, s.tag(suffix))) // the artifact itself, as some registries answer
	}
	got, err = ReadEvidence(t.Context(), s, EvidenceOptions{})
	if must(t, err); len(got.Pieces) != 0 {
		t.Errorf("got %+v", got)
	}
	must(t, Attach(t.Context(), s, AttachOptions{}, bundlePiece(2)))
	assertPieces(t, s, bundlePiece(2))
}
