//go:build !linux

package runner

import "os/exec"

// bind does nothing: only linux hosts emulate.
func bind(*exec.Cmd) {}
