package main

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/smoke/engine"
	"github.com/wpkdev/wpk/wasm"
)

func TestComponentHint(t *testing.T) {
	command := &wasm.Module{Kind: wasm.Component, Exports: []wasm.Export{{Name: "wasi:cli/run@0.2.3", Kind: "instance"}}}
	for name, tt := range map[string]struct {
		err    componentError
		onPath []string
		want   string
	}{
		"nothing here":  {componentError{"./x.wasm", true, command}, nil, "wasmtime run ./x.wasm or jco run ./x.wasm runs it"},
		"jco":           {componentError{"./x.wasm", true, command}, []string{"jco"}, "jco run ./x.wasm runs it"},
		"both":          {componentError{"./x.wasm", true, command}, []string{"jco", "wasmtime"}, "wasmtime run ./x.wasm or jco run ./x.wasm runs it"},
		"an image":      {componentError{"localhost/x:latest", false, command}, []string{"jco"}, "jco run FILE runs it (wpk build -o FILE writes the component to a file)"},
		"not a command": {componentError{"./x.wasm", true, &wasm.Module{Kind: wasm.Component}}, nil, "it is a library"},
	} {
		hint := tt.err.hint(func(program string) (string, error) {
			if slices.Contains(tt.onPath, program) {
				return program, nil
			}
			return "", exec.ErrNotFound
		})
		if !strings.HasPrefix(hint, tt.want) {
			t.Errorf("%s: %q, want %q", name, hint, tt.want)
		}
		if !errors.Is(&tt.err, engine.ErrComponent) {
			t.Errorf("%s is no ErrComponent", name)
		}
	}
}
