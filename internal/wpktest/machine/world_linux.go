package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The test binary starts itself again, and these say what it is then.
const (
	roleVariable  = "WPK_TEST_ROLE"
	roleWorld     = "world"   // the first process of the world
	roleTests     = "tests"   // the one that runs the tests
	roleMachine   = "machine" // the first process of a machine
	groupVariable = "WPK_TEST_CGROUP"
	worldVariable = "WPK_TEST_WORLD"
)

// ErrNoWorld is what a prepare function returns where there is no world to be.
var ErrNoWorld = errors.New("no world")

// World runs tests in a world of their own and returns the exit code of the
// process; it is all that TestMain does. There the network has a loopback of
// its own and nothing else, and [os.TempDir] is a folder that all machines see
// as well.
//
// Prepare runs outside, where the network is, and returns more of the
// environment for the tests; what it leaves in dir goes with the world. After
// [ErrNoWorld] the tests run outside and without it.
func World(prepare func(dir string) (env []string, err error), tests func() int) int {
	var code int
	var err error
	switch os.Getenv(roleVariable) {
	case roleTests:
		return tests()
	case roleWorld:
		code, err = beWorld()
	case roleMachine:
		err = beMachine()
	default:
		code, err = makeWorld(prepare)
		if errors.Is(err, ErrNoWorld) {
			return tests()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		return 1
	}
	return code
}

// tmp is the folder in that of the world which its machines see.
const tmp = "tmp"

func makeWorld(prepare func(string) ([]string, error)) (code int, err error) {
	dir, err := os.MkdirTemp("", "wpk-world-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Mkdir(filepath.Join(dir, tmp), 0o755); err != nil {
		return 1, err
	}
	env, err := prepare(dir)
	if err != nil {
		return 1, err
	}
	group, err := newGroup(filepath.Base(dir))
	if err != nil {
		return 1, err
	}
	defer removeGroup(group)
	// The kernel kills the world when the thread that made it ends.
	runtime.LockOSThread()
	cmd := again(roleWorld, append(env, worldVariable+"="+dir, groupVariable+"="+group)...)
	cmd.Args = os.Args
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	err = cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

// again is this program in another role.
func again(role string, env ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), env...)
	return cmd
}

// beWorld is the first process: it makes the place, starts the tests, and takes
// care of the orphans until the tests end.
func beWorld() (int, error) {
	dir := filepath.Join(os.Getenv(worldVariable), tmp)
	runtime.LockOSThread() // for namespaces that belong to a thread
	for _, m := range []mount{
		{to: "/", flags: unix.MS_REC | unix.MS_PRIVATE},
		{what: "proc", to: "/proc", kind: "proc", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{what: "tmpfs", to: dir, kind: "tmpfs"},
	} {
		if err := m.do(); err != nil {
			return 1, err
		}
	}
	if err := enterGroup(os.Getenv(groupVariable)); err != nil {
		return 1, err
	}
	if err := loopbackUp(); err != nil {
		return 1, err
	}
	cmd := again(roleTests, "TMPDIR="+dir)
	cmd.Args = os.Args
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	return reap(cmd.Process.Pid)
}

// reap waits for every child, as the first process must, until one of them
// ends, and returns its exit code.
func reap(pid int) (int, error) {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 1, fmt.Errorf("wait: %w", err)
		case got == pid && status.Exited():
			return status.ExitStatus(), nil
		case got == pid:
			return 128 + int(status.Signal()), nil
		}
	}
}

// newGroup makes a control group for the world, below which all of its groups
// are.
func newGroup(name string) (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			dir := filepath.Join(f[1], name)
			return dir, os.Mkdir(dir, 0o755)
		}
	}
	return "", errors.New("no cgroup2 is mounted on this machine")
}

// removeGroup removes a group with those below it; nothing is in them any more.
func removeGroup(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			removeGroup(filepath.Join(dir, e.Name()))
		}
	}
	_ = os.Remove(dir) // not worth an error: it is empty
}

// enterGroup makes a group the root of what this process and its children see.
// The process itself goes one down: a group with processes passes no
// controllers on.
func enterGroup(dir string) error {
	join := func(group string) error {
		return os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o600)
	}
	if err := join(dir); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("cgroup namespace: %w", err)
	}
	tests := filepath.Join(dir, "tests")
	if err := os.Mkdir(tests, 0o755); err != nil {
		return err
	}
	return join(tests)
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}
