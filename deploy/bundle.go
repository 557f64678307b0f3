package deploy

import (
	"encoding/json"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// bundleVersion is the oldest version of the specification that has all that a
// bundle here uses, so that older runtimes take it.
const bundleVersion = "1.0.2"

// Bundle makes the files of an OCI runtime bundle, which crun with a Wasm engine
// starts: `crun run --bundle DIR NAME`. A runtime without one sees a file that
// it cannot execute.
// https://github.com/opencontainers/runtime-spec/blob/v1.2.1/bundle.md
func Bundle(p Program) ([]File, error) {
	config, err := json.MarshalIndent(bundleConfig(p), "", "  ")
	if err != nil {
		return nil, err
	}
	files := []File{
		{Path: "config.json", Data: append(config, '\n'), Mode: 0o644},
		{Path: path.Join("rootfs", p.path()), Data: p.Module, Mode: 0o755},
	}
	for _, f := range p.Files {
		files = append(files, File{Path: path.Join("rootfs", path.Join("/", f.Path)), Data: f.Data, Mode: f.Mode})
	}
	return files, nil
}

// bundleConfig gives the program what `crun spec` gives and no more: no
// capabilities, no new privileges, a root that cannot be written, and
// namespaces of its own, an empty network among them.
func bundleConfig(p Program) *specs.Spec {
	noCapabilities := &specs.LinuxCapabilities{}
	cwd := path.Join("/", p.WorkingDir)
	return &specs.Spec{
		Version:  bundleVersion,
		Hostname: "wpk",
		Process: &specs.Process{
			Args: p.args(), Env: p.Env, Cwd: cwd,
			Capabilities: noCapabilities, NoNewPrivileges: true,
		},
		Root: &specs.Root{Path: "rootfs", Readonly: true},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		},
		// Without it, crun would execute the module. `run.oci.handler` says the
		// same, and is an error when the runtime is called crun-wasm.
		Annotations: map[string]string{"module.wasm.image/variant": "compat"},
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace},
				{Type: specs.NetworkNamespace},
				{Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace},
				{Type: specs.MountNamespace},
				{Type: specs.CgroupNamespace},
			},
			MaskedPaths:   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi"},
			ReadonlyPaths: []string{"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
}
