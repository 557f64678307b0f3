package pack

import (
	"strings"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

func TestConsumers(t *testing.T) {
	export := func(kind wasm.Kind, names ...string) *wasm.Module {
		m := &wasm.Module{Kind: kind}
		for _, n := range names {
			m.Exports = append(m.Exports, wasm.Export{Name: n, Kind: "func"})
		}
		return m
	}
	command, library := export(wasm.Core, "_start"), export(wasm.Core, "_initialize")
	component, server := export(wasm.Component, "wasi:cli/run@0.2.0"), export(wasm.Component, "wasi:http/incoming-handler@0.2.0")
	plugin := export(wasm.Core, "_start", "proxy_abi_version_0_2_1")
	foreign := export(wasm.Core, "_start")
	foreign.Imports = []wasm.Import{{Module: "wasi_snapshot_preview1", Name: "fd_write", Kind: "func"}, {Module: "env", Name: "f", Kind: "func"}}
	letters := map[Starts]string{StartsPlain: "y", StartsFlag: "f", StartsNot: "n"}
	// One letter each: Podman, CRI-O, containerd 1.7, containerd 2, runwasi, Docker, wkg, wasmCloud, Spin, Istio.
	for _, tt := range []struct {
		layout string
		m      *wasm.Module
		want   string
	}{
		{LayoutUniversal, command, "yyyyyfnnnn"},
		{LayoutUniversal, component, "nnnnynnnnn"},
		{LayoutUniversal, library, "nnnnnnnnnn"},
		{LayoutUniversal, foreign, "nnnnnnnnnn"},
		{LayoutUniversal, plugin, "nnnnnnnnnn"},
		{LayoutImage, command, "yyynnfnnnn"},
		{LayoutIndex, command, "fnnnnfnnnn"},
		{LayoutArtifact, command, "nnnnynynnn"},
		{LayoutArtifact, component, "nnnnynyynn"},
		{LayoutArtifact, server, "nnnnynyyfn"},
		{LayoutProxyWasm, plugin, "nnnnnnnnny"},
		{LayoutProxyWasmCompat, plugin, "nnnnnnnnny"},
		{LayoutSpin, server, "nnnnnnnnyn"},
	} {
		var got strings.Builder
		for _, c := range Consumers(tt.layout, tt.m) {
			got.WriteString(letters[c.Starts])
			if c.Name == "" {
				t.Errorf("%s: a consumer has no name", tt.layout)
			}
			if c.Starts != StartsPlain && c.Note == "" {
				t.Errorf("%s: %s: %q needs a note", tt.layout, c.Name, c.Starts)
			}
			if c.Starts == StartsNot && c.Layout == tt.layout {
				t.Errorf("%s: %s cannot start it, and would start it", tt.layout, c.Name)
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s, %v: %s, want %s", tt.layout, tt.m.Exports, got.String(), tt.want)
		}
	}
	if Consumers(LayoutRuntime, command) != nil {
		t.Error("somebody starts a runtime")
	}
}
