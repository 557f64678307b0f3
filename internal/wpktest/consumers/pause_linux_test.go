package consumers

import (
	"archive/tar"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// pushPause pushes the image that containerd holds a pod's namespaces with.
func pushPause(t *testing.T, registry string) string {
	t.Helper()
	ref := registry + "/pause:1"
	program, err := os.ReadFile(filepath.Join(os.Getenv(programsVariable), "pause"))
	check(t, err)
	layer := filepath.Join(t.TempDir(), "layer.tar")
	writeTar(t, layer, "pause", program)
	craneRun(t, "append", "--new_layer", layer, "--new_tag", ref)
	craneRun(t, "mutate", ref, "--entrypoint", "/pause", "--set-platform", "linux/"+runtime.GOARCH)
	return ref
}

// writeTar writes an archive of one program.
func writeTar(t *testing.T, file, name string, program []byte) {
	t.Helper()
	f, err := os.Create(file)
	check(t, err)
	w := tar.NewWriter(f)
	check(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(program))}))
	_, err = w.Write(program)
	check(t, err)
	check(t, w.Close())
	check(t, f.Close())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
