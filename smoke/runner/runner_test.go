package runner

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
)

// needs skips a test whose tool is missing, except in CI.
func needs(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// native finds the runner for this machine, whose emulator is env: the same
// way without qemu. It is built once for all tests.
var native = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wpk-runner-test-")
	if err != nil {
		return "", err
	}
	return Find(context.Background(), runtime.GOARCH, Options{Cache: dir})
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := native(); err == nil {
		_ = os.RemoveAll(filepath.Dir(filepath.Dir(path)))
	}
	os.Exit(code)
}

// nop is (module (func (export "_start"))), loop the same with an endless loop.
var (
	nop  = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x0a\x01\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b")
	loop = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x0a\x01\x06_start\x00\x00\x0a\x09\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")
)

func request(t *testing.T, module []byte, l engine.Limits) (dir string, q engine.Request) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "m.wasm")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, engine.Request{Module: path, Digest: engine.Digest(module), Limits: l, Mode: engine.Interpreter}
}

func streams() Streams { return Streams{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}} }

func program(t *testing.T) Program {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only linux emulates")
	}
	path, err := native()
	needs(t, err)
	env, err := exec.LookPath("env")
	needs(t, err)
	return Program{Emulator: env, Runner: path}
}

func TestRun(t *testing.T) {
	p := program(t)
	dir, q := request(t, nop, engine.Limits{Time: time.Minute})
	response, err := p.Run(t.Context(), dir, q, streams())
	if err != nil || response.Failure != nil || response.Digest != q.Digest || response.Arch != runtime.GOARCH {
		t.Errorf("%+v, %v", response, err)
	}
	q.Digest = engine.Digest(nil)
	if response, err = p.Run(t.Context(), dir, q, streams()); err != nil || !errors.Is(response.Failure.Err(), engine.ErrDigest) {
		t.Errorf("other digest: %+v, %v", response, err)
	}
}

func TestRunEnds(t *testing.T) {
	p := program(t)
	dir, q := request(t, loop, engine.Limits{Time: 300 * time.Millisecond})
	if response, err := p.Run(t.Context(), dir, q, streams()); err != nil || response.Result.Stop != engine.StopTime {
		t.Errorf("time limit: %+v, %v", response, err)
	}
	q.Limits.Time = 0
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := p.Run(ctx, dir, q, streams()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("cancelled: %v after %s", err, time.Since(start))
	}
	var crash *CrashError
	p.Runner = "/bin/false"
	if _, err := p.Run(t.Context(), dir, q, streams()); !errors.As(err, &crash) {
		t.Errorf("crash: %v", err)
	}
}

func TestSlot(t *testing.T) {
	s := slot{dir: t.TempDir(), name: "linux_any-key"}
	write := func(content string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	if _, ok := s.find(); ok {
		t.Error("found something in an empty slot")
	}
	path, err := s.fill(write("program"))
	if err != nil {
		t.Fatal(err)
	}
	if found, ok := s.find(); !ok || found != path {
		t.Errorf("found %q, %v", found, ok)
	}
	if err := os.WriteFile(path, []byte("virus"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.find(); ok {
		t.Error("found a changed program")
	}
	if again, err := s.fill(write("program")); err != nil || again != path {
		t.Errorf("filled %q, %v", again, err)
	}
	if _, ok := s.find(); !ok {
		t.Error("not mended")
	}
	failure := errors.New("no space")
	if _, err := s.fill(func(string) error { return failure }); !errors.Is(err, failure) {
		t.Error(err)
	}
	if all, _ := os.ReadDir(s.dir); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
}

func TestFindOnce(t *testing.T) {
	path, err := native()
	needs(t, err)
	cache, building := filepath.Dir(filepath.Dir(path)), 0
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			got, err := Find(t.Context(), runtime.GOARCH, Options{Cache: cache, Building: func(string) { building++ }})
			if err != nil || got != path {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wait.Wait()
	if building != 0 {
		t.Errorf("built again %d times", building)
	}
}

func TestNothingInstalled(t *testing.T) {
	env := []string{"PATH=" + t.TempDir()}
	var noRunner *MissingRunnerError
	if _, err := Find(t.Context(), "riscv64", Options{Cache: t.TempDir(), Env: env}); !errors.As(err, &noRunner) || !strings.Contains(err.Error(), "install Go") {
		if _, ok := embeddedRunner("riscv64"); !ok {
			t.Error(err)
		}
	}
	var noEmulator *MissingEmulatorError
	if _, err := Emulator("arm64", env); !errors.As(err, &noEmulator) || noEmulator.Program != "qemu-aarch64-static" {
		t.Error(err)
	}
	var unknown *UnknownArchError
	if _, err := Emulator("z80", env); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "riscv64, s390x") {
		t.Error(err)
	}
}

func TestBrokenToolchain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	script := "#!/bin/sh\ncase $1 in env) echo go1.0;; *) echo 'go: cannot reach the network' >&2; exit 1;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := newBuilder(t.Context(), "riscv64", Options{Env: []string{"PATH=" + dir}})
	if err != nil {
		t.Fatal(err)
	}
	var missing *MissingRunnerError
	if err := b.write(t.Context(), filepath.Join(t.TempDir(), "out")); !errors.As(err, &missing) || !strings.Contains(err.Error(), "cannot reach the network") {
		t.Error(err)
	}
}
