package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/pack"
)

const wasmModule = "\x00asm\x01\x00\x00\x00"

// TestGitLab pushes each layout to a registry that knows a list of media types.
func TestGitLab(t *testing.T) {
	host := wpktest.GitLab(t)
	for _, tt := range []struct {
		name   string
		write  func([]byte, pack.Options) (v1.Image, error)
		config string // of the manifest that is refused
	}{
		{"image", pack.Image, ""},
		{"artifact", pack.Artifact, "application/vnd.wasm.config.v0+json"},
		{"legacy", pack.Legacy, "application/vnd.wasm.config.v1+json"},
	} {
		img, err := tt.write([]byte(wasmModule), pack.Options{})
		must(t, err)
		d, err := Save(t.Context(), mustOpen(t, host+"/group/"+tt.name+":1", fast(t)), img, "1")
		var refused *ManifestError
		if errors.As(err, &refused) != (tt.config != "") {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if refused == nil {
			continue
		}
		if refused.ConfigType != tt.config || refused.Descriptor.Digest != d.Digest || refused.IsIndex() || !errors.Is(err, ErrRejected) {
			t.Errorf("%s: %+v", tt.name, refused)
		}
		for _, part := range []string{
			"status 400", "MANIFEST_INVALID: manifest invalid: unknown media type: " + tt.config, string(d.Digest), "with a config of type " + tt.config,
		} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v lacks %q", tt.name, err, part)
			}
		}
	}
	idx, err := pack.Universal([]byte(wasmModule), pack.Options{})
	must(t, err)
	_, err = Save(t.Context(), mustOpen(t, host+"/group/universal:1", fast(t)), idx, "1")
	must(t, err)
}

// TestRefusedStatuses looks at every status by which registries refuse a
// manifest, and at two that mean something else.
func TestRefusedStatuses(t *testing.T) {
	idx, err := pack.Universal([]byte(wasmModule), pack.Options{})
	must(t, err)
	for status, refused := range map[int]bool{400: true, 405: true, 406: true, 415: true, 422: true, 403: false, 500: false} {
		s := startServer(t)
		s.intercept(func(w http.ResponseWriter, req *http.Request) bool {
			return req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/manifests/1") && answer(w, status, "")
		})
		_, err := Save(t.Context(), mustOpen(t, s.host()+"/x:1", fast(t)), idx, "1")
		var m *ManifestError
		if errors.As(err, &m) != refused || err == nil {
			t.Errorf("%d: %v", status, err)
		}
		if m != nil && (!m.IsIndex() || m.ConfigType != "") {
			t.Errorf("%d: %+v", status, m)
		}
	}
}
