package wasm

import "testing"

func TestWASIVersion(t *testing.T) {
	imports := func(names ...string) []Import {
		var all []Import
		for _, n := range names {
			all = append(all, Import{Name: n, Kind: "instance"})
		}
		return all
	}
	for name, tt := range map[string]struct {
		m    Module
		want string
	}{
		"none":              {Module{Kind: Component}, ""},
		"the newest":        {Module{Kind: Component, Imports: imports("wasi:cli/exit@0.2.3", "wasi:io/poll@0.2.12", "wasi:cli/stdin@0.2.6")}, "0.2.12"},
		"exports count":     {Module{Kind: Component, Exports: []Export{{Name: "wasi:cli/run@0.2.1", Kind: "instance"}}}, "0.2.1"},
		"others do not":     {Module{Kind: Component, Imports: imports("demo:app/api@9.0.0", "wasi:cli/exit@0.2.0")}, "0.2.0"},
		"a draft":           {Module{Kind: Component, Imports: imports("wasi:cli/exit@0.2.0-rc-2023-12-05")}, "0.2.0"},
		"a lie":             {Module{Kind: Component, Imports: imports("wasi:cli/exit@x.y")}, "x.y"},
		"no version":        {Module{Kind: Component, Imports: imports("wasi:cli/exit")}, ""},
		"modules have none": {Module{Kind: Core, Imports: []Import{{Module: "wasi_snapshot_preview1", Name: "fd_write"}}}, ""},
	} {
		if got := tt.m.WASIVersion(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
