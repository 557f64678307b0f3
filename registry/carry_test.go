package registry

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/evidence"
)

// dressed saves an index in a place and attaches to it and its first part, and
// lays an SBOM beside it both as a referrer, which is signed, and under a tag.
func dressed(t *testing.T, s Subject) Subject {
	t.Helper()
	ctx := t.Context()
	var err error
	s.Descriptor, err = Save(ctx, s.Target, universal(t, 1, 1000), s.Name+"2.0")
	must(t, err)
	must(t, Attach(ctx, s, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))
	must(t, Attach(ctx, part(t, s), AttachOptions{}, signature(2)))
	sbom := about(t, s.Target, "application/spdx+json", &s.Descriptor, map[string]string{"a": "b"})
	target, err := merging(s.Target)
	must(t, err)
	must(t, listReferrersIn(ctx, s, target, []ocispec.Descriptor{sbom}, RetryOptions{}))
	must(t, Attach(ctx, Subject{s.Target, sbom, s.Name}, AttachOptions{}, bundlePiece(3)))
	must(t, s.Target.Tag(ctx, about(t, s.Target, "", nil, map[string]string{"old": "sbom"}), s.tag(".sbom")))
	return s
}

// part is the first manifest of an index.
func part(t *testing.T, s Subject) Subject {
	t.Helper()
	raw, err := readManifest(t.Context(), s.Target, s.Descriptor)
	must(t, err)
	kids, err := children(s.Descriptor, raw)
	must(t, err)
	return Subject{Target: s.Target, Descriptor: kids[0], Name: s.Name}
}

// digests are what is beside an artifact, in the order of Referrers.
func digests(t *testing.T, s Subject) string {
	t.Helper()
	all, err := Referrers(t.Context(), s.Target, s.Descriptor)
	must(t, err)
	var b strings.Builder
	for _, r := range all {
		b.WriteString(r.Tag + " " + r.ArtifactType + " " + string(r.Digest) + "\n")
	}
	return b.String()
}

// TestCopyReferrers: between all kinds of places, with the same digests.
func TestCopyReferrers(t *testing.T) {
	places := evidencePlaces()
	for _, from := range []string{"store", "archive", "API", "fallback"} {
		for _, to := range []string{"store", "layout", "archive", "API", "distribution"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				src, dst := dressed(t, places[from](t)), places[to](t)
				result, err := Copy(t.Context(), src.Target, src.Name+"2.0", dst.Target, dst.Name+"2.0", fastCopy())
				must(t, err)
				dst.Descriptor = result.Descriptor
				carried, err := CopyReferrers(t.Context(), src, dst, CarryOptions{})
				if must(t, err); carried.Copied != 7 || carried.Skipped != 0 || carried.Left != 0 {
					t.Errorf("first: %+v", carried)
				}
				assertPieces(t, dst, signature(1), attestation(1), bundlePiece(1))
				assertPieces(t, part(t, dst), signature(2))
				if want, got := digests(t, src), digests(t, dst); got != want || strings.Count(got, "\n") != 5 {
					t.Errorf("got\n%swant\n%s", got, want)
				}
				sboms, err := Referrers(t.Context(), dst.Target, dst.Descriptor)
				must(t, err)
				for _, r := range sboms {
					if r.ArtifactType == "application/spdx+json" {
						assertPieces(t, Subject{dst.Target, ocispec.Descriptor{MediaType: r.MediaType, Digest: r.Digest, Size: r.Size}, dst.Name}, bundlePiece(3))
					}
				}
				carried, err = CopyReferrers(t.Context(), src, dst, CarryOptions{})
				if must(t, err); carried.Copied != 0 || carried.Skipped != 7 || carried.Bytes != 0 {
					t.Errorf("again: %+v", carried)
				}
			})
		}
	}
}

// TestCopyReferrersJoins: the signatures of both sides are there afterwards, also
// when many copies and an Attach do it at once.
func TestCopyReferrersJoins(t *testing.T) {
	places := evidencePlaces()
	dst := places["fallback"](t)
	host, _, _ := strings.Cut(dst.Target.(*remoteTarget).name(""), "/")
	const writers = 6
	var sources []Subject
	for i := range writers {
		src := places["layout"](t)
		if src.Descriptor.Digest != dst.Descriptor.Digest {
			t.Fatal("the places hold different artifacts")
		}
		must(t, Attach(t.Context(), src, AttachOptions{}, signature(i), attestation(i), bundlePiece(i)))
		sources = append(sources, src)
	}
	group, ctx := errgroup.WithContext(t.Context())
	for _, src := range sources {
		own := dst
		own.Target = mustOpen(t, host+"/a/b", fast(t))
		group.Go(func() error {
			_, err := CopyReferrers(ctx, src, own, CarryOptions{})
			return err
		})
	}
	group.Go(func() error {
		return Attach(ctx, dst, AttachOptions{}, signature(writers), attestation(writers), bundlePiece(writers))
	})
	must(t, group.Wait())
	assertPieces(t, dst, everyPiece(writers+1)...)
}

