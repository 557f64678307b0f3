package pack

import (
	"context"
	"encoding/json"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
)

// config is what Read needs of an image's config, or of the config of a CNCF
// artifact. Config decodes as it is: its names differ from the image's in
// nothing but case.
// https://github.com/opencontainers/image-spec/blob/main/config.md
type config struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
	Config       Config `json:"config"`
	RootFS       struct {
		DiffIDs []digest.Digest `json:"diff_ids"`
	} `json:"rootfs"`
}

// config reads the config of a manifest; that of an unknown type is empty.
func (r *reader) config(ctx context.Context, d *document) (*config, error) {
	if t := types.MediaType(d.Config.MediaType); !t.IsConfig() && t != cncfConfigType {
		return &config{}, nil
	}
	if c := r.configs[d.Config.Digest]; c != nil {
		return c, nil
	}
	if r.bytes += d.Config.Size; r.bytes > maxConfigBytes {
		return nil, &LimitError{"the size of all configs together", maxConfigBytes}
	}
	raw, err := r.blobs.get(ctx, *d.Config, "config", maxConfig)
	if err != nil {
		return nil, err
	}
	c := &config{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, &InvalidError{What: "config", Digest: d.Config.Digest, Reason: "not JSON of an image config", Err: err}
	}
	r.configs[d.Config.Digest] = c
	return c, nil
}
