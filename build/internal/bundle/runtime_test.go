package bundle

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// cRuntime compiles testdata/runtime.c with the header that the runtimes of the packs use.
func cRuntime(t *testing.T) []byte {
	t.Helper()
	const memory = "262144"
	out := filepath.Join(t.TempDir(), "runtime.wasm")
	for _, clang := range []string{"clang", "clang-19", "clang-18", "clang-16", "clang-14"} {
		cmd := exec.Command(clang, "--target=wasm32-wasi", "-O1", "-Wall", "-Werror", "-DWPK_INITIAL_MEMORY="+memory,
			"-I../../runtimepack/recipes", "testdata/runtime.c", "-nostartfiles", "-Wl,-z,stack-size=65536", "-Wl,--stack-first",
			"-Wl,--initial-memory="+memory, "-o", out)
		said, err := cmd.CombinedOutput()
		if err == nil {
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if bytes.Contains(said, []byte("runtime.c:")) || bytes.Contains(said, []byte("wpkblob.h:")) {
			t.Fatalf("%s: %v\n%s", clang, err, said)
		}
	}
	wpktest.Lacking(t, "no clang that links for WASI; `make test` sets it up")
	return nil
}

// start runs a finished module with arguments, a variable and a directory.
func start(t *testing.T, module []byte) (string, uint32) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithStdout(&out).WithStderr(&out).WithArgs("app", "ünïcode").WithEnv("X", "run").
		WithFSConfig(wazero.NewFSConfig().WithDirMount(dir, "/d"))
	_, err := r.InstantiateWithConfig(ctx, module, config)
	var exit *sys.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String(), exit.ExitCode()
}

func TestCRuntime(t *testing.T) {
	runtime := cRuntime(t)
	for _, size := range []int{1, 100, 65536 - 64, 65536, 300000} {
		blob, err := Blob([]Entry{{Name: "a", Data: bytes.Repeat([]byte{0x55}, size)}, {Name: "b", Data: []byte("entry")}, {Name: "d"}})
		if err != nil {
			t.Fatal(err)
		}
		const rest = " X=run argc 2 last ünïcode b entry c 0 file 0\n"

		module, err := Attach(runtime, blob)
		if err != nil {
			t.Fatal(err)
		}
		if out, code := start(t, module); out != "start-up sees run\nresumed 0 kept start"+rest || code != 3 {
			t.Errorf("attached: exit code %d, %q", code, out)
		}

		var said bytes.Buffer
		module, err = Snapshot(t.Context(), SnapshotOptions{Runtime: runtime, Blob: blob, Env: []string{"X=build"}, Stdout: &said})
		if err != nil {
			t.Fatal(err)
		}
		if said.String() != "start-up sees build\n" {
			t.Errorf("while starting up it said %q", said.String())
		}
		if out, code := start(t, module); out != "resumed 1 kept snapshot"+rest || code != 3 {
			t.Errorf("snapshot: exit code %d, %q", code, out)
		}

		said.Reset()
		err = Run(t.Context(), RunOptions{Runtime: runtime, Blob: blob, Args: []string{"app", "x"}, Stdout: &said})
		var exit *ExitError
		if !errors.As(err, &exit) || exit.Code != 3 || said.String() != "start-up sees nothing\nresumed 0 kept start X= argc 2 last x b entry c 0 file -1\n" {
			t.Errorf("run: %v, %q", err, said.String())
		}
	}
	if out, code := start(t, runtime); code != 121 {
		t.Errorf("without a program: exit code %d, %q", code, out)
	}
}
