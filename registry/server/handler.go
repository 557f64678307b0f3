package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // see log.go
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxManifest is the size that every registry must take, and this one's limit.
const maxManifest = 4 << 20

// handler puts persistence, mounting and some strictness in front of
// go-containerregistry's registry, which keeps manifests in memory.
type handler struct {
	inner   http.Handler
	blobs   diskBlobs
	records records
	logf    func(format string, args ...any)
	writes  sync.Mutex // memory and disk change together
	path    *regexp.Regexp
}

// manifestPath is the grammar of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests.
const manifestPath = `^/v2/([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)` +
	`/manifests/([A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})$`

func newHandler(dir string, logger *log.Logger) (*handler, error) {
	h := &handler{
		blobs:   diskBlobs{filepath.Join(dir, "blobs")},
		records: records{filepath.Join(dir, "manifests")},
		logf:    logger.Printf,
		path:    regexp.MustCompile(manifestPath),
	}
	for _, folder := range []string{h.blobs.dir, h.records.dir} {
		if err := os.MkdirAll(folder, dirMode); err != nil { // #nosec G301 -- as a layout's
			return nil, fmt.Errorf("registry's folder: %w", err)
		}
	}
	h.inner = registry.New(registry.Logger(logger), registry.WithBlobHandler(h.blobs), registry.WithReferrersSupport(true))
	return h, h.replay()
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	isManifest := strings.Contains(req.URL.Path, "/manifests/")
	switch {
	case isManifest && req.Method == http.MethodPut:
		h.putManifest(w, req)
	case isManifest && req.Method == http.MethodDelete:
		h.deleteManifest(w, req)
	case req.Method == http.MethodPost && req.URL.Query().Has("mount") && h.mount(w, req):
	case strings.Contains(req.URL.Path, "/referrers/") && req.Method == http.MethodGet:
		h.listReferrers(w, req)
	case req.URL.Query().Has("digest"):
		h.inner.ServeHTTP(&located{w, req}, req)
	default:
		h.inner.ServeHTTP(w, req)
	}
}

// putManifest lets the inner registry judge a manifest, then keeps it under its
// digest and its tag, then answers.
func (h *handler) putManifest(w http.ResponseWriter, req *http.Request) {
	match := h.path.FindStringSubmatch(req.URL.Path)
	if match == nil {
		refuse(w, http.StatusBadRequest, "NAME_INVALID", "not a valid repository and reference")
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxManifest))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "SIZE_INVALID", fmt.Sprintf("a manifest has at most %d bytes", maxManifest))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
		return
	}
	hash := sha256.Sum256(raw)
	r := record{Repository: match[1], Reference: match[2], MediaType: req.Header.Get("Content-Type"), Manifest: raw}
	sum := "sha256:" + hex.EncodeToString(hash[:])
	if strings.HasPrefix(r.Reference, "sha256:") && r.Reference != sum {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", "the manifest has digest "+sum)
		return
	}
	h.writes.Lock()
	defer h.writes.Unlock()
	answer := h.put(req.Context(), r)
	if answer.status == http.StatusCreated {
		if err := h.keep(r, sum); err != nil {
			h.logf("cannot keep a manifest: %v", err)
			refuse(w, http.StatusInternalServerError, "UNKNOWN", "the registry cannot write to its disk")
			return
		}
		answer.header.Set("Location", "/v2/"+r.Repository+"/manifests/"+sum)
		var about aboutOf
		if json.Unmarshal(raw, &about) == nil && about.Subject != nil && about.Subject.Digest.Validate() == nil {
			answer.header.Set("OCI-Subject", about.Subject.Digest.String()) // clients need no list of their own
		}
	}
	answer.copyTo(w)
}

// keep saves a manifest under both names that it answers to.
func (h *handler) keep(r record, sum string) error {
	if err := h.records.save(r); err != nil || r.Reference == sum {
		return err
	}
	r.Reference = sum
	return h.records.save(r)
}

func (h *handler) deleteManifest(w http.ResponseWriter, req *http.Request) {
	h.writes.Lock()
	defer h.writes.Unlock()
	answer := newAnswer()
	h.inner.ServeHTTP(answer, req)
	match := h.path.FindStringSubmatch(req.URL.Path)
	if answer.status == http.StatusAccepted && match != nil {
		if err := h.records.remove(match[1], match[2]); err != nil {
			h.logf("cannot forget a manifest: %v", err)
			refuse(w, http.StatusInternalServerError, "UNKNOWN", "the registry cannot write to its disk")
			return
		}
	}
	answer.copyTo(w)
}

// mount answers a mount request, which go-containerregistry does not know. All
// repositories share their blobs here, so that having it is enough.
func (h *handler) mount(w http.ResponseWriter, req *http.Request) bool {
	repository, isUpload := strings.CutSuffix(strings.TrimSuffix(req.URL.Path, "/"), "/blobs/uploads")
	sum, err := v1.NewHash(req.URL.Query().Get("mount"))
	if !isUpload || err != nil {
		return false
	}
	if _, err := h.blobs.Stat(req.Context(), "", sum); err != nil {
		return false
	}
	w.Header().Set("Location", repository+"/blobs/"+sum.String())
	w.Header().Set("Docker-Content-Digest", sum.String())
	w.WriteHeader(http.StatusCreated)
	return true
}

// replay gives the inner registry what earlier runs have kept. An index may
// refer to another index, so what is refused is tried again as long as anything
// else gets in.
func (h *handler) replay() error {
	pending, err := h.records.load()
	if err != nil {
		return err
	}
	for {
		var refused []record
		for _, r := range pending {
			if h.put(context.Background(), r).status != http.StatusCreated {
				refused = append(refused, r)
			}
		}
		if len(refused) == 0 || len(refused) == len(pending) {
			for _, r := range refused {
				h.logf("left out %s of %s: it refers to manifests that are gone", r.Reference, r.Repository)
			}
			return nil
		}
		pending = refused
	}
}

// put hands a manifest to the inner registry.
func (h *handler) put(ctx context.Context, r record) *answer {
	answer := newAnswer()
	url := "/v2/" + r.Repository + "/manifests/" + r.Reference
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(r.Manifest))
	if err != nil {
		answer.status = http.StatusBadRequest
		return answer
	}
	req.Header.Set("Content-Type", r.MediaType)
	h.inner.ServeHTTP(answer, req)
	return answer
}

// answer holds a response back until it is known that it is true.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{status: http.StatusOK, header: http.Header{}} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *answer) copyTo(w http.ResponseWriter) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // #nosec G705 -- JSON and blobs for programs, no pages
}

// refuse answers in the specification's error format.
func refuse(w http.ResponseWriter, status int, code, message string) {
	type e struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]e{"errors": {{code, message}}})
}
