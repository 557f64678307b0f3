package runner

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// bind puts the process into a group of its own, which is killed as a whole
// when the context ends, and lets the kernel kill it when this one dies. A
// terminal's Ctrl-C so reaches only wpk, which ends the context.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			return os.ErrProcessDone
		}
		return nil
	}
}

// oneCPU lets this thread, and what it starts, run on one of its processors
// only, until restore is called. Where that is not permitted nothing changes.
func oneCPU() (restore func()) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil || all.Count() == 0 {
		return func() {}
	}
	// Not always the first: several wpk may run at once.
	for cpu, skip := 0, os.Getpid()%all.Count(); ; cpu++ {
		if !all.IsSet(cpu) {
			continue
		}
		if skip == 0 {
			one.Set(cpu)
			break
		}
		skip--
	}
	_ = unix.SchedSetaffinity(0, &one)
	return func() { _ = unix.SchedSetaffinity(0, &all) }
}
