package server

import (
	"net/http"
	"strings"
)

// located adds to the answer about a finished upload where the blob is. The
// specification wants it, go-containerregistry's registry leaves it out, and wkg
// does not push without.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
type located struct {
	http.ResponseWriter
	request *http.Request
}

// WriteHeader implements http.ResponseWriter.
func (l *located) WriteHeader(status int) {
	repository, _, isUpload := strings.Cut(l.request.URL.Path, "/blobs/uploads")
	if status == http.StatusCreated && isUpload && l.Header().Get("Location") == "" {
		l.Header().Set("Location", repository+"/blobs/"+l.request.URL.Query().Get("digest"))
	}
	l.ResponseWriter.WriteHeader(status)
}
