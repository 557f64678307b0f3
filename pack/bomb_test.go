package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// maze is a chain of links that each lead through all the others.
func maze() []tar.Header {
	pad := strings.Repeat("/.", 2000)
	all := []tar.Header{dir("l0")}
	for i := 1; i < maxLinks; i++ {
		all = append(all, link(fmt.Sprintf("l%d", i), fmt.Sprintf("l%d%s", i-1, pad)))
	}
	for i := range 1000 {
		all = append(all, reg(fmt.Sprintf("l%d/f%d", maxLinks-1, i), ""))
	}
	return all
}

const bombLimit = 64 << 20

// TestBombs unpacks archives that are far larger than their layers.
func TestBombs(t *testing.T) {
	for name, compress := range map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser {
			z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
			return z
		},
		"zstd": func(w io.Writer) io.WriteCloser {
			z, _ := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
			return z
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			z := compress(&b)
			writeBomb(t, z)
			check(t, z.Close())
			d := newMemory().put(ociLayer, b.Bytes())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := newUnpacker(bombLimit).layer(d, b.Bytes(), "")
			runtime.ReadMemStats(&after)
			var limit *LimitError
			if !errors.As(err, &limit) {
				t.Errorf("got %v", err)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
				t.Errorf("%d MiB were allocated for a layer of %d KiB", grown>>20, b.Len()>>10)
			}
		})
	}
}

// writeBomb writes a tar whose size only the unpacked stream shows: what comes
// after the end of the archive belongs to the layer, too.
func writeBomb(t *testing.T, w io.Writer) {
	t.Helper()
	_, err := w.Write(tarOf(reg("a", tiny)))
	check(t, err)
	zeros := make([]byte, 1<<20)
	for range bombLimit>>20 + 1 {
		_, err := w.Write(zeros)
		check(t, err)
	}
}

// TestSparseBomb announces files that are larger than the tar they are in.
func TestSparseBomb(t *testing.T) {
	h := tar.Header{Typeflag: tar.TypeReg, Name: "a", Size: maxUnpacked + 1}
	var b bytes.Buffer
	check(t, tar.NewWriter(&b).WriteHeader(&h))
	m := newMemory()
	_, err := Read(context.Background(), m, m.image("{}", m.put(ociLayer, b.Bytes())))
	var limit *LimitError
	if !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

func TestDeepFolders(t *testing.T) {
	headers := []tar.Header{reg("m", tiny)}
	long := strings.Repeat("a/", 1000)
	headers = append(headers, dir(long), link("k", long), dir("k/"+long), link("k2", "k/"+long), dir("k2/"+long))
	m := newMemory()
	_, err := Read(context.Background(), m, m.image("{}", m.layer(headers...)))
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}
