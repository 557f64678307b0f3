package consumers

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestWkg exchanges modules and components with the client of the Bytecode
// Alliance's packages, both ways: it pulls our artifact, and we run what it
// pushed.
func TestWkg(t *testing.T) {
	needWorld(t)
	wkg, tools := wpktest.CargoTool("wkg"), wpktest.CargoTool("wasm-tools")
	if wkg == "" || tools == "" {
		t.Skip("no wkg or wasm-tools, for want of a Rust that is new enough; scripts/cargo-tools.sh builds them")
	}
	jco := filepath.Join(wpktest.Npm(t, "jco"), "node_modules", ".bin") // whose adapter wasm-tools takes
	t.Setenv("PATH", strings.Join([]string{filepath.Dir(tools), jco, os.Getenv("PATH")}, string(os.PathListSeparator)))
	home := t.TempDir() // its settings and caches
	for name, host := range map[string]string{"distribution": wpktest.Distribution(t), "docker-registry": wpktest.DockerRegistry(t)} {
		oci := func(t *testing.T, args ...string) {
			cmd := command(t, wkg, append([]string{"oci"}, args...)...)
			cmd.Env = append(os.Environ(), "HOME="+home, "WKG_OCI_INSECURE="+host)
			output(t, cmd)
		}
		for target, runs := range map[string]bool{"wasip1": true, "wasip2": false} {
			t.Run(name+"/"+target, func(t *testing.T) {
				w, dir := newWpk(t), t.TempDir()
				ours, built, pulled := host+"/ours/"+target+":1.0", filepath.Join(dir, "built.wasm"), filepath.Join(dir, "pulled.wasm")
				w.run(t, "build", programs[0].dir(), "--target", target, "--layout", "artifact", "-t", ours, "-o", built)
				w.run(t, "push", ours)
				oci(t, "pull", "--output", pulled, ours)
				if !bytes.Equal(read(t, pulled), read(t, built)) {
					t.Error("wkg pulls other bytes than were built")
				}

				theirs := host + "/theirs/" + target + ":1.0"
				oci(t, "push", theirs, built)
				if runs {
					readBack(t, theirs)
				}
				// A component runs elsewhere; here it is what it was.
				if got, want := moduleOf(t, theirs), moduleOf(t, ours); got != want {
					t.Errorf("wpk reads %s, wkg has pushed %s", got, want)
				}
			})
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	check(t, err)
	return data
}

// moduleOf is the digest of the module that wpk finds in a registry.
func moduleOf(t *testing.T, ref string) string {
	t.Helper()
	var found struct{ Module struct{ Digest string } }
	out := newWpk(t).run(t, "inspect", "--json", ref)
	if err := json.Unmarshal([]byte(out), &found); err != nil || found.Module.Digest == "" {
		t.Fatalf("%v\n%s", err, out)
	}
	return found.Module.Digest
}