// TestCarryEvidence: a pull brings signatures and attestations of the artifact,
// nothing else and nothing large.
func TestCarryEvidence(t *testing.T) {
	places := evidencePlaces()
	for _, from := range []string{"API", "distribution"} {
		t.Run(from, func(t *testing.T) {
			src, dst := dressed(t, places[from](t)), places["store"](t)
			huge := about(t, src.Target, evidence.MediaTypeBundle, &src.Descriptor, map[string]string{"no": "bundle"})
			layer, err := pushBytes(t.Context(), src.Target, content(1, evidence.MaxContent+1), evidence.MediaTypeSimpleSigning)
			must(t, err)
			must(t, Attach(t.Context(), part(t, src), AttachOptions{}, bundlePiece(9)))
			_, err = Copy(t.Context(), src.Target, "2.0", dst.Target, dst.Name+"2.0", fastCopy())
			must(t, err)
			dst.Descriptor = src.Descriptor
			carried, err := CopyReferrers(t.Context(), src, dst, CarryOptions{Evidence: true})
			if must(t, err); carried.Copied != 3 || carried.Left != 0 {
				t.Errorf("%+v", carried)
			}
			assertPieces(t, dst, signature(1), attestation(1), bundlePiece(1))
			assertPieces(t, part(t, dst))
			if there, err := dst.Target.Exists(t.Context(), huge); there || err != nil {
				t.Errorf("brought a referrer that is no bundle: %v", err)
			}

			other := Subject{Target: places["layout"](t).Target, Descriptor: src.Descriptor}
			m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, Config: emptyJSON().desc, Layers: []ocispec.Descriptor{layer}}
			must(t, src.Target.Tag(t.Context(), put(t, src.Target, ocispec.MediaTypeImageManifest, m), src.tag(".sig")))
			carried, err = CopyReferrers(t.Context(), src, other, CarryOptions{Evidence: true})
			if must(t, err); carried.Copied != 2 || carried.Left != 1 {
				t.Errorf("with a large signature: %+v", carried)
			}
		})
	}
}

// TestCopyReferrersFails: a registry in trouble, and a list of what is not there.
func TestCopyReferrersFails(t *testing.T) {
	places := evidencePlaces()
	src, dst := places["fallback"](t), places["store"](t)
	ghost := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: someDigest, Size: 10}
	raw, err := json.Marshal(ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{ghost}})
	must(t, err)
	n := node(ocispec.MediaTypeImageIndex, raw)
	layout := Subject{Target: mustStore(t, filepath.Join(t.TempDir(), "x")), Descriptor: src.Descriptor}
	must(t, layout.Target.Push(t.Context(), n.desc, strings.NewReader(string(raw))))
	must(t, layout.Target.Tag(t.Context(), n.desc, layout.tag("")))
	carried, err := CopyReferrers(t.Context(), layout, dst, CarryOptions{})
	if err != nil || carried.Left != 1 || carried.Copied != 0 {
		t.Errorf("a list of what is not there: %+v, %v", carried, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CopyReferrers(ctx, src, dst, CarryOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestRemoveTakesEvidence: with the last name, and no earlier.
func TestRemoveTakesEvidence(t *testing.T) {
	s := dressed(t, evidencePlaces()["store"](t))
	store := s.Target.(*Store)
	other := Subject{store, s.Descriptor, "example.com/other:"}
	must(t, store.Tag(t.Context(), s.Descriptor, s.Name+"also"))
	must(t, store.Tag(t.Context(), s.Descriptor, other.Name+"2.0"))
	must(t, Attach(t.Context(), other, AttachOptions{}, signature(7)))
	for _, name := range []string{"1.0", "2.0"} {
		_, err := store.Remove(t.Context(), s.Name+name)
		must(t, err)
		assertPieces(t, s, signature(1), attestation(1), bundlePiece(1))
		assertPieces(t, part(t, s), signature(2))
	}
	_, err := store.Remove(t.Context(), s.Name+"also")
	must(t, err)
	assertPieces(t, s)
	assertPieces(t, other, signature(7))
	_, err = store.Remove(t.Context(), other.Name+"2.0")
	must(t, err)
	if left := files(t, store.dir); strings.Join(left, " ") != "index.json oci-layout" {
		t.Errorf("left: %v", left)
	}
}
