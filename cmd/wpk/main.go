// Command wpk compiles a project to WebAssembly once, packs it as one OCI
// artifact that every consumer starts, runs that exact digest natively and
// under emulated architectures, and moves it between registries.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the release build with -ldflags "-X main.version=…".
var version = ""

func main() { os.Exit(wpkMain()) }

func wpkMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal cancels, a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, newApp(os.Environ()), os.Args[1:])
}
