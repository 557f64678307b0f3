package pack

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"
)

const (
	// gzipBlock is how much is compressed at once. What it is decides the bytes, how many processors there are does not.
	gzipBlock = 512 << 10
	// gzipWindow is how far back a block may refer: https://www.rfc-editor.org/rfc/rfc1951#section-2
	gzipWindow = 32 << 10
)

// gzipBlocks compresses blocks beside each other to one stream. Each block may refer to the end of the one before and
// ends at a whole byte, by an empty stored block, so that pieces which were made apart can follow each other:
// https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4
func gzipBlocks(data []byte) ([]byte, error) {
	blocks := make([]bytes.Buffer, max(1, (len(data)+gzipBlock-1)/gzipBlock))
	var next atomic.Int64
	var g errgroup.Group
	for range min(len(blocks), runtime.GOMAXPROCS(0)) {
		g.Go(func() error {
			w, err := flate.NewWriter(nil, gzipLevel)
			for err == nil {
				i := int(next.Add(1)) - 1
				if i >= len(blocks) {
					return nil
				}
				err = deflateBlock(w, &blocks[i], data, i)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	size := 0
	for i := range blocks {
		size += blocks[i].Len()
	}
	// https://www.rfc-editor.org/rfc/rfc1952#section-2.3: deflate, no flags, no time, no operating system.
	out := append(make([]byte, 0, size+18), 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
	for i := range blocks {
		out = append(out, blocks[i].Bytes()...)
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(out, uint32(len(data))), nil // #nosec G115 -- modulo 2^32, says the format
}

// deflateBlock compresses block number i of data.
func deflateBlock(w *flate.Writer, out *bytes.Buffer, data []byte, i int) error {
	start := i * gzipBlock
	end := min(start+gzipBlock, len(data))
	out.Grow((end - start) / 2)
	if i == 0 {
		w.Reset(out)
	} else {
		w.ResetDict(out, data[start-gzipWindow:start])
	}
	if _, err := w.Write(data[start:end]); err != nil {
		return err
	}
	if end < len(data) {
		return w.Flush()
	}
	return w.Close()
}
