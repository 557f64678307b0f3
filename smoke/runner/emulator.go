package runner

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// MissingEmulatorError says that no emulator for an architecture is on PATH.
type MissingEmulatorError struct {
	Arch    string // Go's name
	Program string // what was looked for first, for example "qemu-aarch64-static"
}

func (e *MissingEmulatorError) Error() string {
	return fmt.Sprintf("no emulator for %s: %s is not on PATH", e.Arch, e.Program)
}

// UnknownArchError says that an architecture is none of those that Go and
// qemu-user both know.
type UnknownArchError struct{ Arch string }

func (e *UnknownArchError) Error() string {
	return fmt.Sprintf("unknown architecture %q: known are %s", e.Arch, strings.Join(Arches(), ", "))
}

// qemuNames are qemu-user's names of Go's architectures.
func qemuNames() map[string]string {
	return map[string]string{
		"386": "i386", "amd64": "x86_64", "arm": "arm", "arm64": "aarch64", "loong64": "loongarch64",
		"mips64le": "mips64el", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
	}
}

// Arches returns Go's names of the architectures that can be emulated.
func Arches() []string { return slices.Sorted(maps.Keys(qemuNames())) }

// Emulator returns the path of the qemu-user program that runs linux programs
// of arch: the static one, as distributions package it, or else the dynamic
// one. env is as in Options.
//
// Every architecture but the host's own is emulated, even 386 on amd64, which
// many kernels could run by themselves and others cannot.
func Emulator(arch string, env []string) (string, error) {
	name, ok := qemuNames()[arch]
	if !ok {
		return "", &UnknownArchError{arch}
	}
	for _, program := range []string{"qemu-" + name + "-static", "qemu-" + name} {
		if path, err := lookPath(program, env); err == nil {
			return path, nil
		}
	}
	return "", &MissingEmulatorError{Arch: arch, Program: "qemu-" + name + "-static"}
}

// lookPath finds a program on the PATH of env, or of the process.
func lookPath(program string, env []string) (string, error) {
	if env == nil {
		return exec.LookPath(program)
	}
	for _, variable := range env {
		list, ok := strings.CutPrefix(variable, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil && filepath.IsAbs(path) {
				return path, nil
			}
		}
	}
	return "", &exec.Error{Name: program, Err: exec.ErrNotFound}
}
