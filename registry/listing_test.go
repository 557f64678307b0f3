package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// page answers with a list of referrers.
func answerPage(w http.ResponseWriter, link string, entries ...ocispec.Descriptor) bool {
	if link != "" {
		w.Header().Set("Link", link)
	}
	w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
	raw, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, Manifests: entries})
	return err == nil && answer(w, 200, string(raw))
}

func entry(n int) ocispec.Descriptor {
	d := describe(fmt.Appendf(nil, "manifest %d", n), ocispec.MediaTypeImageManifest)
	d.ArtifactType = "application/x"
	return d
}

// TestReferrerPages: all pages are read, a list without an end is not, and none
// goes on elsewhere.
func TestReferrerPages(t *testing.T) {
	subject := describe([]byte("subject"), ocispec.MediaTypeImageManifest)
	stolen := 0
	other := startServer(t)
	other.intercept(func(w http.ResponseWriter, _ *http.Request) bool { stolen++; return answerPage(w, "") })
	for name, tt := range map[string]struct {
		link string // %d is the number of the next page
		want int    // entries, -1 for an error
		cut  bool
	}{
		"relative":       {`</v2/a/referrers/` + string(subject.Digest) + `?page=%d>; rel="next"`, 3, false},
		"relative query": {`<?page=%d>; rel=next`, 3, false},
		"elsewhere":      {`<` + other.URL + `/v2/a/referrers/x?page=%d>; rel="next"`, -1, false},
		"no link":        {`page %d`, 1, false},
		"endless":        {`<?page=%d>; rel="next"`, maxReferrerPages, true},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startServer(t)
			srv.intercept(func(w http.ResponseWriter, req *http.Request) bool {
				var page int
				_, _ = fmt.Sscan(req.URL.Query().Get("page"), &page)
				link := fmt.Sprintf(tt.link, page+1)
				if page == 2 && !tt.cut {
					link = ""
				}
				return answerPage(w, link, entry(page))
			})
			var got []ocispec.Descriptor
			cut, err := mustOpen(t, srv.host()+"/a", fast(t)).(*remoteTarget).listReferrers(t.Context(), subject, "", func(list []ocispec.Descriptor) error {
				got = append(got, list...)
				return nil
			})
			if tt.want < 0 {
				if !errors.Is(err, errForeignPage) || stolen != 0 {
					t.Errorf("%v, %d requests to another host", err, stolen)
				}
				return
			}
			if err != nil || len(got) != tt.want || cut != tt.cut {
				t.Errorf("%d entries, cut %v, %v", len(got), cut, err)
			}
		})
	}
}

// TestReferrerFilter: the registry is asked for bundles alone, whether or not it
// heeds that.
func TestReferrerFilter(t *testing.T) {
	s := evidencePlaces()["API"](t)
	must(t, Attach(t.Context(), s, AttachOptions{}, bundlePiece(1)))
	asked := ""
	front := proxy(t, s.Target.(*remoteTarget).repo.Reference.Registry, func(_ http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/referrers/") {
			asked = req.URL.Query().Get("artifactType")
		}
		return false
	})
	s.Target = mustOpen(t, front.host()+"/a/b", fast(t))
	assertPieces(t, s, bundlePiece(1))
	if asked != evidence.MediaTypeBundle {
		t.Errorf("asked for %q", asked)
	}
}

// TestNewRepository: that a repository is not there yet does not mean that its
// registry has no API.
func TestNewRepository(t *testing.T) {
	host := apiServer(t)
	target := mustOpen(t, host+"/new", fast(t))
	src, root := saved(t, 1, 100, "x")
	s := Subject{Target: target, Descriptor: root}
	got, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
	if err != nil || len(got.Pieces) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	_, err = Copy(t.Context(), src, "x", target, "1", fastCopy())
	must(t, err)
	must(t, Attach(t.Context(), s, AttachOptions{}, bundlePiece(1)))
	assertPieces(t, s, bundlePiece(1))
	if _, err := target.Resolve(t.Context(), s.tag("")); !errors.Is(err, ErrNotFound) {
		t.Errorf("a fallback tag in a registry with the API: %v", err)
	}
}

// TestAttachRequests pins what attaching and reading cost.
func TestAttachRequests(t *testing.T) {
	s := evidencePlaces()["fallback"](t)
	srv := proxy(t, s.Target.(*remoteTarget).repo.Reference.Registry, func(http.ResponseWriter, *http.Request) bool { return false })
	again := func() []string {
		s.Target = mustOpen(t, srv.host()+"/a/b", fast(t))
		must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), bundlePiece(1)))
		return srv.taken()
	}
	if first, second := again(), again(); len(first) > 20 || len(second) > 4 || count(second, "PUT") != 0 {
		t.Errorf("first %d, again %d:\n%s", len(first), len(second), strings.Join(slices.Concat(first, []string{""}, second), "\n"))
	}
	assertPieces(t, s, signature(1), bundlePiece(1))
	if n := len(srv.taken()); n > 7 {
		t.Errorf("%d requests to read two pieces", n)
	}
}

// TestCarryRequests pins what carrying costs: nothing where the source has
// nothing, one request for each kind of evidence of a push that is up to date
// (one more without the API), and three or four to learn what there is to pull.
func TestCarryRequests(t *testing.T) {
	for name, more := range map[string]int{"API": 0, "fallback": 1} {
		t.Run(name, func(t *testing.T) {
			src, remote := evidencePlaces()["store"](t), evidencePlaces()[name](t)
			srv := proxy(t, remote.Target.(*remoteTarget).repo.Reference.Registry, func(http.ResponseWriter, *http.Request) bool { return false })
			carry := func(from, to Subject, want int) {
				t.Helper()
				_, err := CopyReferrers(t.Context(), from, to, CarryOptions{Evidence: from.Name == ""})
				must(t, err)
				if got := srv.taken(); len(got) != want {
					t.Errorf("%d requests, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
				}
			}
			dst := func() Subject {
				return Subject{Target: mustOpen(t, srv.host()+"/a/b", fast(t)), Descriptor: src.Descriptor}
			}
			carry(src, dst(), 0)
			carry(dst(), src, 3+more)
			must(t, Attach(t.Context(), src, AttachOptions{}, signature(1)))
			must(t, Attach(t.Context(), remote, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))
			carry(src, dst(), 1)
			must(t, Attach(t.Context(), src, AttachOptions{}, attestation(1), bundlePiece(1)))
			carry(src, dst(), 3+more)
			carry(dst(), src, 3+more)
		})
	}
}

func TestNextPage(t *testing.T) {
	from := mustURL(t, "https://registry.example/v2/a/referrers/x")
	for link, want := range map[string]string{
		"": "", "<": "", "<a": "", "<>": "", `<?n=1>; rel="prev"`: "",
		`<?n=1>; rel="next"`:                        "https://registry.example/v2/a/referrers/x?n=1",
		`</v2/b>;rel="next"`:                        "https://registry.example/v2/b",
		`<https://registry.example/y>; rel="next"`:  "https://registry.example/y",
		`<http://registry.example/y>; rel="next"`:   "error",
		`<//registry.example:444/y>; rel="next"`:    "error",
		`<https://user@evil.example/y>; rel="next"`: "error",
		"<:%gh\x00>; rel=next":                      "error",
	} {
		next, err := nextPage(from, []string{link})
		got := ""
		if err != nil {
			got = "error"
		} else if next != nil {
			got = next.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", link, got, want)
		}
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	must(t, err)
	return u
}
