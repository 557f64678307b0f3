package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
)

// blobImage is an image manifest whose config and layers are any blobs, as
// artifacts have them; partial makes a v1.Image of it.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
type blobImage struct {
	manifest    v1.Manifest
	raw, config []byte
	layers      []*blobLayer
}

// newBlobImage begins one; a title may be empty.
func newBlobImage(config []byte, mediaType types.MediaType, title string, annotations map[string]string) *blobImage {
	return &blobImage{config: config, manifest: v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: described(config, mediaType, title), Annotations: annotations,
	}}
}

// add appends a layer. Its title is the file that a client such as oras writes.
func (a *blobImage) add(blob []byte, mediaType types.MediaType, title string) {
	d := described(blob, mediaType, title)
	a.manifest.Layers = append(a.manifest.Layers, d)
	a.layers = append(a.layers, &blobLayer{d, blob})
}

// seal computes the manifest's bytes once all layers are there.
func (a *blobImage) seal() (v1.Image, error) {
	var err error
	if a.raw, err = json.Marshal(a.manifest); err != nil {
		return nil, fmt.Errorf("pack manifest: %w", err)
	}
	return partial.CompressedToImage(a)
}

func described(blob []byte, mediaType types.MediaType, title string) v1.Descriptor {
	sum := digest.FromBytes(blob)
	d := v1.Descriptor{
		MediaType: mediaType, Size: int64(len(blob)), Digest: v1.Hash{Algorithm: sum.Algorithm().String(), Hex: sum.Encoded()},
	}
	if title != "" {
		d.Annotations = map[string]string{annotationTitle: title}
	}
	return d
}

func (a *blobImage) RawManifest() ([]byte, error)        { return a.raw, nil }
func (a *blobImage) RawConfigFile() ([]byte, error)      { return a.config, nil }
func (a *blobImage) MediaType() (types.MediaType, error) { return a.manifest.MediaType, nil }

func (a *blobImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, l := range a.layers {
		if l.desc.Digest == h {
			return l, nil
		}
	}
	return nil, notChild(h)
}

type blobLayer struct {
	desc v1.Descriptor
	blob []byte
}

func (l *blobLayer) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l *blobLayer) Size() (int64, error)                { return l.desc.Size, nil }
func (l *blobLayer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }
func (l *blobLayer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.blob)), nil
}
