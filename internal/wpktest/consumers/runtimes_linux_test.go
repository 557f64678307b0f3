package consumers

import (
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// runner runs an image on a consumer; arguments take the place of the image's.
type runner func(t *testing.T, ref string, args ...string) machine.Result

// consumer is a program that runs images, and how a person would make it.
type consumer struct {
	name  string // of its test
	title string // in the table
	start func(t *testing.T, registry string) runner // on a new machine
}

var consumers = []consumer{
	{"podman", "Podman 5.4, no flag", podman()},
	{"podman-platform", "Podman 5.4, `--platform wasi/wasm`", podman("--platform", "wasi/wasm")},
	{"podman-runtime", "Podman 5.4, `--runtime crun-wasm`", podman("--runtime", "crun-wasm")},
	{"containerd1", "containerd 1.7, CRI", containerd1},
	{"containerd2", "containerd 2.4, CRI", containerd2},
}

func podman(flags ...string) func(*testing.T, string) runner {
	return func(t *testing.T, _ string) runner {
		m := newMachine(t, machine.Options{})
		return func(t *testing.T, ref string, args ...string) machine.Result {
			return m.Run(t, "podman", append(append(podmanRun(), flags...), append([]string{ref}, args...)...)...)
		}
	}
}

// podmanRun is what Podman needs on a machine without network, systemd and
// overlays; none of it says how to run the image.
func podmanRun() []string {
	return []string{
		"--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
		"run", "--rm", "--network", "none", "--pids-limit", "0", "--tls-verify=false",
	}
}
