package wpktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// gitLabTypes are those of GitLab's list that matter here.
var gitLabTypes = []string{
	"", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
	"application/vnd.cncf.helm.config.v1+json",
}

// GitLab starts a registry that refuses manifests as GitLab's does: by the media
// type of the config or the artifactType, with this very answer. It returns its
// host:port.
func GitLab(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(GitLabHandler())
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// GitLabHandler is the handler of [GitLab].
func GitLabHandler() http.Handler {
	willing := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			raw, err := io.ReadAll(r.Body)
			if unknown := unknownType(raw); err != nil || unknown != "" {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":"unknown media type: %s"}]}`, unknown)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(raw))
		}
		willing.ServeHTTP(w, r)
	})
}

func unknownType(manifest []byte) string {
	var m struct {
		ArtifactType string `json:"artifactType"`
		Config       struct {
			MediaType string `json:"mediaType"`
		} `json:"config"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return "none"
	}
	for _, t := range []string{m.Config.MediaType, m.ArtifactType} {
		if !slices.Contains(gitLabTypes, t) {
			return t
		}
	}
	return ""
}
