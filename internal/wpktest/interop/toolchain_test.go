package interop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// packResult is what wpk toolchain install and build print.
type packResult struct {
	Language   string
	Version    string
	References []string
	Digest     string
	Used       bool
}

// toolchain runs a verb of wpk toolchain with --json.
func (w wpk) toolchain(t *testing.T, into any, args ...string) {
	t.Helper()
	w.json(t, into, append([]string{"toolchain"}, args...)...)
}

// TestRuntimePack takes the real JavaScript runtime the whole way: made here,
// in a registry, where clients of others read it, and installed from there by
// its digest.
func TestRuntimePack(t *testing.T) {
	made := wpktest.Runtime(t, "javascript")
	c := needClients(t)
	w := newWpk(t)
	var local []packResult
	w.toolchain(t, &local, "install", "oci:"+filepath.Join(made, "layout")+":javascript")
	name, digest := local[0].References[0], local[0].Digest
	for _, host := range []string{wpktest.Distribution(t), wpktest.DockerRegistry(t)} {
		ref := host + "/runtime/javascript"
		w.run(t, nil, "copy", "store:"+name, ref+":1")
		manifest := c.craneRun(t, "manifest", ref+":1")
		if got := sum(manifest); got != digest {
			t.Errorf("crane finds %s under %s, want %s", got, ref, digest)
		}
		if raw := c.skopeoRun(t, "inspect", "--tls-verify=false", "--raw", "docker://"+ref+":1"); sum(raw) != digest {
			t.Errorf("skopeo finds %s under %s, want %s", sum(raw), ref, digest)
		}
		other := newWpk(t)
		var pulled []packResult
		other.toolchain(t, &pulled, "install", ref+"@"+digest)
		if p := pulled[0]; p.Digest != digest || p.Language != "javascript" || !p.Used {
			t.Errorf("installed %+v", p)
		}
		var list struct {
			Runtimes []packResult
		}
		other.toolchain(t, &list, "list")
		if len(list.Runtimes) != 1 || list.Runtimes[0].Digest != digest || !list.Runtimes[0].Used {
			t.Errorf("listed %+v", list)
		}
		layer := filepath.Join(t.TempDir(), "runtime.wasm")
		want, err := os.ReadFile(filepath.Join(made, "pack", "runtime.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(layer, c.craneRun(t, "blob", ref+"@"+sum(want)), 0o600); err != nil {
			t.Fatal(err)
		}
		w.run(t, nil, "inspect", layer)
	}
}

// TestRuntimePackAgain makes the real JavaScript runtime a second time, in
// another folder and without anything that the first time left.
func TestRuntimePackAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles QuickJS")
	}
	made := wpktest.Runtime(t, "javascript")
	var first []packResult
	newWpk(t).toolchain(t, &first, "install", "oci:"+filepath.Join(made, "layout")+":javascript")
	w := newWpk(t)
	again := filepath.Join(t.TempDir(), "another", "folder", "of", "another", "depth", "pack")
	var second packResult
	w.toolchain(t, &second, "build", "javascript", "--output", again)
	if second.Digest != first[0].Digest {
		t.Errorf("made again it is %s, not %s: compare %s with %s", second.Digest, first[0].Digest, again, made)
	}
}
