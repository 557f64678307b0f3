package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Machine is a root folder with processes of its own. It ends with its test.
type Machine struct {
	pid  string // of its first process
	home string // its folders
	path string // $PATH
}

// Options say what a machine has.
type Options struct {
	Root     string   // the folder of a system; a machine changes a copy of it
	Programs []string // more folders for $PATH, of this machine
	// HostGroups shows the control groups as this machine mounts them, instead
	// of one cgroup2.
	HostGroups bool
}

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// New starts a machine: a root folder of its own, whose changes are kept in
// memory, process numbers of its own, and the network of its [World].
func New(t testing.TB, o Options) *Machine {
	t.Helper()
	m := &Machine{home: t.TempDir(), path: systemPath}
	env := []string{homeVariable + "=" + m.home, rootVariable + "=" + o.Root}
	for i, dir := range o.Programs {
		env = append(env, programsVariable+strconv.Itoa(i)+"="+dir)
		m.path = programsPlace(i) + ":" + m.path
	}
	if o.HostGroups {
		env = append(env, groupsVariable+"=1")
	}
	for _, dir := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(m.home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := again(roleMachine, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // it ends then, and the kernel ends all the others
		_ = cmd.Wait()
	})
	if _, err := io.ReadFull(stdout, make([]byte, len(ready))); err != nil {
		t.Fatalf("the machine does not start: %v", err)
	}
	m.pid = strconv.Itoa(cmd.Process.Pid)
	return m
}

// Command is a program of the machine, which has the machine's environment and
// nothing of this one. Files below [os.TempDir] have the same path there.
func (m *Machine) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	// The root is named, as that of the mounts is another where "/" is a chroot.
	argv := []string{"--target", m.pid, "--mount", "--pid", "--root", "--wd", "--", "env", "-i", "PATH=" + m.path, "HOME=/root", "LANG=C.UTF-8", "TMPDIR=/tmp", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(argv, args...)...)
	// What is killed is nsenter; its child keeps the pipes until the machine ends.
	cmd.WaitDelay = time.Second
	return cmd
}

// WriteFile writes a file of the machine, and the folders that it needs.
func (m *Machine) WriteFile(t testing.TB, name, text string, mode os.FileMode) {
	t.Helper()
	cmd := m.Command(t.Context(), "sh", "-c", `mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"`, "sh", name, strconv.FormatUint(uint64(mode.Perm()), 8))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = io.WriteString(stdin, text)
		_ = stdin.Close()
	}()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("write %s: %v\n%s", name, err, out)
	}
}

// Daemon starts a program that stays until the machine ends, and returns the
// file in which is what it says.
func (m *Machine) Daemon(t testing.TB, name string, args ...string) (log string) {
	t.Helper()
	f, err := os.CreateTemp(m.home, filepath.Base(name)+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := m.Command(context.WithoutCancel(t.Context()), name, args...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	return f.Name()
}

// Wait runs a program of the machine again and again until it succeeds, for
// three minutes at most, and returns what it printed then. The logs are shown when it
// never does.
func (m *Machine) Wait(t testing.TB, logs []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		out, err := m.Command(ctx, name, args...).CombinedOutput()
		if err == nil {
			return string(out)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%s: %v\n%s%s", name, err, out, tails(logs))
		}
	}
}

// tails are the last words of log files.
func tails(logs []string) string {
	const most = 4000
	var all string
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			text = []byte(err.Error())
		}
		if len(text) > most {
			text = text[len(text)-most:]
		}
		all += fmt.Sprintf("--- %s\n%s\n", filepath.Base(name), text)
	}
	return all
}

// Run runs a program of the machine to its end, four minutes at most.
func (m *Machine) Run(t testing.TB, name string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	return Run(t, m.Command(ctx, name, args...))
}

// Result is what a program left.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Run runs a program to its end. That it fails is a result, that it does not
// start is none.
func Run(t testing.TB, cmd *exec.Cmd) Result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s%s", cmd, err, stdout.String(), stderr.String())
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
