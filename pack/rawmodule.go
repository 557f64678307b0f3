package pack

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// rawModules are the layers of d that are modules and not archives, each digest
// once.
func rawModules(d *document) []ocispec.Descriptor {
	var raw []ocispec.Descriptor
	for _, l := range d.Layers {
		seen := slices.ContainsFunc(raw, func(r ocispec.Descriptor) bool { return r.Digest == l.Digest })
		if !seen && (isRawModule(l.MediaType) || d.isNoImage() && path.Ext(l.Annotations[annotationTitle]) == ".wasm") {
			raw = append(raw, l)
		}
	}
	return raw
}

// isRawModule knows the media types of a module that is a blob of its own: of
// the CNCF Wasm artifact, of Krustlet, wasm-to-oci, Kubewarden and Spin, of
// wasm-image.dev and old versions of wash, and of runwasi.
func isRawModule(mediaType string) bool {
	switch mediaType {
	case cncfLayerType, legacyLayerType, proxyLayerType,
		"application/vnd.bytecodealliance.wasm.component.layer.v0+wasm":
		return true
	}
	return false
}

// isNoImage recognizes an artifact, whose layers may be any files: without a
// type for one, oras calls it a tar.
func (d *document) isNoImage() bool {
	return d.Config != nil && !types.MediaType(d.Config.MediaType).IsConfig()
}

// rawLayout is the layout of a manifest with raw modules.
func rawLayout(d *document, raw ocispec.Descriptor) string {
	switch {
	case isSpin(d):
		return LayoutSpin
	case raw.MediaType == proxyLayerType:
		return LayoutProxyWasm
	case raw.MediaType == legacyLayerType:
		return LayoutLegacy
	}
	return LayoutArtifact
}

// artifact reads the raw module that is asked for, or the only one.
func (r *reader) artifact(ctx context.Context, d *document, raw []ocispec.Descriptor) error {
	if d.Config.MediaType == cncfConfigType && len(d.Layers) > 1 {
		return &InvalidError{
			What: "manifest", Digest: d.desc.Digest,
			Reason: fmt.Sprintf("%d layers, and a Wasm artifact of this version has one", len(d.Layers)),
		}
	}
	names, err := r.moduleNames(ctx, d, raw)
	if err != nil {
		return err
	}
	i, err := r.pick(names)
	if err != nil {
		return err
	}
	module, err := r.blobs.get(ctx, raw[i], "module", maxBlob)
	if err != nil {
		return err
	}
	if !hasMagic(module) {
		return &InvalidError{What: "module", Digest: raw[i].Digest, Reason: "not a WebAssembly file"}
	}
	r.content.Module, r.content.Layout = module, rawLayout(d, raw[i])
	return nil
}

// moduleNames are what a person may call each raw module: the components of a
// Spin application, the file, the digest.
func (r *reader) moduleNames(ctx context.Context, d *document, raw []ocispec.Descriptor) ([][]string, error) {
	components, err := r.spinComponents(ctx, d)
	if err != nil {
		return nil, err
	}
	all := make([][]string, len(raw))
	for i, l := range raw {
		names := components[l.Digest]
		if title := l.Annotations[annotationTitle]; title != "" {
			names = append(names, title, strings.TrimSuffix(path.Base(title), ".wasm"))
		}
		all[i] = append(names, string(l.Digest))
	}
	return all, nil
}

// pick returns the module that has the name which is asked for, else the only
// one. Its first name is the one that a list of modules shows.
func (r *reader) pick(names [][]string) (int, error) {
	shown := make([]string, len(names))
	for i, all := range names {
		shown[i] = all[0]
	}
	if len(names) > 1 {
		r.content.Modules = shown
	}
	switch {
	case r.module != "":
		if i := slices.IndexFunc(names, func(all []string) bool { return slices.Contains(all, r.module) }); i >= 0 {
			return i, nil
		}
	case len(names) == 1:
		return 0, nil
	}
	return 0, &ChoiceError{Wanted: r.module, Modules: shown}
}
