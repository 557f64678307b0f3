//go:build !linux

package sigstore

import "syscall"

// endWithParent: only Linux ends a process with another; elsewhere a test that is killed leaves its servers.
func endWithParent() *syscall.SysProcAttr { return nil }
