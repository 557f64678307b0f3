// Command compress-runners makes the files that wpk embeds:
// `compress-runners OUTDIR FILE...` turns each FILE into OUTDIR/NAME.zst.
//
// It stands in for the zstd program so that a build needs Go alone, and so that
// the same runner gives the same bytes on every machine: the encoder is pinned
// in go.mod and runs on one goroutine.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: compress-runners OUTDIR FILE...")
		os.Exit(2)
	}
	for _, file := range os.Args[2:] {
		if err := compress(os.Args[1], file); err != nil {
			fmt.Fprintln(os.Stderr, "compress-runners:", err)
			os.Exit(1)
		}
	}
}

// compress writes through a temporary file: a build that is stopped half-way
// must not leave half a runner for the next one to embed.
func compress(dir, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	out := filepath.Join(dir, filepath.Base(file)+".zst")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(out+".tmp", enc.EncodeAll(raw, nil), 0o644); err != nil {
		return err
	}
	return os.Rename(out+".tmp", out)
}
