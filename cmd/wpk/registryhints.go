package main

import (
	"errors"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// rejectedHint names the layout that a registry takes which has refused one.
func rejectedHint(err error) string {
	var e *registry.Error
	var m *registry.ManifestError
	if !errors.As(err, &e) || !errors.As(err, &m) {
		return "the registry may not take an index; --layout image writes a plain image"
	}
	name := "REF"
	if ref, err := registry.ParseRef(e.Ref); err == nil && ref.Tag != "" && ref.Digest == "" {
		name = ref.String()
	}
	switch {
	case m.IsIndex():
		return "the registry takes no index; one manifest: " + repack(name, pack.LayoutImage)
	case types.MediaType(m.ConfigType).IsConfig() && m.ArtifactType == "":
		return "" // an image like any other: what the registry says is all there is
	}
	return "the registry takes images only: " + repack(name, pack.LayoutImage) +
		" (for a plugin of Envoy --layout " + pack.LayoutProxyWasmCompat + ")"
}

func repack(name, layout string) string {
	return "wpk pack " + name + " -t " + name + " --layout " + layout
}
