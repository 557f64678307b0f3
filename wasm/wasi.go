package wasm

import (
	"strconv"
	"strings"
)

// WASI returns the version of the system interface that the module asks for:
// "wasip1" (wasi_snapshot_preview1), "wasip2" or "wasip3" (interfaces such as
// wasi:cli/run@0.2.0, imported or exported), "wasip0" (the old wasi_unstable),
// or "" when there is none.
func (m *Module) WASI() string {
	for _, i := range m.Imports {
		if v := wasiVersion(i.Module); v != "" {
			return v
		}
		if m.Kind == Component {
			if v := wasiVersion(i.Name); v != "" {
				return v
			}
		}
	}
	for _, e := range m.Exports {
		if v := wasiVersion(e.Name); v != "" {
			return v
		}
	}
	return ""
}

func wasiVersion(name string) string {
	switch name {
	case "wasi_snapshot_preview1":
		return "wasip1"
	case "wasi_unstable":
		return "wasip0"
	}
	if !strings.HasPrefix(name, "wasi:") {
		return ""
	}
	_, version, _ := strings.Cut(name, "@")
	if strings.HasPrefix(version, "0.3.") {
		return "wasip3"
	}
	return "wasip2"
}

// WASIVersion returns the newest version of WASI's interfaces that a component
// imports or exports, such as "0.2.3", or "" when it names none. A host that
// offers that version offers all older ones of the same minor version too.
func (m *Module) WASIVersion() string {
	if m.Kind != Component {
		return ""
	}
	newest := ""
	add := func(name string) {
		if v := interfaceVersion(name); compareVersions(v, newest) > 0 {
			newest = v
		}
	}
	for _, i := range m.Imports {
		add(i.Name)
	}
	for _, e := range m.Exports {
		add(e.Name)
	}
	return newest
}

// interfaceVersion is the version of one of WASI's interfaces; a suffix of a
// draft ("-rc-2025-01-01") does not count.
func interfaceVersion(name string) string {
	if !strings.HasPrefix(name, "wasi:") {
		return ""
	}
	_, version, _ := strings.Cut(name, "@")
	version, _, _ = strings.Cut(version, "-")
	return version
}

// compareVersions compares dotted numbers. What is no number counts as 0, and
// "" is before everything.
func compareVersions(a, b string) int {
	if a == "" || b == "" {
		return len(a) - len(b)
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x - y
		}
	}
	return len(as) - len(bs)
}

// IsCommand reports whether the module has a main program: a core module
// exports the function _start, a component the interface wasi:cli/run.
// https://github.com/WebAssembly/WASI/blob/main/legacy/application-abi.md
func (m *Module) IsCommand() bool {
	if m.Kind == Core {
		return m.exportsFunc("_start")
	}
	for _, e := range m.Exports {
		if name, _, _ := strings.Cut(e.Name, "@"); name == "wasi:cli/run" {
			return true
		}
	}
	return false
}

// IsReactor reports whether the module is a library that wants to be set up
// by a call of _initialize before its exports are used.
func (m *Module) IsReactor() bool { return m.exportsFunc("_initialize") }

func (m *Module) exportsFunc(name string) bool {
	for _, e := range m.Exports {
		if e.Name == name && e.Kind == "func" {
			return true
		}
	}
	return false
}
