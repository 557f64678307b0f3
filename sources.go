// Package wpk holds the sources of the runner, the small program that runs a
// module under an emulated architecture, so that a wpk without embedded runners
// can build it with the local Go toolchain.
package wpk

import "embed"

// RunnerSources is a Go module that has just what cmd/wpk-runner needs.
//
//go:embed go.mod go.sum cmd/wpk-runner/*.go smoke/engine/*.go smoke/engine/jail/*.go
var RunnerSources embed.FS
