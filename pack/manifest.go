package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// document is an image manifest or an index; which one, mediaType says.
type document struct {
	desc          ocispec.Descriptor
	SchemaVersion int                 `json:"schemaVersion"`
	MediaType     types.MediaType     `json:"mediaType"`
	Manifests     descriptors         `json:"manifests"`
	Config        *ocispec.Descriptor `json:"config"`
	Layers        descriptors         `json:"layers"`
	Annotations   map[string]string   `json:"annotations"`
}

// descriptors is a list that is bounded while it is decoded: an empty
// descriptor takes three bytes of JSON and hundreds of memory.
type descriptors []ocispec.Descriptor

// UnmarshalJSON decodes one descriptor after the other; null is no list.
func (l *descriptors) UnmarshalJSON(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	switch t, err := dec.Token(); {
	case err == nil && t == nil:
		return nil
	case err != nil || t != json.Delim('['):
		return errors.Join(err, errNotList)
	}
	*l = descriptors{}
	for dec.More() {
		if len(*l) == maxManifests {
			return &LimitError{"the number of manifests or layers", maxManifests}
		}
		var d ocispec.Descriptor
		if err := dec.Decode(&d); err != nil {
			return err
		}
		*l = append(*l, d)
	}
	return nil
}

var errNotList = errors.New("manifests or layers are not a list")

func (d *document) isIndex() bool { return d.MediaType.IsIndex() }

// parse decodes an OCI or Docker manifest or index. A document that could be
// taken for either, or for another type than its descriptor says, is refused:
// two clients would see two images under one digest (CVE-2021-41190).
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
// https://github.com/opencontainers/image-spec/blob/main/image-index.md
func parse(desc ocispec.Descriptor, raw []byte) (*document, error) {
	d := &document{desc: desc}
	invalid := func(err error, format string, args ...any) error {
		return &InvalidError{What: "manifest", Digest: desc.Digest, Reason: fmt.Sprintf(format, args...), Err: err}
	}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, invalid(err, "not JSON of a manifest")
	}
	if d.SchemaVersion != 2 {
		return nil, invalid(nil, "schema version %d is not supported", d.SchemaVersion)
	}
	listed := types.MediaType(desc.MediaType)
	switch known := isManifest(listed); {
	case d.MediaType == "" && known:
		d.MediaType = listed
	case d.MediaType == "" && d.Manifests != nil:
		d.MediaType = types.OCIImageIndex
	case d.MediaType == "":
		d.MediaType = types.OCIManifestSchema1
	case known && d.MediaType != listed:
		return nil, invalid(nil, "it says %q, its descriptor %q", d.MediaType, listed)
	}
	switch {
	case !isManifest(d.MediaType):
		return nil, invalid(nil, "media type %q is not supported", d.MediaType)
	case d.isIndex() && (d.Config != nil || d.Layers != nil):
		return nil, invalid(nil, "an index with the fields of an image")
	case !d.isIndex() && (d.Config == nil || d.Manifests != nil):
		return nil, invalid(nil, "an image without a config or with the fields of an index")
	case len(d.Layers) > maxLayers:
		return nil, &LimitError{"the number of layers of " + desc.Digest.String(), maxLayers}
	}
	d.desc.MediaType = string(d.MediaType)
	return d, d.checkReferences()
}

func (d *document) checkReferences() error {
	for _, r := range append(d.blobs(), d.Manifests...) {
		if err := checkDescriptor(r, "manifest "+d.desc.Digest.String()+" names blob"); err != nil {
			return err
		}
	}
	return nil
}

// blobs are the config and the layers.
func (d *document) blobs() []ocispec.Descriptor {
	if d.Config == nil {
		return nil
	}
	return append([]ocispec.Descriptor{*d.Config}, d.Layers...)
}

// isManifest reports whether the type is one that parse knows: the two of OCI
// and the two of Docker.
func isManifest(t types.MediaType) bool {
	switch t {
	case types.OCIManifestSchema1, types.OCIImageIndex, types.DockerManifestSchema2, types.DockerManifestList:
		return true
	}
	return false
}
