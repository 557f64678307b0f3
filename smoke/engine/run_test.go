package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// guest compiles testdata/guest once.
var guest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wpk-guest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.New(string(text))
	}
	return os.ReadFile(out)
})

// machineCode is shared by all tests, as it takes a second to make.
var machineCode = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "wpk-machine-code-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := machineCode(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

type ran struct {
	Result
	err            error
	stdout, stderr string
}

// runGuest runs the guest with arguments.
func runGuest(t *testing.T, change func(*Spec), args ...string) ran {
	t.Helper()
	module, err := guest()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no Go toolchain for wasip1:", err)
	}
	cache, err := machineCode()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	s := Spec{
		Module: module, Args: append([]string{"guest"}, args...), Stdout: &stdout, Stderr: &stderr,
		Engine: Engine{CacheDir: cache}, Limits: Limits{Time: time.Minute},
	}
	if change != nil {
		change(&s)
	}
	r, err := Run(t.Context(), s)
	return ran{r, err, stdout.String(), stderr.String()}
}

func TestRun(t *testing.T) {
	for _, mode := range []Mode{Auto, Interpreter} {
		r := runGuest(t, func(s *Spec) {
			s.Engine.Mode = mode
			s.Env = []string{"GREETING=hello=world", "EMPTY"}
			s.Stdin = strings.NewReader("from stdin\n")
		}, "echo", "a b", "")
		if r.err != nil || r.ExitCode != 0 || r.Stop != "" || r.Engine != string(mode.resolve()) {
			t.Errorf("%q: %+v", mode, r)
		}
		if r.stdout != "guest echo a b  hello=world\nfrom stdin\n" || r.stderr != "to stderr\n" {
			t.Errorf("%q: stdout %q, stderr %q", mode, r.stdout, r.stderr)
		}
	}
	if r := runGuest(t, nil, "exit", "1", "2", "3"); r.err != nil || r.ExitCode != 3 || r.Stop != "" {
		t.Errorf("exit: %+v", r)
	}
}

func TestVirtualWorld(t *testing.T) {
	first := runGuest(t, nil, "time")
	if !strings.HasPrefix(first.stdout, "1h0m0s 2022 ") || first.Run > 20*time.Second {
		t.Errorf("%+v", first)
	}
	if again := runGuest(t, nil, "time"); again.stdout != first.stdout {
		t.Errorf("%q, then %q", first.stdout, again.stdout)
	}
	interpreted := runGuest(t, func(s *Spec) { s.Engine.Mode = Interpreter }, "time")
	if interpreted.stdout != first.stdout {
		t.Errorf("%q compiled, %q interpreted", first.stdout, interpreted.stdout)
	}
}

func TestRealSleepEndsWithTheLimit(t *testing.T) {
	start := time.Now()
	r := runGuest(t, func(s *Spec) { s.Real, s.Limits.Time = true, 3*time.Second }, "time")
	if r.Stop != StopTime || time.Since(start) > 20*time.Second {
		t.Errorf("%+v after %s", r, time.Since(start))
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		args   []string
		change func(*Spec)
		stop   Stop
		detail string
	}{
		{[]string{"flood"}, func(s *Spec) { s.Limits.Output = 10_500 }, StopOutput, "wrote more than 10500 bytes"},
		{[]string{"spin"}, func(s *Spec) { s.Limits.Time = 2 * time.Second }, StopTime, "ran longer than 2s"},
		{[]string{"allocate"}, func(s *Spec) { s.Limits.MemoryPages = 1024 }, StopMemory, "of which 64 MiB are allowed"},
		{[]string{"hoard", "/"}, func(s *Spec) {
			s.Dirs, s.Limits.OpenFiles = []Dir{{Host: ".", Guest: "/"}}, 20
		}, StopFiles, "opened more than 20 files at once"},
	} {
		r := runGuest(t, c.change, c.args...)
		if r.err != nil || r.Stop != c.stop || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%s: stop %q, detail %q, err %v", c.args[0], r.Stop, r.Detail, r.err)
		}
		if c.stop == StopOutput && len(r.stdout) != 10_500 {
			t.Errorf("wrote %d bytes", len(r.stdout))
		}
	}
}

