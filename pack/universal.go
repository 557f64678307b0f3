package pack

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// annotationZstd is on the descriptors of the children that Podman and
	// other users of containers/image prefer for their zstd layer; containerd
	// and Docker do not know it and take the first child of their platform.
	annotationZstd = "io.github.containers.compression.zstd"
	// annotationPlatform is on the manifests of the zstd children. They have
	// the same config and the same layer; without it they would be one
	// manifest, and Harbor refuses an index that has a child twice.
	annotationPlatform = "io.github.wpkdev.wpk.platform"
)

// Universal packs the module as an index that every measured consumer starts
// without extra flags. Its children, in this order, which is also the order
// that consumers take them in:
//
//  1. linux/<arch> on the gzip layer, config linux/<arch>: containerd unpacks
//     by the config's platform, and Kubernetes and Docker with it.
//  2. linux/<arch> on the zstd layer, config wasi/wasm: Podman prefers zstd,
//     and chooses the Wasm runtime by the config's platform.
//  3. wasi/wasm on the gzip layer, for those who ask for it.
//
// Never add a child of another kind: containerd takes an attestation for an
// image. Provenance and signatures are referrers.
func Universal(module []byte, o Options) (v1.ImageIndex, error) {
	layers, err := o.layers(module, gzipCompressor(), zstdCompressor())
	if err != nil {
		return nil, err
	}
	gz, zst := layers[0], layers[1]
	platforms := o.Platforms
	if platforms == nil {
		platforms = DefaultPlatforms()
	}
	b := builder{o: &o}
	for _, p := range platforms {
		b.add(p, p, gz, nil)
	}
	for _, p := range platforms {
		b.add(p, wasiPlatform(), zst, map[string]string{annotationPlatform: p.String()})
	}
	b.add(wasiPlatform(), wasiPlatform(), gz, nil)
	return b.index()
}

// builder collects the children of an index.
type builder struct {
	o        *Options
	children []mutate.IndexAddendum
	err      error
}

// add makes a child that the index lists for one platform and whose config
// says another. The extra annotations, if any, tell a zstd child's manifest
// from its siblings.
func (b *builder) add(listed, config v1.Platform, l *layer, extra map[string]string) {
	if b.err != nil {
		return
	}
	img, err := b.o.image(config, l, extra)
	if err != nil {
		b.err = err
		return
	}
	d := v1.Descriptor{Platform: &listed}
	if l.mediaType == types.OCILayerZStd {
		d.Annotations = map[string]string{annotationZstd: "true"}
	}
	b.children = append(b.children, mutate.IndexAddendum{Add: img, Descriptor: d})
}

func (b *builder) index() (v1.ImageIndex, error) {
	if b.err != nil {
		return nil, b.err
	}
	idx := mutate.IndexMediaType(mutate.AppendManifests(empty.Index, b.children...), types.OCIImageIndex)
	return mutate.Annotations(idx, b.o.annotations(nil)).(v1.ImageIndex), nil
}
