package runner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// maxRunner bounds what an embedded runner may decompress to.
const maxRunner = 64 << 20

// compressed is an embedded runner.
type compressed struct{ zstd []byte }

func embeddedRunner(arch string) (source, bool) {
	b, err := embedded.ReadFile("embedded/linux_" + arch + ".zst")
	return compressed{b}, err == nil
}

func (c compressed) key() string {
	sum := sha256.Sum256(c.zstd)
	return hex.EncodeToString(sum[:8])
}

func (c compressed) write(_ context.Context, path string) error {
	r, err := zstd.NewReader(bytes.NewReader(c.zstd), zstd.WithDecoderMaxMemory(maxRunner), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.LimitReader(r, maxRunner)); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
