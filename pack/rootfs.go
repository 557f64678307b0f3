package pack

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// rootfs unpacks the layers and finds the module among the files.
func (r *reader) rootfs(ctx context.Context, d *document, c *config) error {
	t, err := r.unpack(ctx, d, c.RootFS.DiffIDs)
	if err != nil {
		return err
	}
	files, err := t.files()
	if err != nil {
		return &InvalidError{What: "image", Digest: d.desc.Digest, Reason: "cannot list its files", Err: err}
	}
	module, err := r.findModule(t, files, c.Config)
	if err != nil {
		return err
	}
	r.content.Module, r.content.ModulePath = module.data, module.path
	for _, f := range files {
		if f.path != module.path {
			r.content.Files = append(r.content.Files, File{Path: f.path, Mode: f.mode, Data: f.data})
		}
	}
	return nil
}

// unpack applies the archives among the layers; others, such as attestations,
// have no files.
func (r *reader) unpack(ctx context.Context, d *document, diffIDs []digest.Digest) (*tree, error) {
	var archives []ocispec.Descriptor
	var size int64
	for _, l := range d.Layers {
		if !types.MediaType(l.MediaType).IsLayer() {
			continue
		}
		archives = append(archives, l)
		if size += min(l.Size, maxBlob+1); size > maxBlob {
			return nil, &LimitError{"the size of the layers of " + d.desc.Digest.String(), maxBlob}
		}
	}
	if len(diffIDs) > 0 && len(diffIDs) != len(archives) {
		return nil, &InvalidError{
			What: "config", Digest: d.Config.Digest,
			Reason: fmt.Sprintf("%d diff_ids for %d layers", len(diffIDs), len(archives)),
		}
	}
	u := newUnpacker(maxUnpacked)
	for i, l := range archives {
		blob, err := r.blobs.get(ctx, l, "layer", maxBlob)
		if err != nil {
			return nil, err
		}
		var diffID digest.Digest
		if len(diffIDs) > 0 {
			diffID = diffIDs[i]
		}
		if err := u.layer(l, blob, diffID); err != nil {
			return nil, err
		}
	}
	return u.tree, nil
}

// findModule takes the file that is asked for, else the one that the entrypoint
// starts with, else the command, else the only module that there is.
func (r *reader) findModule(t *tree, files []found, c Config) (found, error) {
	if r.module != "" {
		return r.onlyModule(files)
	}
	for _, args := range [][]string{c.Entrypoint, c.Cmd} {
		if len(args) == 0 {
			continue
		}
		p := args[0]
		if !path.IsAbs(p) {
			p = path.Join("/", c.WorkingDir, p)
		}
		n, err := t.lookup(p, false)
		if err != nil {
			return found{}, fmt.Errorf("%w: %w", ErrNoModule, err)
		}
		if n.isFile() && hasMagic(n.data) {
			return found{path.Clean(p), n}, nil
		}
	}
	return r.onlyModule(files)
}

func (r *reader) onlyModule(files []found) (found, error) {
	var modules []found
	seen := map[*node]bool{}
	for _, f := range files {
		if hasMagic(f.data) && !seen[f.node] {
			seen[f.node] = true
			modules = append(modules, f)
		}
	}
	if len(modules) == 0 {
		return found{}, ErrNoModule
	}
	names := make([][]string, len(modules))
	for i, m := range modules {
		names[i] = []string{m.path, strings.TrimPrefix(m.path, "/"), path.Base(m.path), string(digest.FromBytes(m.data))}
	}
	i, err := r.pick(names)
	if err != nil {
		return found{}, err
	}
	return modules[i], nil
}

func hasMagic(b []byte) bool { return bytes.HasPrefix(b, []byte("\x00asm")) }
