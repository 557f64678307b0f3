package engine

import "runtime"

// resolve turns Auto into what this machine does best.
func (m Mode) resolve() Mode {
	switch {
	case m != Auto:
		return m
	case HasCompiler(runtime.GOOS, runtime.GOARCH):
		return Compiler
	default:
		return Interpreter
	}
}

// HasCompiler says whether wazero 1.12 compiles to machine code on a system, in
// Go's names.
func HasCompiler(goos, goarch string) bool {
	switch goos {
	case "linux", "darwin", "freebsd", "netbsd", "windows":
		return goarch == "amd64" || goarch == "arm64"
	default:
		return false
	}
}
