package smoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
	"github.com/wpkdev/wpk/smoke/runner"
)

// nop is (module (func (export "_start"))).
var nop = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x0a\x01\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b")

// loop is the same with an endless loop, trap with unreachable.
var (
	loop = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x0a\x01\x06_start\x00\x00\x0a\x09\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")
	trap = []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x0a\x01\x06_start\x00\x00\x0a\x05\x01\x03\x00\x00\x0b")
)

// foreign returns an architecture that can be emulated here, or skips.
func foreign(t *testing.T) string {
	t.Helper()
	arch := "riscv64"
	if runtime.GOARCH == arch {
		arch = "arm64"
	}
	_, err := runner.Emulator(arch, nil)
	if err == nil && runtime.GOOS != "linux" {
		err = errors.New("only linux emulates")
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	return arch
}

// nothingLeft fails when the matrix left files of its own.
func nothingLeft(t *testing.T) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	t.Cleanup(func() {
		if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "wpk-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestMatrix(t *testing.T) {
	other, cache := foreign(t), t.TempDir()
	nothingLeft(t)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	arches := []string{runtime.GOARCH, other}
	for name, c := range map[string]struct {
		module []byte
		limits engine.Limits
		code   uint32
		stop   engine.Stop
		fault  string
	}{
		"good":      {nop, engine.Limits{}, 0, "", ""},
		"exit code": {nop, engine.Limits{}, 3, "", "exit code 0 instead of 3"},
		"trap":      {trap, engine.Limits{}, 0, engine.StopTrap, "trap: unreachable"},
		"time":      {loop, engine.Limits{Time: time.Second}, 0, engine.StopTime, "time: ran longer than 1s"},
	} {
		var events []string
		report, err := Matrix(t.Context(), Options{
			Module: c.module, Arches: arches, Limits: c.limits, ExitCode: c.code, Host: Host{Cache: cache},
			Guest: Guest{Dirs: []engine.Dir{{Host: data, Guest: "/ro"}, {Host: data, Guest: "/rw", Writable: true}}},
			Event: func(c Cell) { events = append(events, c.Arch) },
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if report.OK != (c.fault == "") || report.Digest != engine.Digest(c.module) || len(report.Cells) != 2 || !slices.Equal(events, arches) {
			t.Errorf("%s: %+v, events %v", name, report, events)
		}
		for i, cell := range report.Cells {
			if cell.Arch != arches[i] || cell.Emulated != (i == 1) || cell.Stop != c.stop || cell.Error != c.fault || !cell.Same || cell.OK != report.OK {
				t.Errorf("%s: %+v", name, cell)
			}
		}
	}
}

// An emulator that crashes is started again, on what the first start found, and
// not for ever.
func TestEmulatorCrashes(t *testing.T) {
	other, cache := foreign(t), t.TempDir()
	nothingLeft(t)
	qemu, err := runner.Emulator(other, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	for crashes, ok := range map[int]bool{1: true, mostCrashes: true, mostCrashes + 1: false} {
		bin := t.TempDir()
		script := fmt.Sprintf("#!/bin/sh\ncd %s && [ $(ls c* 2>/dev/null | wc -l) -ge %d ] || { echo >c$$; exit 139; }\nexec %s \"$@\"\n", bin, crashes, qemu)
		if err := os.WriteFile(filepath.Join(bin, filepath.Base(qemu)), []byte(script), 0o700); err != nil { // #nosec G306 -- a program
			t.Fatal(err)
		}
		path := "PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH")
		report, err := Matrix(t.Context(), Options{
			Module: nop, Arches: []string{runtime.GOARCH, other},
			Guest: Guest{Dirs: []engine.Dir{{Host: data, Guest: "/d", Writable: true}}},
			Host:  Host{Cache: cache, Env: append([]string{path}, os.Environ()...)},
		})
		if err != nil {
			t.Fatal(err)
		}
		if c := report.Cells[1]; c.OK != ok || c.Crashes != min(crashes, mostCrashes) || (c.Error == "") != ok {
			t.Errorf("after %d crashes: %+v", crashes, c)
		}
	}
}

func TestMatrixErrors(t *testing.T) {
	nothingLeft(t)
	here := []string{runtime.GOARCH}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var (
		emulator *MissingEmulatorError
		imports  *engine.ImportError
		unknown  *runner.UnknownArchError
		host     *HostError
	)
	foreignImport := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x02\x07\x01\x01e\x01f\x00\x00")
	for name, c := range map[string]struct {
		ctx     context.Context
		machine machine
		options Options
		is      error
		as      any
	}{
		"component":         {t.Context(), thisMachine(), Options{Module: []byte("\x00asm\x0d\x00\x01\x00"), Arches: here}, engine.ErrComponent, nil},
		"import":            {t.Context(), thisMachine(), Options{Module: foreignImport, Arches: here}, nil, &imports},
		"cancelled":         {cancelled, thisMachine(), Options{Module: loop, Arches: here}, context.Canceled, nil},
		"missing directory": {t.Context(), thisMachine(), Options{Module: nop, Arches: here, Guest: Guest{Dirs: []engine.Dir{{Host: "no/such", Guest: "/", Writable: true}}}}, os.ErrNotExist, nil},
		"no emulator":       {t.Context(), machine{"linux", "amd64"}, Options{Module: nop, Host: Host{Env: []string{}}}, nil, &emulator},
		"unknown":           {t.Context(), thisMachine(), Options{Module: nop, Arches: []string{"z80"}}, nil, &unknown},
		"asked on darwin":   {t.Context(), machine{"darwin", "arm64"}, Options{Module: nop, Arches: []string{"riscv64"}}, nil, &host},
	} {
		report, err := c.machine.matrix(c.ctx, c.options)
		if report != nil || err == nil || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as) {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}

func TestSkippedOnDarwin(t *testing.T) {
	report, err := machine{"darwin", runtime.GOARCH}.matrix(t.Context(), Options{Module: nop})
	if err != nil || !report.OK || len(report.Cells) != 7 || !report.Cells[0].OK {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, c := range report.Cells[1:] {
		if !strings.Contains(c.Skipped, "cannot be emulated on darwin") || c.OK {
			t.Errorf("%+v", c)
		}
	}
}

func TestDefaultArches(t *testing.T) {
	for host, want := range map[string]string{
		"amd64":   "amd64 arm64 riscv64 s390x ppc64le arm 386",
		"arm64":   "arm64 amd64 riscv64 s390x ppc64le arm 386",
		"loong64": "loong64 amd64 arm64 riscv64 s390x ppc64le arm",
	} {
		if got := strings.Join(DefaultArches(host), " "); got != want {
			t.Errorf("%s: %s", host, got)
		}
	}
}

func cell(arch, stdout, stderr string, code uint32) Cell {
	out, err := newCapture(), newCapture()
	_, _ = out.Write([]byte(stdout))
	_, _ = err.Write([]byte(stderr))
	return Cell{Arch: arch, Stdout: out.output(), Stderr: err.output(), ExitCode: code}
}

func TestJudge(t *testing.T) {
	long := strings.Repeat("x", captured)
	for name, c := range map[string]struct {
		first, cell Cell
		fault, diff string
	}{
		"equal":     {cell("a", "1\n", "2", 0), cell("b", "1\n", "2", 0), "", ""},
		"stdout":    {cell("a", "1\n2\n3\n4\n5", "", 0), cell("b", "1\n2\n3\nfour\n5", "", 0), "stdout differs from a", "--- a stdout\n+++ b stdout\n@@ line 4 @@\n 2\n 3\n-4\n-5 (no newline)\n+four\n+5 (no newline)\n"},
		"shorter":   {cell("a", "1\n", "", 0), cell("b", "", "", 0), "stdout differs from a", "--- a stdout\n+++ b stdout\n@@ line 1 @@\n-1\n"},
		"stderr":    {cell("a", "", "x\n", 0), cell("b", "", "\x1b[31mx\n", 0), "stderr differs from a", "--- a stderr\n+++ b stderr\n@@ line 1 @@\n-x\n+\"\\x1b[31mx\"\n"},
		"many":      {cell("a", "", "", 0), cell("b", strings.Repeat("y\n", 9), "", 0), "stdout differs from a", "--- a stdout\n+++ b stdout\n@@ line 1 @@\n+y\n+y\n+y\n+y\n+y\n+… 4 more lines\n"},
		"late":      {cell("a", long+"1", "", 0), cell("b", long+"2", "", 0), "stdout differs from a", "--- a stdout\n+++ b stdout\n@@ after the first 1048576 bytes @@\n"},
		"exit code": {cell("a", "", "", 0), cell("b", "", "", 1), "exit code 1 instead of 0", ""},
	} {
		c.cell.judge(&c.first, 0)
		if c.cell.Error != c.fault || c.cell.Diff != c.diff || c.cell.OK != (c.fault == "") || c.cell.Same != c.cell.OK {
			t.Errorf("%s: %q, same %v, ok %v\n%s", name, c.cell.Error, c.cell.Same, c.cell.OK, c.cell.Diff)
		}
	}
	both, other := cell("a", "", "", 4), cell("b", "", "", 4)
	if other.judge(&both, 4); !other.OK {
		t.Errorf("an expected exit code: %+v", other)
	}
	crashed := Cell{Arch: "b", Error: "crashed", crashed: true}
	if crashed.judge(&both, 4); crashed.Same || crashed.OK {
		t.Errorf("%+v", crashed)
	}
}

func TestPrivateCopies(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	past := time.Unix(1e9, 0)
	if err := os.MkdirAll(filepath.Join(from, "a", "b"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "a", "b", "file"), []byte("text"), 0o444); err != nil {
		t.Fatal(err)
	}
	linked := os.Symlink("../outside", filepath.Join(from, "link")) == nil
	for _, path := range []string{"a/b/file", "a/b", "a", "."} {
		if err := os.Chtimes(filepath.Join(from, path), past, past); err != nil {
			t.Fatal(err)
		}
	}
	dirs, err := privateCopies(t.Context(), to, []engine.Dir{{Host: from, Guest: "/x", Writable: true}, {Host: from, Guest: "/y"}})
	if err != nil || dirs[0].Host == from || dirs[1].Host != from || !dirs[0].Writable {
		t.Fatalf("%+v, %v", dirs, err)
	}
	for _, path := range []string{"a/b/file", "a/b", "a", "."} {
		if info, err := os.Stat(filepath.Join(dirs[0].Host, path)); err != nil || !info.ModTime().Equal(past) {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dirs[0].Host, "a", "b", "file")); err != nil || !bytes.Equal(b, []byte("text")) {
		t.Errorf("%q, %v", b, err)
	}
	if target, err := os.Readlink(filepath.Join(dirs[0].Host, "link")); linked && (err != nil || target != "../outside") {
		t.Errorf("%q, %v", target, err)
	}
}
