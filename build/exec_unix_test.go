//go:build unix

package build

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCancelEndsTheWholeGroup cancels a shell whose child would go on for a minute, even when told to end.
func TestCancelEndsTheWholeGroup(t *testing.T) {
	needTools(t, "sh", "sleep")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		script := "(trap '' TERM; sleep 60) & echo $!; wait"
		done <- processes{}.Run(ctx, Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ(), Stdout: w})
	}()
	buf := make([]byte, 32)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the command outlives its context")
	}
	// The kernel needs a moment to take a killed process away.
	for range 100 {
		if errors.Is(syscall.Kill(child, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	if state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(child), "stat")); err == nil && strings.Contains(string(state), ") Z ") {
		return // dead, and nobody has collected it: the machine runs without an init
	}
	t.Errorf("process %d is still there", child)
}

func TestRunReportsTheExitCode(t *testing.T) {
	needTools(t, "sh")
	var tool *ToolError
	err := processes{}.Run(t.Context(), Command{Path: "/bin/sh", Args: []string{"-c", "exit 3"}, Dir: "/"})
	if !errors.As(err, &tool) || !reflect.DeepEqual(*tool, ToolError{Tool: "sh", Dir: "/", ExitCode: 3}) {
		t.Errorf("got %v", err)
	}
	err = processes{}.Run(t.Context(), Command{Path: "/bin/sh", Args: []string{"-c", "kill -KILL $$"}})
	if !errors.As(err, &tool) || tool.ExitCode != -1 {
		t.Errorf("got %v", err)
	}
}

func TestLookPathSearchesTheGivenPath(t *testing.T) {
	dir := project(t, map[string]string{"bin/tool": "#!/bin/sh\n", "bin/text": ""})
	if err := os.Chmod(filepath.Join(dir, "bin", "tool"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for path, ok := range map[string]bool{filepath.Join(dir, "bin"): true, "bin": false, "": false, "/nowhere:" + filepath.Join(dir, "bin"): true} {
		if _, err := (processes{}).LookPath("tool", []string{"PATH=" + path}); (err == nil) != ok {
			t.Errorf("PATH=%s: %v", path, err)
		}
	}
	if _, err := (processes{}).LookPath("text", []string{"PATH=" + filepath.Join(dir, "bin")}); err == nil {
		t.Error("a file that is no program is found")
	}
}
