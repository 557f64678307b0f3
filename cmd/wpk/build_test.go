package main

import (
	"bytes"
	"testing"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/ui"
)

func TestWarn(t *testing.T) {
	var said bytes.Buffer
	a := &app{ui: &ui.Streams{Err: &said, Width: 80}}
	a.warn([]build.Warning{{Where: "main.go:1:2", Text: "net.Listen cannot work"}, {Text: "a\x1bb"}})
	if want := "warning: main.go:1:2: net.Listen cannot work\nwarning: a\\u001bb\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
	said.Reset()
	a.ui.Color = true
	a.warn([]build.Warning{{Text: "x"}})
	if want := "\x1b[33mwarning:\x1b[0m x\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}