func TestHandmadeModules(t *testing.T) {
	for name, c := range map[string]struct {
		module []byte
		stop   Stop
		detail string
	}{
		"empty":            {program("_start", 1), "", ""},
		"unreachable":      {program("_start", 1, opUnreachable...), StopTrap, "unreachable"},
		"out of bounds":    {program("_start", 1, opLoad...), StopTrap, "out of bounds memory access"},
		"endless loop":     {program("_start", 1, opLoop...), StopTime, "ran longer than 1s"},
		"stack overflow":   {program("_start", 1, opRecurse...), StopTrap, "stack overflow"},
		"refused growth":   {program("_start", 1, opGrow...), StopMemory, "4096 MiB of memory, of which 1024 MiB are allowed"},
		"huge at once":     {program("_start", 65536), StopMemory, "4096 MiB of memory, of which 1024 MiB are allowed"},
		"reactor":          {program("_initialize", 1), "", "a reactor: only _initialize ran"},
		"trapping reactor": {program("_initialize", 1, opUnreachable...), StopTrap, "unreachable"},
	} {
		limit := time.Minute
		if c.stop == StopTime {
			limit = time.Second
		}
		for _, mode := range []Mode{Auto, Interpreter} {
			r, err := Run(t.Context(), Spec{Module: c.module, Engine: Engine{Mode: mode}, Limits: Limits{Time: limit}})
			if err != nil || r.Stop != c.stop || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("%s, %q: stop %q, detail %q, err %v", name, mode, r.Stop, r.Detail, err)
			}
		}
	}
}

