package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// end fills in how the module's own function ended.
func (r *Result) end(fault error, m *memory) {
	var exit *sys.ExitError
	switch {
	case fault == nil:
		return
	case errors.As(fault, &exit):
		r.ExitCode = exit.ExitCode()
	default:
		r.Stop = StopTrap
		r.Detail, r.Trace = describe(fault)
	}
	if refused := m.refused.Load(); refused > 0 && (r.Stop != "" || r.ExitCode != 0) {
		r.Stop = StopMemory
		r.Detail = fmt.Sprintf("failed after it asked for %d MiB of memory, of which %d MiB are allowed",
			refused>>20, m.max>>20)
	}
}

// describe splits wazero's message into its first line and the stack below it.
func describe(fault error) (detail, trace string) {
	detail, trace, _ = strings.Cut(fault.Error(), "\n")
	detail = strings.TrimPrefix(detail, "wasm error: ")
	trace = strings.TrimPrefix(trace, "wasm stack trace:\n")
	return detail, trace
}
