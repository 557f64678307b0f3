package server

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestLocations finds each thing that was pushed under the address in the
// answer, as clients such as wkg do.
func TestLocations(t *testing.T) {
	addr, _ := run(t, t.TempDir())
	send := func(method, path, contentType, body string) (status int, location string) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, strings.NewReader(body))
		must(t, err)
		req.Header.Set("Content-Type", contentType)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		var got bytes.Buffer
		_, err = got.ReadFrom(res.Body)
		must(t, err)
		must(t, res.Body.Close())
		if method == http.MethodGet && got.String() != body {
			t.Errorf("%s has %q, want %q", path, got.String(), body)
		}
		return res.StatusCode, res.Header.Get("Location")
	}
	const blob, octets = "{}", "application/octet-stream"
	sum := digest.FromString(blob)
	_, upload := send(http.MethodPost, "/v2/a/b/blobs/uploads/", octets, "")
	const image = "application/vnd.oci.image.manifest.v1+json"
	manifest := `{"schemaVersion":2,"mediaType":"` + image + `","config":{"mediaType":"x/y","size":2,"digest":"` + string(sum) + `"},"layers":[]}`
	for _, tt := range []struct{ method, path, contentType, body string }{
		{http.MethodPut, upload + "?digest=" + string(sum), octets, blob},
		{http.MethodPost, "/v2/a/b/blobs/uploads/?digest=" + string(sum), octets, blob},
		{http.MethodPut, "/v2/a/b/manifests/1", image, manifest},
	} {
		status, location := send(tt.method, tt.path, tt.contentType, tt.body)
		if status != http.StatusCreated || location == "" {
			t.Fatalf("%s: status %d, location %q", tt.path, status, location)
		}
		send(http.MethodGet, location, "", tt.body)
	}
}
