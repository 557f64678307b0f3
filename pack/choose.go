package pack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// choose picks the image to read: the only one, else the first whose listed
// platform is WebAssembly in any of its spellings, else the first whose config
// starts a .wasm file, which the linux children of wasm images do.
func (r *reader) choose(ctx context.Context, images []*document) (*document, error) {
	if len(images) == 1 {
		return images[0], nil
	}
	for _, d := range images {
		if d.desc.Platform != nil && isWasm(d.desc.Platform.OS, d.desc.Platform.Architecture) {
			return d, nil
		}
	}
	for _, d := range images {
		if p := d.desc.Platform; p != nil && p.OS != "linux" {
			continue
		}
		c, err := r.config(ctx, d)
		if err != nil {
			return nil, err
		}
		if isWasm(c.OS, c.Architecture) || startsWasm(c.Config.Entrypoint) || startsWasm(c.Config.Cmd) {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: its platforms are %s", ErrNoModule, platformList(images))
}

// isWasm knows the spellings of wasi/wasm. Images say wasi/wasm, which left
// the specification's examples in version 1.1, artifacts wasip1/wasm and
// wasip2/wasm as Go does, older tools wasi/wasm32 and linux/wasm. Some people
// swap the words for buildah, which writes what it is given.
func isWasm(os, arch string) bool {
	switch arch {
	case "wasm", "wasm32":
		return slices.Contains([]string{"wasi", "wasip1", "wasip2", "linux"}, os)
	case "wasi":
		return os == "wasm"
	}
	return false
}

func startsWasm(args []string) bool { return len(args) > 0 && strings.HasSuffix(args[0], ".wasm") }

func platformList(images []*document) string {
	var names []string
	for _, d := range images {
		if p := platformName(d.desc.Platform); p != "" && !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	if len(names) == 0 {
		return "not named"
	}
	return strings.Join(names, ", ")
}

// platformName is os/architecture[/variant], empty for no platform.
func platformName(p *ocispec.Platform) string {
	if p == nil || p.OS == "" {
		return ""
	}
	name := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		name += "/" + p.Variant
	}
	return name
}
