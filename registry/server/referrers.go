package server

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// aboutOf is what a manifest says of itself and of its subject.
type aboutOf struct {
	ArtifactType string              `json:"artifactType"`
	Config       *ocispec.Descriptor `json:"config"`
	Subject      *ocispec.Descriptor `json:"subject"`
}

// kind is the type by which lists of referrers name the manifest.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (a aboutOf) kind() string {
	if a.ArtifactType == "" && a.Config != nil {
		return a.Config.MediaType
	}
	return a.ArtifactType
}

// listReferrers corrects what go-containerregistry lists: it takes the type of the
// config for that of the artifact, knows no filter, and has no order.
func (h *handler) listReferrers(w http.ResponseWriter, req *http.Request) {
	answer := newAnswer()
	h.inner.ServeHTTP(answer, req)
	var index ocispec.Index
	if answer.status != http.StatusOK || json.Unmarshal(answer.body.Bytes(), &index) != nil {
		answer.copyTo(w)
		return
	}
	repository, _, _ := strings.Cut(req.URL.Path, "/referrers/")
	for i, d := range index.Manifests {
		index.Manifests[i].ArtifactType = h.about(req.Context(), repository+"/manifests/"+d.Digest.String()).kind()
	}
	if filter := req.URL.Query().Get("artifactType"); filter != "" {
		index.Manifests = slices.DeleteFunc(index.Manifests, func(d ocispec.Descriptor) bool { return d.ArtifactType != filter })
		answer.header.Set("OCI-Filters-Applied", "artifactType")
	}
	slices.SortFunc(index.Manifests, func(a, b ocispec.Descriptor) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	answer.body.Reset()
	answer.header.Del("Content-Length")
	if err := json.NewEncoder(&answer.body).Encode(index); err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	answer.copyTo(w)
}

// about reads a manifest that the inner registry has.
func (h *handler) about(ctx context.Context, path string) aboutOf {
	var a aboutOf
	answer := newAnswer()
	if req, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil); err == nil { // #nosec G704 -- to a handler, not into a network
		h.inner.ServeHTTP(answer, req)
		_ = json.Unmarshal(answer.body.Bytes(), &a) // what cannot be read has no type
	}
	return a
}
