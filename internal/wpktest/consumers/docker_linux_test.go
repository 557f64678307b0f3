package consumers

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// docker is the engine with one of its two stores of images, and crun-wasm as
// one more runtime; it runs images with these flags.
func docker(containerdStore bool, flags ...string) func(*testing.T, string) runner {
	flags = append([]string{"run", "--rm", "--network", "none", "--runtime", "crun-wasm"}, flags...)
	return func(t *testing.T, _ string) runner {
		m := newMachine(t, machine.Options{})
		m.WriteFile(t, crunWasm, crunWasmScript, 0o755)
		config, err := json.Marshal(map[string]any{
			"bridge":   "none", // the machine has no network to give
			"iptables": false, "ip6tables": false,
			"features": map[string]bool{"containerd-snapshotter": containerdStore},
			"runtimes": map[string]any{"crun-wasm": map[string]string{"path": crunWasm}},
		})
		check(t, err)
		m.WriteFile(t, "/etc/docker/daemon.json", string(config), 0o644)
		log := m.Daemon(t, "dockerd")
		t.Log(strings.TrimSpace(m.Wait(t, []string{log}, "docker", "version", "--format", "Docker {{.Server.Version}}")))
		return func(t *testing.T, ref string, args ...string) machine.Result {
			var r machine.Result
			// On a busy machine Docker was seen to lose what a short program printed: it ended well, and there was
			// nothing. Every program here prints.
			for try := range 3 {
				r = m.Run(t, "docker", append(append(flags[:len(flags):len(flags)], ref), args...)...)
				if r.Code != 0 || r.Stdout != "" {
					break
				}
				t.Logf("run %d of %s printed nothing", try+1, ref)
			}
			return r
		}
	}
}
