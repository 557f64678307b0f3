package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// layer is a v1.Layer that was compressed already. Twins share the tar bytes
// and with them the DiffID.
type layer struct {
	mediaType      types.MediaType
	digest, diffID v1.Hash
	blob, tar      []byte
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return int64(len(l.blob)), nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.mediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.blob)), nil
}

func (l *layer) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.tar)), nil
}

// compressor makes the writer of one layer format. The compressors are those
// of a module whose version go.mod pins: the standard library's gzip changes its
// bytes between Go versions. What they write must not depend on the number of
// cores, as that of zstd's parallel encoder does.
type compressor struct {
	mediaType types.MediaType
	name      string // with the level
	compress  func(tar []byte) ([]byte, error)
}

// The levels were measured on a Go module of 2.7 MB, where the two run beside
// each other after each compilation: gzip 6 takes 28 ms for 814 KB, where 7
// takes 46 ms for 802 KB and 9 takes 255 ms for 791 KB; zstd's default level
// takes 23 ms for 782 KB, where the next takes 41 ms for 761 KB.
const (
	gzipLevel = 6
	zstdLevel = zstd.SpeedDefault
)

func gzipCompressor() compressor {
	return compressor{types.OCILayer, "gzip-" + strconv.Itoa(gzipLevel) + "-blocks", gzipBlocks}
}

func zstdCompressor() compressor {
	return compressor{types.OCILayerZStd, "zstd-" + zstdLevel.String(), zstdStream}
}

// zstdStream compresses with one encoder.
func zstdStream(tar []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(tar)/2))
	w, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderLevel(zstdLevel))
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(tar); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// compress makes one layer a compressor out of the same tar bytes. The
// compressors run in parallel.
func compress(tar []byte, cache LayerCache, compressors ...compressor) ([]*layer, error) {
	sum := sha256.Sum256(tar)
	diffID := hash(sum[:])
	var g errgroup.Group
	layers := make([]*layer, len(compressors))
	for i, c := range compressors {
		g.Go(func() (err error) {
			layers[i], err = c.layer(tar, diffID, cache)
			return err
		})
	}
	return layers, g.Wait()
}

// layer takes a layer from the cache, or makes it.
func (c compressor) layer(tar []byte, diffID v1.Hash, cache LayerCache) (*layer, error) {
	l := &layer{mediaType: c.mediaType, diffID: diffID, tar: tar}
	key := c.name + "-" + diffID.Hex
	var sum [sha256.Size]byte
	if cache != nil {
		l.blob, sum = cache.Get(key)
	}
	if l.blob == nil {
		var err error
		if l.blob, err = c.compress(tar); err != nil {
			return nil, fmt.Errorf("compress layer: %w", err)
		}
		sum = sha256.Sum256(l.blob)
		if cache != nil {
			cache.Put(key, l.blob, sum)
		}
	}
	l.digest = hash(sum[:])
	return l, nil
}

func hash(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }
