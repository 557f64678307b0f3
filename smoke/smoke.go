// Package smoke runs one module on several architectures and compares what it
// did: natively in this process, and under qemu-user for every other one.
//
// The bytes are the same everywhere: each cell checks the module's SHA-256
// digest before it runs it.
package smoke

import (
	"context"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
)

// Options say what to run, where, and what to expect of it.
type Options struct {
	Module []byte
	Guest  Guest
	// Arches are Go's names (amd64, arm64, riscv64 …); nil is
	// DefaultArches(runtime.GOARCH).
	Arches []string
	Limits engine.Limits // per cell; a Time of zero is one minute
	// Engine forces one engine in every cell. engine.Auto compiles natively
	// and interprets under an emulator, where compiling is slow.
	Engine   engine.Mode
	ExitCode uint32 // what the module must exit with
	Host     Host
	Event    func(Cell) // called, one at a time, as cells finish; may be nil
}

// Guest is what the module sees.
type Guest struct {
	Args  []string // argv, with the program's name as argv[0]
	Env   []string // KEY=value
	Stdin []byte
	// Dirs are given as they are when they are read-only. Of a writable one
	// each cell gets a private copy, so that cells do not see each other's
	// writes, and the original does not change.
	Dirs []engine.Dir
}

// Host is what wpk itself needs to know of this machine.
type Host struct {
	Cache string   // wpk's private cache folder: runners and compiled code; empty caches nothing
	Env   []string // wpk's own environment, for finding qemu and go; nil is the process's
	Jobs  int      // cells at once; 0 is runtime.GOMAXPROCS(0)
}

// Cell is one architecture's run. Durations are nanoseconds in JSON.
type Cell struct {
	Arch     string        `json:"arch"`
	Emulated bool          `json:"emulated"`
	Engine   string        `json:"engine"` // "compiler" or "interpreter"
	ExitCode uint32        `json:"exitCode"`
	Stop     engine.Stop   `json:"stop,omitempty"`
	Compile  time.Duration `json:"compile"`
	Run      time.Duration `json:"run"`
	Total    time.Duration `json:"total"` // with starting the emulator
	Stdout   Output        `json:"stdout"`
	Stderr   Output        `json:"stderr"`
	Same     bool          `json:"same"`           // exit code and output equal the first cell's
	OK       bool          `json:"ok"`             // ran to its end, with the exit code expected, and Same
	Diff     string        `json:"diff,omitempty"` // a bounded excerpt of the first differing output
	Error    string        `json:"error,omitempty"`
}

// Output is what a module wrote to one stream.
type Output struct {
	Digest string `json:"digest"` // sha256:…
	Size   int64  `json:"size"`
	Data   []byte `json:"-"`
}

// Report is the whole matrix, cells in the order of the architectures asked for.
type Report struct {
	Digest string `json:"digest"` // of the module that ran in every cell
	Cells  []Cell `json:"cells"`
	OK     bool   `json:"ok"` // every cell is OK
}

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

// Matrix runs the module in every cell and compares the results with the first
// cell's. It returns an error, and no report, only when a cell could not be
// set up: *MissingEmulatorError, *MissingRunnerError, an engine error such as
// *engine.ImportError, or ctx's error.
func Matrix(ctx context.Context, o Options) (*Report, error) {
	return nil, ctx.Err()
}
