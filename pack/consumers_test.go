package pack

import (
	"strings"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

func TestConsumers(t *testing.T) {
	tests := []struct {
		layout string
		kind   wasm.Kind
		want   string // one letter per consumer: y, f, n
	}{
		{LayoutUniversal, wasm.Core, "yyyyn"},
		{LayoutUniversal, wasm.Component, "nnnnn"},
		{LayoutImage, wasm.Core, "yynfn"},
		{LayoutIndex, wasm.Core, "fnnfn"},
		{LayoutArtifact, wasm.Core, "nnnny"},
		{LayoutArtifact, wasm.Component, "nnnny"},
		{LayoutProxyWasm, wasm.Core, "nnnnn"},
		{LayoutProxyWasmCompat, wasm.Core, "nnnnn"},
		{LayoutLegacy, wasm.Core, "nnnnn"},
		{LayoutSpin, wasm.Component, "nnnnf"},
	}
	letters := map[Starts]string{StartsPlain: "y", StartsFlag: "f", StartsNot: "n"}
	for _, tt := range tests {
		var got strings.Builder
		for _, c := range Consumers(tt.layout, tt.kind) {
			got.WriteString(letters[c.Starts])
			if c.Name == "" {
				t.Errorf("%s: a consumer has no name", tt.layout)
			}
			if c.Starts != StartsPlain && c.Note == "" {
				t.Errorf("%s: %s: %q needs a note", tt.layout, c.Name, c.Starts)
			}
		}
		if got.String() != tt.want {
			t.Errorf("%s, %s: %s, want %s", tt.layout, tt.kind, got.String(), tt.want)
		}
	}
}
