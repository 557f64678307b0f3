package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/wpkdev/wpk/internal/durable"
)

const dirMode = 0o755

// diskBlobs keeps blobs as files named by their digest. In contrast to
// go-containerregistry's own it leaves nothing behind when an upload breaks off,
// survives a power cut, and does not read a whole blob to learn its size.
type diskBlobs struct{ dir string }

var (
	_ registry.BlobHandler       = diskBlobs{}
	_ registry.BlobStatHandler   = diskBlobs{}
	_ registry.BlobPutHandler    = diskBlobs{}
	_ registry.BlobDeleteHandler = diskBlobs{}
)

func (b diskBlobs) path(h v1.Hash) string { return filepath.Join(b.dir, h.Algorithm, h.Hex) }

// Get implements registry.BlobHandler.
func (b diskBlobs) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	f, err := os.Open(b.path(h))
	if err != nil {
		return nil, unknownBlob(h, err)
	}
	return f, nil
}

// Stat implements registry.BlobStatHandler.
func (b diskBlobs) Stat(_ context.Context, _ string, h v1.Hash) (int64, error) {
	info, err := os.Stat(b.path(h))
	if err != nil {
		return 0, unknownBlob(h, err)
	}
	return info.Size(), nil
}

// Put implements registry.BlobPutHandler. The reader checks the digest and fails
// at its end when it is wrong, which is before the file gets its name.
func (b diskBlobs) Put(_ context.Context, _ string, h v1.Hash, rc io.ReadCloser) error {
	defer rc.Close()
	path := b.path(h)
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil { // #nosec G301 -- as a layout's
		return err
	}
	return durable.WriteFile(path, func(w io.Writer) error {
		_, err := io.Copy(w, rc)
		return err
	})
}

// Delete implements registry.BlobDeleteHandler.
func (b diskBlobs) Delete(_ context.Context, _ string, h v1.Hash) error {
	if err := os.Remove(b.path(h)); err != nil {
		return unknownBlob(h, err)
	}
	return nil
}

// unknownBlob says in the terms of package registry that a file is missing.
func unknownBlob(h v1.Hash, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s", registry.ErrNotFound, h)
	}
	return err
}
