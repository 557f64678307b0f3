package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is what [Save] writes: a v1.ImageIndex or a v1.Image of
// go-containerregistry.
type Artifact interface {
	MediaType() (types.MediaType, error)
	Digest() (v1.Hash, error)
	Size() (int64, error)
	RawManifest() ([]byte, error)
}

// Save writes an artifact that was just made into a target and names it. Every
// blob is written once, straight from the artifact's own reader.
func Save(ctx context.Context, dst Target, a Artifact, name string) (ocispec.Descriptor, error) {
	src := artifactSource{}
	root, err := src.add(a, 0)
	if err != nil {
		return ocispec.Descriptor{}, &Error{Op: "save", Ref: name, Err: err}
	}
	result, err := copyRoot(ctx, src, root, dst, name, CopyOptions{})
	return result.Descriptor, err
}

// artifactSource finds the content of go-containerregistry's values by digest.
type artifactSource map[digest.Digest]func() (io.ReadCloser, error)

// Fetch implements fetcher. What it returns is in memory already, and every
// target compares it with its digest.
func (s artifactSource) Fetch(_ context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	open, ok := s[d.Digest]
	if !ok {
		return nil, &Error{Op: "fetch", Ref: d.Digest.String(), Kind: ErrNotFound, Err: errors.New("the artifact refers to it but does not have it")}
	}
	rc, err := open()
	if err != nil {
		return nil, &Error{Op: "fetch", Ref: d.Digest.String(), Err: err}
	}
	return rc, nil
}

// add registers an artifact's manifest and all that is below it.
func (s artifactSource) add(a Artifact, depth int) (ocispec.Descriptor, error) {
	raw, err := a.RawManifest()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	mediaType, err := a.MediaType()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if depth > maxDepth {
		return ocispec.Descriptor{}, fmt.Errorf("indexes are nested deeper than %d", maxDepth)
	}
	d := ocispec.Descriptor{MediaType: string(mediaType), Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	s.addBytes(d.Digest, raw)
	switch a := a.(type) {
	case v1.ImageIndex:
		err = s.addIndex(a, depth)
	case v1.Image:
		err = s.addImage(a)
	default:
		err = fmt.Errorf("%T is neither an image nor an index", a)
	}
	return d, err
}

func (s artifactSource) addBytes(sum digest.Digest, raw []byte) {
	s[sum] = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
}

func (s artifactSource) addIndex(index v1.ImageIndex, depth int) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, child := range manifest.Manifests {
		var a Artifact
		switch {
		case child.MediaType.IsIndex():
			a, err = index.ImageIndex(child.Digest)
		case child.MediaType.IsImage():
			a, err = index.Image(child.Digest)
		default:
			return fmt.Errorf("%s is neither an image nor an index but %s", child.Digest, child.MediaType)
		}
		if err != nil {
			return err
		}
		if _, err := s.add(a, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (s artifactSource) addImage(image v1.Image) error {
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	s.addBytes(digest.FromBytes(config), config)
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		sum, err := layer.Digest()
		if err != nil {
			return err
		}
		s[digest.Digest(sum.String())] = layer.Compressed
	}
	return nil
}
