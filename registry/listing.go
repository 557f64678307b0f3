package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// maxReferrerPages bounds how far a list of referrers is followed. A page has at
// most 4 MiB, as every answer.
const maxReferrerPages = 16

// page is called with each part of a list of referrers. An error ends the list.
type page func([]ocispec.Descriptor) error

// listReferrers gives what the registry lists about a subject, by its API or,
// where there is none, by the fallback tag. The registry may or may not heed
// artifactType; an empty one asks for all. A subject that is not known has no
// referrers. cut tells that the list was longer.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (t *remoteTarget) listReferrers(ctx context.Context, d ocispec.Descriptor, artifactType string, f page) (cut bool, err error) {
	if err := checkDescriptor(d); err != nil {
		return false, err
	}
	if t.api.Load() != apiMissing {
		cut, err = t.listByAPI(ctx, d.Digest, artifactType, f)
		if !errors.Is(err, errNoAPI) {
			return cut, err
		}
	}
	n, err := t.read(ctx, evidenceTag(d.Digest, suffixReferrers))
	if err != nil {
		return false, err
	}
	x, ok, err := parseFallback(n, d)
	if err != nil || !ok {
		return false, err
	}
	return false, f(x.Manifests)
}

// What is known of a registry's referrers API.
const (
	apiUnknown int32 = iota
	apiThere
	apiMissing
)

// errNoAPI is an answer of a registry that does not know the request.
// errNoRepository is the same from one that has no such repository, so that it is
// not known whether it would with one.
var (
	errNoAPI        = errors.New("no referrers API")
	errNoRepository = fmt.Errorf("%w: no such repository", errNoAPI)
)

// listByAPI follows the pages of the API.
func (t *remoteTarget) listByAPI(ctx context.Context, subject digest.Digest, artifactType string, f page) (cut bool, err error) {
	ref := t.repo.Reference
	ctx = auth.AppendRepositoryScope(ctx, ref, auth.ActionPull)
	next := &url.URL{Scheme: "https", Host: ref.Host(), Path: "/v2/" + ref.Repository + "/referrers/" + subject.String()}
	if t.repo.PlainHTTP {
		next.Scheme = "http"
	}
	if artifactType != "" {
		next.RawQuery = url.Values{"artifactType": {artifactType}}.Encode()
	}
	for range maxReferrerPages {
		var list []ocispec.Descriptor
		list, next, err = t.referrersPage(ctx, next)
		if errors.Is(err, errNoAPI) {
			if !errors.Is(err, errNoRepository) {
				t.api.Store(apiMissing)
			}
			return false, err
		}
		if err == nil {
			t.api.Store(apiThere)
			err = f(list)
		}
		if err != nil {
			return false, remoteError(ctx, "list referrers", t.name(subject.String()), err)
		}
		if next == nil {
			return false, nil
		}
	}
	return true, nil
}

// referrersPage fetches one page and the address of the next.
func (t *remoteTarget) referrersPage(ctx context.Context, at *url.URL) ([]ocispec.Descriptor, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", ocispec.MediaTypeImageIndex)
	resp, err := t.repo.Client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode == http.StatusOK && mediaType == ocispec.MediaTypeImageIndex:
	case resp.StatusCode == http.StatusOK: // a page for people
		return nil, nil, errNoAPI
	case isUnknownRequest(resp.StatusCode):
		if e := refusal(resp); len(e.Errors) == 1 && e.Errors[0].Code == errcode.ErrorCodeNameUnknown {
			return nil, nil, errNoRepository
		}
		return nil, nil, errNoAPI
	default:
		return nil, nil, refusal(resp)
	}
	var x ocispec.Index
	if err := decodeBounded(resp.Body, maxManifestSize, &x); err != nil {
		return nil, nil, fmt.Errorf("not a list of referrers: %w", err)
	}
	for _, d := range x.Manifests {
		if err := checkDescriptor(d); err != nil {
			return nil, nil, err
		}
	}
	next, err := nextPage(at, resp.Header.Values("Link"))
	return x.Manifests, next, err
}

// isUnknownRequest knows how registries of before version 1.1 of the
// specification answer. No server error is among them: a registry in trouble is
// not one without signatures.
func isUnknownRequest(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable:
		return true
	}
	return false
}

// refusal is the error in a registry's answer.
func refusal(resp *http.Response) *errcode.ErrorResponse {
	e := &errcode.ErrorResponse{Method: resp.Request.Method, URL: resp.Request.URL, StatusCode: resp.StatusCode}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	const limit = 64 << 10
	if raw, err := io.ReadAll(io.LimitReader(resp.Body, limit)); err == nil && json.Unmarshal(raw, &body) == nil {
		e.Errors = body.Errors
	}
	return e
}

var errForeignPage = errors.New("the list of referrers goes on at another host")

// nextPage reads the address of the next page, nil for none. It has to be the
// same registry's.
// https://www.rfc-editor.org/rfc/rfc8288#section-3
func nextPage(from *url.URL, links []string) (*url.URL, error) {
	for _, link := range links {
		target, parameters, ok := strings.Cut(link, ">")
		target, opened := strings.CutPrefix(strings.TrimSpace(target), "<")
		if !ok || !opened || !strings.Contains(parameters, `rel="next"`) && !strings.Contains(parameters, "rel=next") {
			continue
		}
		next, err := from.Parse(target)
		if err != nil {
			return nil, err
		}
		if next.Host != from.Host || next.Scheme != from.Scheme {
			return nil, errForeignPage
		}
		return next, nil
	}
	return nil, nil
}
