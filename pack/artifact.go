package pack

import (
	"context"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// rawModules are the layers of d that are modules and not archives.
func rawModules(d *document) []ocispec.Descriptor {
	var raw []ocispec.Descriptor
	for _, l := range d.Layers {
		if isRawModule(l.MediaType) {
			raw = append(raw, l)
		}
	}
	return raw
}

// isRawModule knows the media types of a module that is a blob of its own: of
// the CNCF Wasm artifact, of Krustlet, wasm-to-oci and Kubewarden, of
// wasm-image.dev, and of runwasi's components.
// https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/
func isRawModule(mediaType string) bool {
	switch mediaType {
	case "application/wasm",
		"application/vnd.wasm.content.layer.v1+wasm",
		"application/vnd.module.wasm.content.layer.v1+wasm",
		"application/vnd.bytecodealliance.wasm.component.layer.v0+wasm":
		return true
	}
	return false
}

// artifact reads the one raw module.
func (r *reader) artifact(ctx context.Context, d *document, raw []ocispec.Descriptor) error {
	if len(raw) > 1 {
		return fmt.Errorf("%w: %d layers of manifest %s are modules", ErrNoModule, len(raw), d.desc.Digest)
	}
	module, err := r.blobs.get(ctx, raw[0], "module", maxBlob)
	if err != nil {
		return err
	}
	if !hasMagic(module) {
		return &InvalidError{What: "module", Digest: raw[0].Digest, Reason: "not a WebAssembly file"}
	}
	r.content.Module = module
	return nil
}
