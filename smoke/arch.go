package smoke

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/wpkdev/wpk/smoke/runner"
)

// DefaultArches returns the seven architectures of a smoke run: the host's own
// first, then arm64, riscv64, s390x (big-endian), ppc64le, arm and 386 (32-bit);
// amd64 takes its place in the list when the host is another one of them.
func DefaultArches(host string) []string {
	arches := []string{host}
	for _, a := range []string{"amd64", "arm64", "riscv64", "s390x", "ppc64le", "arm", "386"} {
		if a != host {
			arches = append(arches, a)
		}
	}
	return arches[:7]
}

// HostError says that an architecture was asked for which this operating
// system cannot emulate.
type HostError struct{ OS, Arch string }

func (e *HostError) Error() string {
	return fmt.Sprintf("%s cannot be emulated on %s: only linux has user-mode emulation", e.Arch, e.OS)
}

// machine is where wpk runs, in Go's names.
type machine struct{ os, arch string }

func thisMachine() machine { return machine{runtime.GOOS, runtime.GOARCH} }

// place is where one cell runs.
type place struct {
	arch     string
	emulator string // "" is native
	skipped  string
}

// places resolves the architectures asked for, so that a missing emulator shows
// before anything runs.
func (m machine) places(asked, env []string) ([]place, error) {
	arches := asked
	if asked == nil {
		arches = DefaultArches(m.arch)
	}
	var all []place
	for i, arch := range arches {
		if slices.Contains(arches[:i], arch) {
			continue
		}
		p, err := m.place(arch, env)
		if err != nil {
			return nil, err
		}
		if p.skipped != "" && asked != nil {
			return nil, &HostError{m.os, arch}
		}
		all = append(all, p)
	}
	return all, nil
}

func (m machine) place(arch string, env []string) (place, error) {
	switch {
	case arch == m.arch:
		return place{arch: arch}, nil
	case !slices.Contains(runner.Arches(), arch):
		return place{}, &runner.UnknownArchError{Arch: arch}
	case m.os != "linux":
		return place{arch: arch, skipped: (&HostError{m.os, arch}).Error()}, nil
	}
	emulator, err := runner.Emulator(arch, env)
	return place{arch: arch, emulator: emulator}, err
}
