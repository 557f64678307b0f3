package consumers

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// crunWasm is the runtime of the handler crun-wasm: crun by the name under which
// it runs Wasm, without groups of control, which belong to the tests here.
const crunWasm = "/usr/local/bin/crun-wasm-runtime"

const crunWasmScript = "#!/bin/bash\nexec -a crun-wasm crun --cgroup-manager=disabled \"$@\"\n"

const containerd1Config = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "%[1]s"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun-wasm]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun-wasm.options]
BinaryName = "%[2]s"
`

const containerd2Config = `version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "%[1]s"
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.crun-wasm]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.crun-wasm.options]
BinaryName = "%[2]s"
`

func containerd1(t *testing.T, registry string) runner {
	t.Helper()
	return containerd(t, machine.Options{}, fmt.Sprintf(containerd1Config, pushPause(t, registry), crunWasm))
}

func containerd2(t *testing.T, registry string) runner {
	t.Helper()
	return containerd(t, machine.Options{Programs: containerd2Programs(t)}, fmt.Sprintf(containerd2Config, pushPause(t, registry), crunWasm))
}

// containerd2Programs are found before those of the machine's system.
func containerd2Programs(t *testing.T) []string {
	t.Helper()
	return []string{
		filepath.Dir(wpktest.Need(t, "containerd")),
		filepath.Dir(wpktest.Need(t, "containerd-shim-runc-v2")),
	}
}

// containerd starts it, and runs what it is given as a kubelet would.
func containerd(t *testing.T, o machine.Options, config string) runner {
	t.Helper()
	m := newMachine(t, o)
	m.WriteFile(t, crunWasm, crunWasmScript, 0o755)
	m.WriteFile(t, "/etc/containerd/config.toml", config, 0o644)
	log := m.Daemon(t, "containerd")
	version := m.Wait(t, []string{log}, "cri")
	t.Log(strings.TrimSpace(version))
	return func(t *testing.T, ref string, args ...string) machine.Result {
		return m.Run(t, "cri", append([]string{"-handler", "crun-wasm", ref}, args...)...)
	}
}
