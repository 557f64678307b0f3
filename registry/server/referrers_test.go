package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/registry"
)

// TestReferrers: by their own types, filtered when that is asked for, also after
// a restart, and without a fallback tag.
func TestReferrers(t *testing.T) {
	dir := t.TempDir()
	addr, stop := run(t, dir)
	target := repository(t, addr, "a/b")
	d, err := registry.Save(t.Context(), target, empty.Image, "1")
	must(t, err)
	s := registry.Subject{Target: target, Descriptor: d}
	for i := range 2 {
		must(t, registry.Attach(t.Context(), s, registry.AttachOptions{}, evidence.Piece{Form: evidence.Bundle, Content: fmt.Append(nil, i)}))
	}
	stop()
	addr, _ = run(t, dir)
	for filter, want := range map[string]int{"": 2, evidence.MediaTypeBundle: 2, "application/x": 0} {
		resp, err := http.Get("http://" + addr + "/v2/a/b/referrers/" + d.Digest.String() + "?artifactType=" + url.QueryEscape(filter))
		must(t, err)
		var index ocispec.Index
		must(t, json.NewDecoder(resp.Body).Decode(&index))
		_ = resp.Body.Close()
		if len(index.Manifests) != want || (resp.Header.Get("OCI-Filters-Applied") == "artifactType") != (filter != "") {
			t.Errorf("%q: %d entries, %v", filter, len(index.Manifests), resp.Header)
		}
		for _, m := range index.Manifests {
			if m.ArtifactType != evidence.MediaTypeBundle {
				t.Errorf("listed as %q", m.ArtifactType)
			}
		}
	}
	resp, err := http.Get("http://" + addr + "/v2/a/b/tags/list")
	must(t, err)
	defer resp.Body.Close()
	var tags struct{ Tags []string }
	must(t, json.NewDecoder(resp.Body).Decode(&tags))
	if got := strings.Join(tags.Tags, " "); got != "1" {
		t.Errorf("tags: %s", got)
	}
}
