package consumers

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// TestBundle lets crun start what wpk export wrote, without an engine.
func TestBundle(t *testing.T) {
	needWorld(t)
	m, w, bundle := newMachine(t, machine.Options{}), newWpk(t), filepath.Join(t.TempDir(), "bundle")
	ref := wpktest.Distribution(t) + "/export/c:1.0"
	w.build(t, programs[0], "universal", ref)
	w.run(t, "export", ref, "--format", "bundle", bundle)
	// The groups of control belong to the tests.
	if out := must(t, m, "crun", "--cgroup-manager=disabled", "run", "--bundle", bundle, "exported"); out != programs[0].stdout() {
		t.Errorf("prints %q", out)
	}
}

// TestQuadlet lets Podman's generator make a service of the unit that wpk
// manifest prints, and runs what the service would.
func TestQuadlet(t *testing.T) {
	needWorld(t)
	m, w := newMachine(t, machine.Options{}), newWpk(t)
	ref := wpktest.Distribution(t) + "/quadlet/c:1.0"
	w.build(t, programs[0], "universal", ref)
	m.WriteFile(t, "/etc/containers/systemd/hello.container", w.run(t, "manifest", ref, "--kind", "quadlet", "--name", "hello"), 0o644)
	service := must(t, m, "/usr/lib/systemd/system-generators/podman-system-generator", "--dryrun")
	_, start, _ := strings.Cut(service, "ExecStart=/usr/bin/podman run ")
	start, _, _ = strings.Cut(start, "\n")
	args := []string{"run", "--network", "none", "--pids-limit", "0", "--tls-verify=false"}
	for _, arg := range strings.Fields(start) {
		// What only systemd can give: a place for its file, a group, a socket.
		if !strings.HasPrefix(arg, "--cidfile=") && !strings.HasPrefix(arg, "--cgroups=") && !strings.HasPrefix(arg, "--sdnotify=") && arg != "-d" {
			args = append(args, arg)
		}
	}
	if r := podmanRun(t, m, args...); r.Stdout != programs[0].stdout() || r.Code != 0 {
		t.Errorf("podman %q: %+v", args, r)
	}
}
