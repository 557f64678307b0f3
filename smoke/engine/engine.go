// Package engine runs one WebAssembly core module with WASI preview 1, inside
// limits and with directories that the module cannot leave.
//
// The same code runs in two places: in wpk itself, natively, and in the small
// program cmd/wpk-runner, which is built for another architecture and runs
// under an emulator. So this package imports only wazero and the standard
// library, and its sources travel inside wpk (see the root package).
package engine

import (
	"cmp"
	"io"
	"time"
)

// Mode chooses how wazero executes a module.
type Mode string

// The modes. The zero value is Auto.
const (
	// Auto is the compiler where wazero has one (amd64 and arm64 on the usual
	// systems) and the interpreter elsewhere.
	Auto Mode = ""
	// Compiler translates the module to machine code first: slow to start
	// without a cache, fast to run.
	Compiler Mode = "compiler"
	// Interpreter starts at once and runs about ten times slower. Under an
	// emulator it is the better choice: there the compiler itself is slow.
	Interpreter Mode = "interpreter"
)

// Stop says what ended a run that did not end by itself. It is empty when the
// module returned or called proc_exit.
type Stop string

// The reasons to stop.
const (
	StopTime   Stop = "time"       // Limits.Time is over
	StopMemory Stop = "memory"     // the module failed after it was refused memory beyond Limits.MemoryPages
	StopOutput Stop = "output"     // more than Limits.Output bytes on stdout and stderr together
	StopFiles  Stop = "open files" // more than Limits.OpenFiles files and directories open at once
	StopTrap   Stop = "trap"       // unreachable, division by zero, access out of bounds, stack overflow …
)

// Spec is one run. Only Module is needed.
type Spec struct {
	Module []byte    // the core module's bytes
	Args   []string  // argv, with the program's name as argv[0]
	Env    []string  // KEY=value
	Stdin  io.Reader // nil is an empty input
	Stdout io.Writer // nil discards
	Stderr io.Writer // nil discards
	Dirs   []Dir
	Limits Limits
	Engine Engine
	// Real gives the module the machine's clock, sleep and random source.
	// Without it they are deterministic: the clock starts at a fixed time,
	// advances a little with each reading and by the whole of each sleep,
	// which takes no time; random bytes are the same in every run.
	Real bool
}

// Engine says which engine runs the module and where it keeps machine code.
type Engine struct {
	Mode Mode
	// CacheDir keeps the compiler's machine code between runs; empty keeps
	// nothing. What lies there is executed, so the folder is made private
	// (0700) and a folder of somebody else is refused.
	CacheDir string
}

// Dir is a host directory that the module sees as Guest.
type Dir struct {
	Host     string `json:"host"`
	Guest    string `json:"guest"`
	Writable bool   `json:"writable,omitempty"`
}

// Limits bound a run. A zero field takes the value of DefaultLimits; Time is
// the exception: zero means that only the context ends the run.
type Limits struct {
	Time        time.Duration `json:"time,omitempty"`        // compiling and running together
	MemoryPages uint32        `json:"memoryPages,omitempty"` // of 64 KiB
	Output      int64         `json:"output,omitempty"`      // bytes on stdout and stderr together; see NoOutputLimit
	OpenFiles   int           `json:"openFiles,omitempty"`   // files and directories open at once
	ModuleSize  int64         `json:"moduleSize,omitempty"`  // bytes
}

// NoOutputLimit is the Limits.Output that counts nothing. Only then does a
// module see that its stdout is a terminal, since counting hides the file.
const NoOutputLimit = -1

// DefaultLimits returns what zero fields of Limits stand for: 1 GiB of memory,
// 64 MiB of output, 256 open files and a module of at most 256 MiB.
func DefaultLimits() Limits {
	return Limits{MemoryPages: 16384, Output: 64 << 20, OpenFiles: 256, ModuleSize: 256 << 20}
}

// Result is how a run ended.
type Result struct {
	ExitCode uint32        `json:"exitCode"`
	Engine   string        `json:"engine"`  // "compiler" or "interpreter"
	Compile  time.Duration `json:"compile"` // nanoseconds
	Run      time.Duration `json:"run"`     // nanoseconds
	Stop     Stop          `json:"stop,omitempty"`
	Detail   string        `json:"detail,omitempty"` // one line about Stop, or a note
	Trace    string        `json:"trace,omitempty"`  // after a trap, the module's functions, innermost first
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	l.MemoryPages = cmp.Or(l.MemoryPages, d.MemoryPages)
	l.Output = cmp.Or(l.Output, d.Output)
	l.OpenFiles = cmp.Or(l.OpenFiles, d.OpenFiles)
	l.ModuleSize = cmp.Or(l.ModuleSize, d.ModuleSize)
	return l
}
