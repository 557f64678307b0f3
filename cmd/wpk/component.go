package main

import (
	"fmt"
	"os/exec"
	"strings"

	"github.com/wpkdev/wpk/smoke/engine"
	"github.com/wpkdev/wpk/wasm"
)

// componentError refuses to run a component: the engine of wpk runs modules.
// Others run components, but jco lets them see all files of this machine, and
// neither has the limits and the fixed clock that run and smoke promise.
type componentError struct {
	name   string // how the user calls it
	file   bool   // it is a plain file
	module *wasm.Module
}

func (e *componentError) Error() string {
	what := "a component"
	if v := e.module.WASIVersion(); v != "" {
		what += " for WASI " + v
	}
	return fmt.Sprintf("%s is %s, and wpk runs core modules", e.name, what)
}

func (e *componentError) Unwrap() error { return engine.ErrComponent }

// refuseComponent returns a *componentError for a component.
func refuseComponent(s *subject) error {
	m, err := wasm.Decode(s.Content.Module)
	if err != nil || m.Kind != wasm.Component {
		return nil //nolint:nilerr // the engine says what is wrong with a module
	}
	return &componentError{s.Name, s.Content.Layout == layoutFile, m}
}

// hint names what runs the component on this machine, or what would.
func (e *componentError) hint(lookPath func(string) (string, error)) string {
	if !e.module.IsCommand() {
		return "it is a library: a program that embeds it calls its exports, which wpk inspect lists"
	}
	file, from := e.name, ""
	if !e.file {
		file, from = "FILE", " (wpk build -o FILE writes the component to a file)"
	}
	var ways []string
	for _, program := range []string{"wasmtime", "jco"} {
		if _, err := lookPath(program); err == nil {
			ways = append(ways, program+" run "+file)
		}
	}
	if len(ways) == 0 {
		ways = []string{"wasmtime run " + file, "jco run " + file}
	}
	return strings.Join(ways, " or ") + " runs it" + from + "; wpk build --target wasip1 makes a module"
}

// componentHint is for a component whose error says no more.
func componentHint(err *componentError) string {
	if err == nil {
		return "wasmtime run FILE or jco run FILE runs it; wpk build --target wasip1 makes a module"
	}
	return err.hint(exec.LookPath)
}
