package pack

import v1 "github.com/google/go-containerregistry/pkg/v1"

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
	idx := newIndex(o.annotations(nil))
	for _, p := range platforms {
		if err := idx.add(&o, p, p, gz); err != nil {
			return nil, err
		}
	}
	for _, p := range platforms {
		if err := idx.add(&o, p, wasiPlatform(), zst); err != nil {
			return nil, err
		}
	}
	if err := idx.add(&o, wasiPlatform(), wasiPlatform(), gz); err != nil {
		return nil, err
	}
	return idx, idx.seal()
}
