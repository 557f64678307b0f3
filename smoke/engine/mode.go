package engine

import "runtime"

// resolve turns Auto into what this machine does best.
func (m Mode) resolve() Mode {
	switch {
	case m != Auto:
		return m
	case compilerExists(runtime.GOOS, runtime.GOARCH):
		return Compiler
	default:
		return Interpreter
	}
}

// compilerExists says where wazero 1.12 compiles to machine code.
func compilerExists(goos, goarch string) bool {
	switch goos {
	case "linux", "darwin", "freebsd", "netbsd", "windows":
		return goarch == "amd64" || goarch == "arm64"
	default:
		return false
	}
}
