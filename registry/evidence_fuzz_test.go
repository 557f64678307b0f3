package registry

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// FuzzSignatureManifest reads any bytes as the manifest behind a .sig tag, adds a
// signature, and finds all that was there and the new one, once.
func FuzzSignatureManifest(f *testing.F) {
	layer := describe([]byte(`{"critical":{}}`), evidence.MediaTypeSimpleSigning)
	layer.Annotations = map[string]string{evidence.AnnotationSignature: "c2ln"}
	first, err := addSignatures(nil, []ocispec.Descriptor{layer})
	must(f, err)
	f.Add(first.manifest.raw)
	f.Add([]byte(`{"layers":[{"digest":"sha256:0","size":-1}]}`))
	f.Add([]byte(`{"layers":null,"config":null,"subject":{}}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	bare := layer
	bare.Annotations = nil
	raw, err := json.Marshal(evidenceManifest("", nil, bare))
	must(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		old := node(ocispec.MediaTypeImageManifest, raw)
		parseBundleManifest(old, layer.Digest)
		before, err := parseSignatures(old)
		if err != nil {
			return
		}
		next, err := addSignatures(&old, []ocispec.Descriptor{layer})
		if err != nil {
			return
		}
		if next == nil {
			next = &change{manifest: old}
		}
		after, err := parseSignatures(next.manifest)
		must(t, err)
		found := 0
		for _, d := range after.Layers {
			if sameSignature(d, layer) {
				found++
			}
		}
		if found == 0 || len(after.Layers) < len(before.Layers) || len(after.Layers) > len(before.Layers)+1 {
			t.Errorf("%d layers became %d, with the new one %d times", len(before.Layers), len(after.Layers), found)
		}
		if again, err := addSignatures(&next.manifest, []ocispec.Descriptor{layer}); again != nil || err != nil {
			t.Errorf("not settled: %v, %v", again, err)
		}
		// A copy to where another one is, in both directions.
		for _, pair := range [][2]manifestNode{{old, first.manifest}, {first.manifest, old}} {
			joined, err := joinSignatures(pair[0])(&pair[1])
			if err != nil || joined == nil {
				continue
			}
			if again, err := joinSignatures(pair[0])(&joined.manifest); again != nil || err != nil {
				t.Errorf("a copy is not settled: %v, %v", again, err)
			}
		}
	})
}

// FuzzReferrersIndex reads any bytes as the list behind a fallback tag and adds
// an entry.
func FuzzReferrersIndex(f *testing.F) {
	subject := describe([]byte("subject"), ocispec.MediaTypeImageManifest)
	add := entry(1)
	add.Annotations = map[string]string{"a": "b"}
	first, err := addReferrers(nil, subject, []ocispec.Descriptor{add, entry(2)})
	must(f, err)
	f.Add(first.manifest.raw)
	f.Add([]byte(`{"manifests":[{"digest":"sha256:zz","size":1}]}`))
	f.Add([]byte(`{"manifests":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		old := node(ocispec.MediaTypeImageIndex, raw)
		referrerEntry(old)
		before, _, err := parseFallback(&old, subject)
		if err != nil {
			return
		}
		next, err := addReferrers(&old, subject, []ocispec.Descriptor{add})
		must(t, err)
		if next == nil {
			return
		}
		after, ok, err := parseFallback(&next.manifest, subject)
		if must(t, err); !ok || len(after.Manifests) < len(before.Manifests) {
			t.Errorf("%d entries became %d", len(before.Manifests), len(after.Manifests))
		}
		if again, err := addReferrers(&next.manifest, subject, []ocispec.Descriptor{add}); again != nil || err != nil {
			t.Errorf("not settled: %v, %v", again, err)
		}
	})
}

// FuzzEvidenceName takes names apart and puts them together again.
func FuzzEvidenceName(f *testing.F) {
	tag := evidenceTag(digest.FromString("x"), ".sig")
	for _, name := range []string{tag, "example.com:5000/a:" + tag, "a:" + strings.TrimSuffix(tag, ".sig"), "sha256-.sig", "sha256", ":", tag + "x", strings.ToUpper(tag)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		prefix, sum, ok := EvidenceName(name)
		if !ok {
			return
		}
		for _, suffix := range append(cosignSuffixes(), suffixReferrers) {
			if name == prefix+evidenceTag(sum, suffix) {
				return
			}
		}
		t.Errorf("%q: %q, %s", name, prefix, sum)
	})
}

// FuzzLink reads any Link header: the next page is never another host's.
func FuzzLink(f *testing.F) {
	f.Add(`<?n=1>; rel="next"`)
	f.Add(`<https://evil.example/>; rel="next"`)
	f.Fuzz(func(t *testing.T, link string) {
		from := mustURL(t, "https://registry.example/v2/a/referrers/x")
		next, err := nextPage(from, []string{link})
		if err == nil && next != nil && (next.Host != from.Host || next.Scheme != "https") {
			t.Errorf("%q leads to %s", link, next)
		}
	})
}

// TestEvidenceJSON: what is skipped is printed under these names.
func TestEvidenceJSON(t *testing.T) {
	raw, err := json.Marshal([]Skipped{{SkipMany, 3}})
	if want := `[{"reason":"too many","count":3}]`; err != nil || string(raw) != want {
		t.Errorf("%s, %v", raw, err)
	}
}
