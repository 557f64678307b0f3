package runtimepack_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// A host runs one module again and again, as an engine that people use would.
type host struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

type call struct {
	args  []string
	env   map[string]string
	stdin string
	mount string // the folder /data; "" = none
}

type result struct {
	stdout, stderr string
	code           uint32
}

func newHost(t *testing.T, module []byte, config wazero.RuntimeConfig) *host {
	t.Helper()
	h := &host{runtime: wazero.NewRuntimeWithConfig(t.Context(), config)}
	t.Cleanup(func() { _ = h.runtime.Close(context.WithoutCancel(t.Context())) })
	if _, err := wasi_snapshot_preview1.Instantiate(t.Context(), h.runtime); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.compiled, err = h.runtime.CompileModule(t.Context(), module); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *host) run(t *testing.T, c call) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	config := wazero.NewModuleConfig().WithName("").WithArgs(c.args...).WithStdin(strings.NewReader(c.stdin)).
		WithStdout(&stdout).WithStderr(&stderr).WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader)
	for name, value := range c.env {
		config = config.WithEnv(name, value)
	}
	if c.mount != "" {
		config = config.WithFSConfig(wazero.NewFSConfig().WithDirMount(c.mount, "/data"))
	}
	module, err := h.runtime.InstantiateModule(t.Context(), h.compiled, config)
	if module != nil {
		_ = module.Close(t.Context())
	}
	r := result{stdout: stdout.String(), stderr: stderr.String()}
	if exit := (*sys.ExitError)(nil); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%v\n%s", err, r.stderr)
	}
	return r
}
