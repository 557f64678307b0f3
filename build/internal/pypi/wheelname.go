package pypi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// WheelName is what a wheel's file name says.
// https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
type WheelName struct {
	Name      string // normal form
	Version   pep440.Version
	Build     int // of two wheels of one version the one with the higher number counts; -1 for none
	Pythons   []string
	ABIs      []string
	Platforms []string
}

// ParseWheelName reads a wheel's file name.
func ParseWheelName(file string) (WheelName, error) {
	var w WheelName
	base, ok := strings.CutSuffix(file, ".whl")
	parts := strings.Split(base, "-")
	if !ok || len(file) > 512 || len(parts) < 5 || len(parts) > 6 || !validName(parts[0]) {
		return w, fmt.Errorf("%q is no name of a wheel", file)
	}
	var err error
	if w.Version, err = pep440.Parse(strings.ReplaceAll(parts[1], "_", "-")); err != nil {
		return w, fmt.Errorf("%q is no name of a wheel: %w", file, err)
	}
	w.Name, w.Build = Normalize(parts[0]), -1
	if len(parts) == 6 {
		digits := parts[2][:len(parts[2])-len(strings.TrimLeft(parts[2], "0123456789"))]
		if w.Build, err = strconv.Atoi(digits); err != nil {
			return w, fmt.Errorf("%q is no name of a wheel: build %q", file, parts[2])
		}
	}
	tags := parts[len(parts)-3:]
	w.Pythons, w.ABIs, w.Platforms = strings.Split(tags[0], "."), strings.Split(tags[1], "."), strings.Split(tags[2], ".")
	return w, nil
}

// Pure reports whether the wheel runs on any machine, with a Python of this minor version: "3.13".
func (w WheelName) Pure(python string) bool {
	if !slices.Contains(w.ABIs, "none") || !slices.Contains(w.Platforms, "any") {
		return false
	}
	return slices.ContainsFunc(w.Pythons, func(tag string) bool { return pythonRuns(tag, python) })
}

// pythonRuns reports whether code for a tag such as "py3", "py36" or "cp313" is code for Python 3.N too.
func pythonRuns(tag, python string) bool {
	_, have, _ := strings.Cut(python, ".")
	minor, err := strconv.Atoi(have)
	if err != nil {
		return false
	}
	number, ok := strings.CutPrefix(tag, "py3")
	exact := !ok
	if exact {
		if number, ok = strings.CutPrefix(tag, "cp3"); !ok {
			return false
		}
	}
	if number == "" {
		return true
	}
	n, err := strconv.Atoi(number)
	return err == nil && (n == minor || n < minor && !exact)
}

// Drops reports whether the wheel would do once its native parts are taken away: it is for this CPython or for its
// stable ABI, whatever the machine.
func (w WheelName) Drops(python string) bool {
	cpython := "cp" + strings.ReplaceAll(python, ".", "")
	if slices.Contains(w.Pythons, cpython) {
		return slices.Contains(w.ABIs, cpython) || slices.Contains(w.ABIs, "abi3") || slices.Contains(w.ABIs, "none")
	}
	return slices.Contains(w.ABIs, "abi3") || slices.Contains(w.ABIs, "none") &&
		slices.ContainsFunc(w.Pythons, func(tag string) bool { return pythonRuns(tag, python) })
}

// dropOrder puts the platforms into one order for everybody, so that the same wheel is taken everywhere: they have the
// same Python code, apart from what only Windows needs.
func (w WheelName) dropOrder() int {
	platform := strings.Join(w.Platforms, ".")
	for i, p := range []string{"manylinux", "musllinux", "linux", "macosx"} {
		if strings.HasPrefix(platform, p) {
			if !strings.HasSuffix(platform, "_x86_64") {
				return 10 + i
			}
			return i
		}
	}
	return 20
}
