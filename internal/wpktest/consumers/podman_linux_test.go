package consumers

import (
	"encoding/json"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// podmanHere is what Podman needs on a machine without systemd and a disk; none
// of it says how to run an image.
var podmanHere = []string{"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"}

func podmanRun(t *testing.T, m *machine.Machine, args ...string) machine.Result {
	t.Helper()
	return m.Run(t, "podman", append(podmanHere[:len(podmanHere):len(podmanHere)], args...)...)
}

// podman runs images with these flags and with those that a machine without a
// network asks for.
func podman(flags ...string) func(*testing.T, string) runner {
	flags = append([]string{"run", "--rm", "--network", "none", "--pids-limit", "0", "--tls-verify=false"}, flags...)
	return func(t *testing.T, _ string) runner {
		m := newMachine(t, machine.Options{})
		return func(t *testing.T, ref string, args ...string) machine.Result {
			return podmanRun(t, m, append(append(flags[:len(flags):len(flags)], ref), args...)...)
		}
	}
}

// TestPodmanOtherCPU pulls what a machine of another architecture would: the
// same module, marked for a Wasm runtime.
func TestPodmanOtherCPU(t *testing.T) {
	needWorld(t)
	ref := wpktest.Distribution(t) + "/consumers/c-hello:1.0"
	newWpk(t).build(t, programs[0], "universal", ref)
	m := newMachine(t, machine.Options{})
	if r := podmanRun(t, m, "pull", "--tls-verify=false", "--arch", "arm64", ref); r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	r := podmanRun(t, m, "image", "inspect", ref)
	var images []struct {
		Os, Architecture string
		Config           struct{ Entrypoint []string }
		ManifestType     string
	}
	if err := json.Unmarshal([]byte(r.Stdout), &images); err != nil || len(images) != 1 {
		t.Fatalf("%v\n%s%s", err, r.Stdout, r.Stderr)
	}
	if i := images[0]; i.Os+"/"+i.Architecture != "wasi/wasm" || len(i.Config.Entrypoint) != 1 {
		t.Errorf("%+v", i)
	}
	if r := podmanRun(t, m, "run", "--rm", "--network", "none", "--pids-limit", "0", "--tls-verify=false", "--arch", "arm64", ref); r.Stdout != programs[0].stdout() || r.Code != 0 {
		t.Errorf("run --arch arm64: %+v", r)
	}
}
