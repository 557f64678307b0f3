package runner

import (
	"os"
	"os/exec"
	"syscall"
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
