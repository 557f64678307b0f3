package registry

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Whatever a registry refuses once with status 500 while others write, is asked
// for again when evidence is attached, and is an error when that does not help.
func TestAttachContended(t *testing.T) {
	srv := newServer(t, httptest.NewServer)
	target := mustOpen(t, srv.host()+"/a", fast(t))
	d, err := Save(t.Context(), target, image(t, mustLayer(100), "wasi", "wasm"), "1.0")
	must(t, err)
	s := Subject{Target: target, Descriptor: d}

	var mu sync.Mutex
	asked := map[string]bool{}
	srv.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		what := r.Method + " " + r.URL.Path
		if asked[what] || r.Method != http.MethodGet && r.Method != http.MethodHead {
			return false
		}
		asked[what] = true
		return answer(w, http.StatusInternalServerError, "")
	})
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))
	if len(asked) < 3 {
		t.Errorf("only %d requests were refused", len(asked))
	}
	srv.intercept(nil)
	found, err := ReadEvidence(t.Context(), s, EvidenceOptions{})
	if err != nil || len(found.Pieces) != 3 {
		t.Errorf("%d pieces of 3 are found: %v", len(found.Pieces), err)
	}

	srv.intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		return answer(w, http.StatusInternalServerError, "")
	})
	if err := Attach(t.Context(), s, AttachOptions{}, signature(2)); !errors.Is(err, ErrServer) {
		t.Errorf("a registry that always fails: %v", err)
	}
}
