// Package smoke runs one module on several architectures and compares what it
// did: natively in this process, and under qemu-user for every other one.
//
// The bytes are the same everywhere: each cell checks the module's SHA-256
// digest before it runs it.
package smoke

import (
	"path/filepath"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
)

// Options say what to run, where, and what to expect of it.
type Options struct {
	Module []byte
	Guest  Guest
	// Arches are Go's names (amd64, arm64, riscv64 …); nil is
	// DefaultArches(runtime.GOARCH). Only linux emulates: elsewhere the others
	// of the default are skipped, saying so, while asking for one is an error.
	Arches []string
	Limits engine.Limits // per cell; a Time of zero is one minute
	// Engine forces one engine in every cell. engine.Auto compiles natively
	// and interprets under an emulator, where compiling is slow.
	// Where wazero has no compiler, forcing it changes nothing.
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
	Cache string   // wpk's private cache folder: runners and machine code; empty keeps nothing
	Env   []string // wpk's own environment, for finding qemu and go; nil is the process's
	Jobs  int      // cells at once; 0 is runtime.GOMAXPROCS(0)
	// Building is called before a runner is built, which takes some ten
	// seconds and happens once; may be nil.
	Building func(arch string)
}

// MachineCode is where a cache folder keeps compiled modules, for the matrix and
// for whoever else runs modules on this machine: each is compiled once.
func MachineCode(cache string) string { return filepath.Join(cache, "machine-code") }

// Cell is one architecture's run. Durations are nanoseconds in JSON.
type Cell struct {
	Arch     string        `json:"arch"`
	Emulated bool          `json:"emulated"`
	Skipped  string        `json:"skipped,omitempty"` // why it did not run
	Crashes  int           `json:"crashes,omitempty"` // of the emulator, before the run that counts
	Engine   string        `json:"engine,omitempty"`  // "compiler" or "interpreter"
	ExitCode uint32        `json:"exitCode"`
	Stop     engine.Stop   `json:"stop,omitempty"`
	Compile  time.Duration `json:"compile"`
	Run      time.Duration `json:"run"`
	Total    time.Duration `json:"total"` // with starting the emulator
	Stdout   Output        `json:"stdout"`
	Stderr   Output        `json:"stderr"`
	Same     bool          `json:"same"`            // exit code and output equal the first cell's
	OK       bool          `json:"ok"`              // ran to its end, with the exit code expected, and Same
	Diff     string        `json:"diff,omitempty"`  // an excerpt of the first output that differs
	Error    string        `json:"error,omitempty"` // one line: why it is not OK

	crashed bool // the emulator or the runner failed
}

// Output is what a module wrote to one stream.
type Output struct {
	Digest string `json:"digest"` // sha256:…
	Size   int64  `json:"size"`
	Data   []byte `json:"-"` // the beginning, at most 1 MiB
}

// Report is the whole matrix, cells in the order of the architectures asked for.
type Report struct {
	Digest string `json:"digest"` // of the module that ran in every cell
	Cells  []Cell `json:"cells"`
	OK     bool   `json:"ok"` // every cell that was not skipped is OK
}
