package pack

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// index is a v1.ImageIndex of images that were built here. It exists because
// the one of go-containerregistry's mutate gives every child the artifactType
// of an image config, and a client may take a descriptor with an artifactType
// for something that is not an image.
type index struct {
	manifest v1.IndexManifest
	images   map[v1.Hash]v1.Image
	raw      []byte
	digest   v1.Hash
}

func newIndex(annotations map[string]string) *index {
	return &index{
		manifest: v1.IndexManifest{
			SchemaVersion: 2, MediaType: types.OCIImageIndex, Annotations: annotations,
		},
		images: map[v1.Hash]v1.Image{},
	}
}

// add makes the child that the index lists for one platform and whose config
// says another, and appends it.
func (i *index) add(o *Options, listed, config v1.Platform, l *layer) error {
	d := v1.Descriptor{MediaType: types.OCIManifestSchema1, Platform: &listed}
	var own map[string]string
	if l.mediaType == types.OCILayerZStd {
		d.Annotations = map[string]string{annotationZstd: "true"}
		own = map[string]string{annotationPlatform: listed.String()}
	}
	img, err := o.image(config, l, own)
	if err != nil {
		return err
	}
	if d.Digest, err = img.Digest(); err != nil {
		return fmt.Errorf("pack %s: %w", listed, err)
	}
	if d.Size, err = img.Size(); err != nil {
		return fmt.Errorf("pack %s: %w", listed, err)
	}
	i.manifest.Manifests = append(i.manifest.Manifests, d)
	i.images[d.Digest] = img
	return nil
}

// seal computes the bytes and the digest once all children are there.
func (i *index) seal() (err error) {
	if i.raw, err = json.Marshal(i.manifest); err != nil {
		return fmt.Errorf("pack index: %w", err)
	}
	sum := sha256.Sum256(i.raw)
	i.digest = hash(sum[:])
	return nil
}

func (i *index) MediaType() (types.MediaType, error)         { return i.manifest.MediaType, nil }
func (i *index) Digest() (v1.Hash, error)                    { return i.digest, nil }
func (i *index) Size() (int64, error)                        { return int64(len(i.raw)), nil }
func (i *index) IndexManifest() (*v1.IndexManifest, error)   { return i.manifest.DeepCopy(), nil }
func (i *index) RawManifest() ([]byte, error)                { return i.raw, nil }
func (i *index) ImageIndex(h v1.Hash) (v1.ImageIndex, error) { return nil, notChild(h) }

func (i *index) Image(h v1.Hash) (v1.Image, error) {
	if img, ok := i.images[h]; ok {
		return img, nil
	}
	return nil, notChild(h)
}

func notChild(h v1.Hash) error { return fmt.Errorf("%s is not a child of the index", h) }
