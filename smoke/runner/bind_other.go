//go:build !linux

package runner

import "os/exec"

// bind does nothing: only linux hosts emulate.
func bind(*exec.Cmd) {}

// oneCPU does nothing, for the same reason.
func oneCPU() (restore func()) { return func() {} }
