package pack

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// spinType is the type of a Spin application's description. Old versions of
// Spin have it as the manifest's config, newer ones as a layer.
// https://github.com/spinframework/spin/blob/main/crates/oci/src/client.rs
const spinType = "application/vnd.fermyon.spin.application.v1+config"

// spinApp is what is read of a locked application.
type spinApp struct {
	Components []struct {
		ID     string `json:"id"`
		Source struct {
			Digest digest.Digest `json:"digest"`
		} `json:"source"`
	} `json:"components"`
}

// spinConfig finds the application's description.
func spinConfig(d *document) (ocispec.Descriptor, bool) {
	all := d.blobs()
	i := slices.IndexFunc(all, func(b ocispec.Descriptor) bool { return b.MediaType == spinType })
	if i < 0 {
		return ocispec.Descriptor{}, false
	}
	return all[i], true
}

func isSpin(d *document) bool {
	_, ok := spinConfig(d)
	return ok
}

// spinComponents are the names of a Spin application's components by the
// digests of their modules, empty for anything else. Two components may be one
// module.
func (r *reader) spinComponents(ctx context.Context, d *document) (map[digest.Digest][]string, error) {
	names := map[digest.Digest][]string{}
	desc, ok := spinConfig(d)
	if !ok {
		return names, nil
	}
	raw, err := r.blobs.get(ctx, desc, "config", maxConfig)
	if err != nil {
		return nil, err
	}
	var app spinApp
	if err := json.Unmarshal(raw, &app); err != nil {
		return nil, &InvalidError{What: "config", Digest: desc.Digest, Reason: "not JSON of a Spin application", Err: err}
	}
	for _, c := range app.Components {
		if c.ID != "" {
			names[c.Source.Digest] = append(names[c.Source.Digest], c.ID)
		}
	}
	return names, nil
}
