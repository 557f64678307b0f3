package wpktest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Memory is a registry within the test's own process that counts what it is
// asked. Its zero value is not usable; see [NewMemory].
type Memory struct {
	Host string // host:port

	mu       sync.Mutex
	requests []string
}

// NewMemory starts a registry that ends with the test.
func NewMemory(t testing.TB) *Memory {
	t.Helper()
	m := &Memory{}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.requests = append(m.requests, r.Method+" "+r.URL.Path)
		m.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	m.Host = strings.TrimPrefix(srv.URL, "http://")
	return m
}

// Requests returns the requests since the last call, as "METHOD /path", and
// forgets them.
func (m *Memory) Requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	requests := m.requests
	m.requests = nil
	return requests
}
