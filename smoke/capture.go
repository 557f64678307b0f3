package smoke

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// captured is how much of an output is kept for showing a difference. The
// digest covers all of it.
const captured = 1 << 20

// capture is a writer that digests everything and keeps the beginning.
type capture struct {
	hash hash.Hash
	size int64
	head bytes.Buffer
}

func newCapture() *capture { return &capture{hash: sha256.New()} }

func (c *capture) Write(p []byte) (int, error) {
	_, _ = c.hash.Write(p)
	c.size += int64(len(p))
	c.head.Write(p[:min(len(p), captured-c.head.Len())])
	return len(p), nil
}

func (c *capture) output() Output {
	return Output{Digest: "sha256:" + hex.EncodeToString(c.hash.Sum(nil)), Size: c.size, Data: c.head.Bytes()}
}
