package build

import (
	"os/exec"
	"strconv"
)

// groupProcess makes a cancelled context end the command with all its descendants: Windows has no process groups that
// could be signalled, so its taskkill walks the tree.
func groupProcess(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		pid := strconv.Itoa(cmd.Process.Pid)
		if err := exec.Command("taskkill", "/T", "/F", "/PID", pid).Run(); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
}

// killGroup has nothing left to do: taskkill is not a request.
func killGroup(*exec.Cmd) {}
