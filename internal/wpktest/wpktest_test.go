package wpktest

import (
	"archive/tar"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each registry takes an image from crane and gives it back whole.
func TestRegistries(t *testing.T) {
	crane := Need(t, "crane")
	layer := filepath.Join(t.TempDir(), "layer.tar")
	writeTar(t, layer)
	for name, start := range map[string]func(testing.TB) string{
		"distribution":    Distribution,
		"docker-registry": DockerRegistry,
		"memory":          func(t testing.TB) string { return NewMemory(t).Host },
	} {
		t.Run(name, func(t *testing.T) {
			ref := start(t) + "/some/image:1.0"
			for _, args := range [][]string{
				{"append", "--new_layer", layer, "--new_tag", ref},
				{"validate", "--remote", ref},
			} {
				if out, err := exec.CommandContext(t.Context(), crane, args...).CombinedOutput(); err != nil {
					t.Fatalf("crane %s: %v\n%s", strings.Join(args, " "), err, out)
				}
			}
		})
	}
}

func TestMemoryCounts(t *testing.T) {
	m := NewMemory(t)
	res, err := http.Head("http://" + m.Host + "/v2/none/manifests/1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Fatalf("status %d of an image that nobody pushed", res.StatusCode)
	}
	if got := m.Requests(); !slices.Equal(got, []string{"HEAD /v2/none/manifests/1"}) {
		t.Fatalf("requests %q", got)
	}
	if got := m.Requests(); len(got) != 0 {
		t.Fatalf("requests %q after they were taken", got)
	}
}

func writeTar(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("hi")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
