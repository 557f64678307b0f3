package wasm

import "strings"

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
