package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// put pushes a document and returns its descriptor.
func put(t *testing.T, dst Target, mediaType string, content any) ocispec.Descriptor {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if err := dst.Push(context.Background(), d, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	return d
}

// about pushes a manifest, of a subject when there is one.
func about(t *testing.T, dst Target, artifactType string, subject *ocispec.Descriptor, annotations map[string]string) ocispec.Descriptor {
	t.Helper()
	empty := put(t, dst, ocispec.MediaTypeEmptyJSON, struct{}{})
	d := put(t, dst, ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifactType,
		Config: empty, Layers: []ocispec.Descriptor{empty}, Subject: subject, Annotations: annotations,
	})
	d.ArtifactType, d.Annotations = artifactType, annotations
	return d
}

// TestReferrers asks a registry with the API, one without, a folder and an archive.
func TestReferrers(t *testing.T) {
	for _, place := range []string{"API", "fallback tag", "folder", "archive"} {
		t.Run(place, func(t *testing.T) {
			ctx := context.Background()
			dir := t.TempDir()
			name := map[string]string{"folder": "oci:" + filepath.Join(dir, "x"), "archive": "oci-archive:" + filepath.Join(dir, "x.tar")}[place]
			if name == "" {
				s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(place == "API")))
				defer s.Close()
				u, _ := url.Parse(s.URL)
				name = u.Host + "/demo/x"
			}
			ref, err := ParseRef(name)
			if err != nil {
				t.Fatal(err)
			}
			target, err := Open(ctx, ref, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			subject := about(t, target, "application/x", nil, nil)
			other := about(t, target, "application/y", nil, nil)
			sbom := about(t, target, "application/spdx+json", &subject, nil)
			statement := about(t, target, "application/vnd.dev.sigstore.bundle.v0.3+json", &subject, map[string]string{"dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"})
			foreign := about(t, target, "application/spdx+json", &other, nil)
			signature := about(t, target, "application/vnd.oci.image.config.v1+json", nil, map[string]string{"a": "b"})
			tag := func(d ocispec.Descriptor, name string) {
				if err := target.Tag(ctx, d, name); err != nil {
					t.Fatal(err)
				}
			}
			tag(subject, "1")
			tag(signature, evidenceTag(subject.Digest, ".sig"))
			switch place {
			case "fallback tag":
				index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{sbom, statement}}
				tag(put(t, target, ocispec.MediaTypeImageIndex, index), "sha256-"+subject.Digest.Encoded())
			case "folder", "archive":
				tag(sbom, "sbom")
				tag(statement, "statement")
				tag(foreign, "foreign")
			}
			all, err := Referrers(ctx, target, subject)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, r := range all {
				kinds = append(kinds, r.Kind())
			}
			if want := []string{KindSignature, KindSBOM, KindProvenance}; !slices.Equal(kinds, want) || all[1].Digest != sbom.Digest {
				t.Errorf("got %q, %+v", kinds, all)
			}
			if none, err := Referrers(ctx, target, signature); err != nil || len(none) != 0 {
				t.Errorf("of the signature: %v, %v", none, err)
			}
		})
	}
}

func TestReferrerKinds(t *testing.T) {
	for _, tt := range []struct {
		r    Referrer
		want string
	}{
		{Referrer{ArtifactType: "application/vnd.cncf.notary.signature"}, KindSignature},
		{Referrer{ArtifactType: "application/vnd.dev.sigstore.bundle.v0.3+json", Annotations: map[string]string{"dev.sigstore.bundle.content": "message-signature"}}, KindSignature},
		{Referrer{ArtifactType: "application/vnd.dev.sigstore.bundle.v0.3+json", Annotations: map[string]string{"dev.sigstore.bundle.content": "dsse-envelope"}}, KindAttestation},
		{Referrer{ArtifactType: evidence.MediaTypeBundle, Annotations: map[string]string{
			evidence.AnnotationBundleContent: evidence.ContentEnvelope, evidence.AnnotationBundlePredicate: evidence.PredicateSignature,
		}}, KindSignature},
		{Referrer{ArtifactType: "application/vnd.in-toto+json"}, KindAttestation},
		{Referrer{ArtifactType: "application/vnd.cyclonedx+json"}, KindSBOM},
		{Referrer{ArtifactType: "text/plain"}, ""},
		{Referrer{Tag: "sha256-1.att"}, KindAttestation},
	} {
		if got := tt.r.Kind(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.r, got, tt.want)
		}
	}
}
