package pack

import (
	"fmt"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/wpkdev/wpk/wasm"
)

// annotationVariant with the value "compat" marks an image whose layer holds a
// module: https://github.com/solo-io/wasm/blob/master/spec/spec-compat.md
const annotationVariant = "module.wasm.image/variant"

// LabelTarget is the label of the config that says what the module needs of its
// host: "wasip1" (a core module on WASI preview 1) or "wasip2" (a component on
// WASI 0.2). The config's os cannot say it: runtimes choose by "wasi".
const LabelTarget = "io.github.wpkdev.wpk.target"

// wasiPlatform is the platform that Podman, CRI-O and Docker take for
// WebAssembly. Go and the newer image specification say wasip1/wasm; no
// runtime asks for that in an image.
func wasiPlatform() v1.Platform { return v1.Platform{OS: "wasi", Architecture: "wasm"} }

// Image packs the module as one image manifest with the platform wasi/wasm
// and one gzip layer. Podman, CRI-O and Docker's containerd store start it;
// containerd 2 and Kubernetes need Universal.
func Image(module []byte, o Options) (v1.Image, error) {
	layers, err := o.layers(module, gzipCompressor())
	if err != nil {
		return nil, err
	}
	return o.image(wasiPlatform(), layers[0], nil)
}

// layers checks the options and the module and packs both.
func (o *Options) layers(module []byte, compressors ...compressor) ([]*layer, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	info, err := wasm.Decode(module)
	if err != nil {
		return nil, fmt.Errorf("pack module: %w", err)
	}
	o.target = info.WASI()
	files := append(slices.Clone(o.Files), File{Path: o.ModulePath(), Mode: 0o755, Data: module})
	tar, err := tarball(files, o.created())
	if err != nil {
		return nil, err
	}
	return compress(tar, o.Cache, compressors...)
}

// image makes the manifest and config of one platform on a layer. The extra
// annotations go on this manifest only.
func (o *Options) image(p v1.Platform, l *layer, extra map[string]string) (v1.Image, error) {
	img, err := mutate.ConfigFile(empty.Image, o.configFile(p))
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", p, err)
	}
	img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{
		Created: v1.Time{Time: o.created()}, CreatedBy: "wpk",
	}})
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", p, err)
	}
	img = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	return mutate.Annotations(img, o.annotations(extra)).(v1.Image), nil
}

// configFile has the facts of the options and none of the host.
// https://github.com/opencontainers/image-spec/blob/main/config.md
func (o *Options) configFile(p v1.Platform) *v1.ConfigFile {
	entrypoint := o.Config.Entrypoint
	if len(entrypoint) == 0 {
		entrypoint = []string{o.ModulePath()}
	}
	return &v1.ConfigFile{
		OS: p.OS, Architecture: p.Architecture, Variant: p.Variant,
		OSVersion: p.OSVersion, OSFeatures: p.OSFeatures,
		Created: v1.Time{Time: o.created()},
		RootFS:  v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: entrypoint, Cmd: o.Config.Cmd, Env: o.Config.Env,
			WorkingDir: o.Config.WorkingDir, Labels: o.labels(),
		},
	}
}

// labels are the caller's, and the target unless the caller has named one.
func (o *Options) labels() map[string]string {
	if o.target == "" {
		return o.Config.Labels
	}
	all := map[string]string{LabelTarget: o.target}
	maps.Copy(all, o.Config.Labels)
	return all
}

func (o *Options) annotations(extra map[string]string) map[string]string {
	all := map[string]string{annotationVariant: "compat"}
	for _, m := range []map[string]string{o.Annotations, extra} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}
