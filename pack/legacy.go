package pack

import v1 "github.com/google/go-containerregistry/pkg/v1"

// The media types that came before the CNCF's.
// https://github.com/engineerd/wasm-to-oci/blob/main/pkg/oci/mediatypes.go
const (
	legacyConfigType = "application/vnd.wasm.config.v1+json"
	legacyLayerType  = "application/vnd.wasm.content.layer.v1+wasm"
)

// Legacy packs the module as Krustlet, wasm-to-oci and Kubewarden have it: one
// raw layer and an empty config. Config and Files must be empty.
func Legacy(module []byte, o Options) (v1.Image, error) {
	if _, err := o.alone(module); err != nil {
		return nil, err
	}
	a := newBlobImage([]byte("{}"), legacyConfigType, "", o.Annotations)
	a.add(module, legacyLayerType, o.fileName())
	return a.seal()
}
