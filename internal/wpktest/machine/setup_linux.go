package machine

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// What a machine's first process is told.
const (
	homeVariable     = "WPK_TEST_MACHINE"
	rootVariable     = "WPK_TEST_ROOT"
	programsVariable = "WPK_TEST_PROGRAMS"
	groupsVariable   = "WPK_TEST_HOST_GROUPS"
)

// ready is what it writes when the machine stands.
const ready = "ready\n"

// programsPlace is where a machine has the folder Programs[i].
func programsPlace(i int) string { return "/opt/programs" + strconv.Itoa(i) }

// mount is one call of mount(2).
type mount struct {
	what, to, kind string
	flags          uintptr
	data           string
}

func (m mount) do() error {
	if err := unix.Mount(m.what, m.to, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("mount %s: %w", m.to, err)
	}
	return nil
}

// beMachine is the first process of a machine: it makes the root folder, enters
// it, and waits for its end, which is that of its standard input.
func beMachine() error {
	signal.Ignore(syscall.SIGCHLD) // the kernel buries the orphans then
	home := os.Getenv(homeVariable)
	root := filepath.Join(home, "root")
	if err := os.Chdir(home); err != nil {
		return err
	}
	for _, m := range mounts(root) {
		if err := os.MkdirAll(m.to, 0o755); err != nil {
			return err
		}
		if err := m.do(); err != nil {
			return err
		}
	}
	if err := pivot(root); err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString(ready); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// mounts are the root folder and what the kernel shows in it. Container
// runtimes keep layers below /var/lib by overlays, which the overlay of the
// root itself could not hold.
func mounts(root string) []mount {
	in := func(path string) string { return filepath.Join(root, path) }
	// From home, as the name of a test may have what divides options.
	overlay := fmt.Sprintf("lowerdir=%s,upperdir=upper,workdir=work", os.Getenv(rootVariable))
	list := []mount{
		{to: "/", flags: unix.MS_REC | unix.MS_PRIVATE},
		{what: "overlay", to: root, kind: "overlay", data: overlay},
		{what: "proc", to: in("proc"), kind: "proc"},
		{what: "/dev", to: in("dev"), flags: unix.MS_BIND | unix.MS_REC},
		{what: "sysfs", to: in("sys"), kind: "sysfs"},
		{what: "tmpfs", to: in("run"), kind: "tmpfs"},
		{what: "tmpfs", to: in("tmp"), kind: "tmpfs"},
		{what: "tmpfs", to: in("var/lib"), kind: "tmpfs"},
		{what: os.TempDir(), to: in(os.TempDir()), flags: unix.MS_BIND},
	}
	if os.Getenv(groupsVariable) != "" && !unified() {
		list = append(list, mount{what: hostGroups, to: in("sys/fs/cgroup"), flags: unix.MS_BIND | unix.MS_REC})
	} else {
		list = append(list, mount{what: "cgroup2", to: in("sys/fs/cgroup"), kind: "cgroup2"})
	}
	for i := 0; ; i++ {
		dir := os.Getenv(programsVariable + strconv.Itoa(i))
		if dir == "" {
			return list
		}
		list = append(list, mount{what: dir, to: in(programsPlace(i)), flags: unix.MS_BIND})
	}
}

const hostGroups = "/sys/fs/cgroup"

// unified tells whether this machine has the cgroup2 and nothing else.
func unified() bool {
	var fs unix.Statfs_t
	err := unix.Statfs(hostGroups, &fs)
	return err == nil && fs.Type == unix.CGROUP2_SUPER_MAGIC
}

// pivot makes a mounted folder the root of this process and its children, and
// leaves nothing of the old one. chroot is not enough: Podman mounts "/" again.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	// The old root lies above the new one now.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the old root: %w", err)
	}
	return os.Chdir("/")
}