func TestWhatCannotRun(t *testing.T) {
	var missing *ImportError
	for name, c := range map[string]struct {
		module []byte
		is     error
		as     any
		text   string
		size   int64
	}{
		"nothing":      {nil, ErrNotWasm, nil, "", 0},
		"text":         {[]byte("#!/bin/sh\nexit"), ErrNotWasm, nil, "", 0},
		"truncated":    {program("_start", 1)[:20], ErrNotWasm, nil, "", 0},
		"bad code":     {program("_start", 1, 0xff), ErrNotWasm, nil, "", 0},
		"component":    {[]byte("\x00asm\x0d\x00\x01\x00"), ErrComponent, nil, "", 0},
		"no entry":     {program("main", 1), ErrNoEntry, nil, "", 0},
		"too large":    {make([]byte, 1001), ErrTooLarge, nil, "1001 bytes, of which 1000 are allowed", 1000},
		"locals":       {declaring(50_001), ErrTooLarge, nil, "50001 local variables", 0},
		"more locals":  {declaring(1<<32 - 1), ErrTooLarge, nil, "local variables", 0},
		"big function": {program("_start", 1, make([]byte, maxFunctionBytes)...), ErrTooLarge, nil, "7654323 bytes", 0},
		"proxy-wasm":   {importing("env", "proxy_log"), nil, &missing, `imports func "proxy_log" from "env"`, 0},
		"sockets":      {importing("wasi_snapshot_preview1", "sock_open"), nil, &missing, `"sock_open"`, 0},
		"signature":    {importing("wasi_snapshot_preview1", "fd_write"), nil, &missing, "another signature", 0},
		"preview 0":    {importing("wasi_unstable", "fd_write"), nil, &missing, "preview 0", 0},
		"preview 2":    {importing("wasi:cli/exit@0.2.0", "exit"), nil, &missing, "WASI 0.2", 0},
		"js":           {importing("gojs", "runtime.wasmExit"), nil, &missing, "GOOS=wasip1", 0},
	} {
		_, err := Run(t.Context(), Spec{Module: c.module, Limits: Limits{ModuleSize: c.size}})
		switch {
		case err == nil:
			t.Errorf("%s ran", name)
		case c.is != nil && !errors.Is(err, c.is), c.as != nil && !errors.As(err, c.as), !strings.Contains(err.Error(), c.text):
			t.Errorf("%s: %v", name, err)
		}
		if again := newFailure(err).Err(); again.Error() != err.Error() || c.is != nil && !errors.Is(again, c.is) {
			t.Errorf("%s: after the pipe %v", name, again)
		}
	}
	_, err := Run(t.Context(), Spec{Module: program("_start", 1), Dirs: []Dir{{Host: "no/such", Guest: "/"}}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if _, err = (&host{session: &session{mode: Compiler}}).runtimeConfig(); !HasCompiler(runtime.GOOS, runtime.GOARCH) && !errors.Is(err, ErrNoCompiler) {
		t.Errorf("no compiler: %v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := Run(ctx, Spec{Module: program("_start", 1, opLoop...)}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestBlockedRead returns in time although the read goes on, and writes nothing
// afterwards.
func TestBlockedRead(t *testing.T) {
	silent, w := io.Pipe()
	start := time.Now()
	r := runGuest(t, func(s *Spec) { s.Stdin, s.Limits.Time = silent, 2*time.Second }, "echo")
	if r.Stop != StopTime || time.Since(start) > 10*time.Second {
		t.Errorf("%+v after %s", r, time.Since(start))
	}
	_ = w.Close()
}

// TestHugeFunction compiles one function that nothing can interrupt.
func TestHugeFunction(t *testing.T) {
	module := program("_start", 1, bytes.Repeat([]byte{0x41, 1, 0x1a}, 1<<20)...) // i32.const 1 drop
	start := time.Now()
	r, err := Run(t.Context(), Spec{Module: module, Engine: Engine{Mode: Auto}, Limits: Limits{Time: 300 * time.Millisecond}})
	if err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("%+v, %v after %s", r, err, time.Since(start))
	}
}

func TestAttack(t *testing.T) {
	base := t.TempDir()
	in, out := filepath.Join(base, "in"), filepath.Join(base, "outside")
	secret := filepath.Join(out, "secret")
	for _, dir := range []string{in, out, filepath.Join(in, "sub")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{secret, filepath.Join(in, "file")} {
		if err := os.WriteFile(path, []byte("SECRET"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"rel": "../outside/secret", "abs": secret, "reldir": "../outside"} {
		if err := os.Symlink(target, filepath.Join(in, link)); err != nil {
			t.Skip("this system makes no links:", err)
		}
	}
	r := runGuest(t, func(s *Spec) { s.Dirs = []Dir{{Host: in, Guest: "/d", Writable: true}} }, "attack", "/d", filepath.ToSlash(secret))
	if r.err != nil || r.ExitCode != 0 || r.Stop != "" {
		t.Fatalf("%+v", r)
	}
	if strings.Contains(r.stdout, "SECRET") || strings.Contains(r.stdout, "false") || !strings.Contains(r.stdout, "read moved  true") {
		t.Errorf("an attack succeeded:\n%s", r.stdout)
	}
	entries, _ := os.ReadDir(out)
	if b, err := os.ReadFile(secret); err != nil || string(b) != "SECRET" || len(entries) != 1 {
		t.Errorf("outside was changed: %q, %v, %v", b, err, entries)
	}
}

func TestDirs(t *testing.T) {
	dir := t.TempDir()
	dirs := func(writable bool) func(*Spec) {
		return func(s *Spec) {
			s.Dirs = []Dir{{Host: dir, Guest: "/data", Writable: writable}, {Host: "testdata", Guest: "/src"}}
		}
	}
	if r := runGuest(t, dirs(true), "write", "/data/new", "text"); r.stdout != "<nil>\ntext <nil>\n" {
		t.Errorf("write: %+v", r)
	}
	if r := runGuest(t, dirs(false), "write", "/data/other", "text"); !strings.Contains(strings.ToLower(r.stdout), "read-only file system") {
		t.Errorf("write to a read-only directory: %+v", r)
	}
	for _, want := range []string{"/src/guest/main.go ---------- ", "/data/new ---------- 4 <nil>"} {
		if r := runGuest(t, dirs(false), "list", strings.Join(strings.SplitN(want, "/", 3)[:2], "/")); !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %q", want, r.stdout)
		}
	}
}

func TestPrivateDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := PrivateDir(dir); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := PrivateDir(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := PrivateDir(link); !errors.Is(err, ErrCache) {
		t.Errorf("link: %v", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := PrivateDir(dir); !errors.Is(err, ErrCache) {
			t.Errorf("another user's: %v", err)
		}
	}
}
