// Command wpk-runner runs one WebAssembly module as its request says and
// reports how it ended. wpk builds it for each architecture and starts it under
// an emulator; nobody needs to call it by hand. See engine.RunnerMain.
package main

import (
	"os"

	"github.com/wpkdev/wpk/smoke/engine"
)

func main() {
	os.Exit(engine.RunnerMain(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
