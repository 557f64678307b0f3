package bundle

import (
	"bytes"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/wpkdev/wpk/wasm"
)

// embedding is a module whose wpk_init is called with one folder to see.
func embedding(p pieces) EmbedOptions {
	folder := Folder{At: "/app", Files: fstest.MapFS{"a": {Data: []byte("1")}}}
	return EmbedOptions{Module: p.bytes(), Call: "wpk_init", Folders: []Folder{folder}}
}

func TestEmbed(t *testing.T) {
	p := tiny()
	p.globals = vec("\x7f\x01\x41\x80\x08\x0b", "\x7e\x01\x42\x05\x0b") // two that can change
	module, err := Embed(t.Context(), embedding(p))
	if err != nil {
		t.Fatal(err)
	}
	if _, code := execute(t, module); code != 1 {
		t.Errorf("exit code %d: want what wpk_init left", code)
	}
	info, err := wasm.Decode(module)
	if err != nil || len(info.Exports) != 3 || bytes.Contains(module, []byte("wpk_init")) {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestEmbedRefused(t *testing.T) {
	for name, change := range map[string]func(*pieces, *EmbedOptions){
		"no such export":   func(_ *pieces, o *EmbedOptions) { o.Call = "nothing" },
		"passive data":     func(p *pieces, _ *EmbedOptions) { p.data = vec("\x01" + str("data")) },
		"start function":   func(p *pieces, _ *EmbedOptions) { p.start = "\x03" },
		"a changed global": func(p *pieces, _ *EmbedOptions) { p.init = "\x41\x00\x24\x00" },
		"exit":             func(p *pieces, _ *EmbedOptions) { p.init = "\x41\x00\x10\x01" },
		"trap":             func(p *pieces, _ *EmbedOptions) { p.init = "\x00" },
	} {
		p, o := tiny(), EmbedOptions{Call: "wpk_init"}
		change(&p, &o)
		o.Module = p.bytes()
		var refused *RuntimeError
		if _, err := Embed(t.Context(), o); !errors.As(err, &refused) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
