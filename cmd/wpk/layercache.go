package main

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/pack"
)

// maxLayers bounds the layers that are kept.
const maxLayers = 16

// layerCache keeps compressed layers in a folder: a build that changes nothing
// need not compress a module again, which takes longer than all the rest of
// wpk. Each file begins with the SHA-256 of the rest, so that a damaged one is
// as good as none.
type layerCache struct{ dir string }

// layerCache is nil where the compressors' version is not known: another
// version makes other bytes.
func (a *app) layerCache() pack.LayerCache {
	info, ok := debug.ReadBuildInfo()
	cache, err := a.cacheDir()
	if !ok || err != nil {
		return nil
	}
	i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == "github.com/klauspost/compress" })
	if i < 0 {
		return nil
	}
	return layerCache{filepath.Join(cache, "layers", info.Deps[i].Version)}
}

// Get implements [pack.LayerCache].
func (c layerCache) Get(key string) (blob []byte, sum [sha256.Size]byte) {
	b, err := os.ReadFile(filepath.Join(c.dir, key))
	if err != nil || len(b) < sha256.Size {
		return nil, sum
	}
	blob = b[sha256.Size:]
	if sum = sha256.Sum256(blob); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil, sum
	}
	return blob, sum
}

// Put implements [pack.LayerCache]. What cannot be kept is compressed again.
func (c layerCache) Put(key string, blob []byte, sum [sha256.Size]byte) {
	if os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	_ = durable.WriteCache(filepath.Join(c.dir, key), func(w io.Writer) error {
		if _, err := w.Write(sum[:]); err != nil {
			return err
		}
		_, err := w.Write(blob)
		return err
	})
	durable.KeepNewest(c.dir, maxLayers, 0)
}
