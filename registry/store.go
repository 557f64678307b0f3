package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

const (
	blobsFolder = "blobs"
	dirMode     = 0o755 // layouts are handed to other tools and users; the umask narrows it

	// The two lock files. The first is held for the moment in which index.json
	// changes. The second is held shared by whoever writes, from the first blob
	// to the tag, and exclusively by Remove while it frees blobs.
	indexLock   = ".wpk-index.lock"
	writersLock = ".wpk-writers.lock"
)

// Store is an OCI layout in a folder: the local store, or what oci:DIR names.
// Any number of processes can use the same folder at once. It follows
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md, so
// that other tools can read it.
type Store struct{ dir string }

// OpenStore returns the store in a folder, which need not exist yet. A folder
// with something else in it is a [*LayoutError].
func OpenStore(dir string) (*Store, error) {
	s := &Store{dir: dir}
	f, err := os.Open(s.path(ocispec.ImageLayoutFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s, s.checkEmpty()
	case err != nil:
		return nil, s.fail("open", dir, err)
	}
	defer f.Close()
	if err := checkLayoutFile(f.Name(), f); err != nil {
		return nil, s.fail("open", dir, err)
	}
	return s, nil
}

// checkEmpty refuses to make a layout out of somebody's folder of other things.
func (s *Store) checkEmpty() error {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.fail("open", s.dir, err)
	}
	for _, e := range entries {
		switch e.Name() {
		case indexLock, writersLock, blobsFolder: // left by a process that was stopped
		default:
			if !durable.IsTemp(e.Name()) {
				return s.fail("open", s.dir, &LayoutError{s.dir, "not an OCI layout: it holds other files and no oci-layout"})
			}
		}
	}
	return nil
}

// Close implements [Target]; a store holds nothing open.
func (s *Store) Close() error { return nil }

// Fetch implements [Source].
func (s *Store) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	if err := errors.Join(ctx.Err(), checkDescriptor(d)); err != nil {
		return nil, err
	}
	f, err := os.Open(s.blobPath(d))
	if err != nil {
		return nil, s.fail("fetch", d.Digest.String(), err)
	}
	return verified(f, d)
}

// Exists implements [Target]. A file of another size does not count: the next
// Push replaces it.
func (s *Store) Exists(ctx context.Context, d ocispec.Descriptor) (bool, error) {
	if err := errors.Join(ctx.Err(), checkDescriptor(d)); err != nil {
		return false, err
	}
	info, err := os.Stat(s.blobPath(d))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, s.fail("stat", d.Digest.String(), err)
	}
	return info.Mode().IsRegular() && info.Size() == d.Size, nil
}

// Push implements [Target]. Until it is tagged, content can be freed by a Remove
// in another process; [Copy] and [Save] keep that from happening.
func (s *Store) Push(ctx context.Context, d ocispec.Descriptor, content io.Reader) error {
	release, err := s.beginWrite(ctx)
	if err != nil {
		return err
	}
	defer release()
	if there, err := s.Exists(ctx, d); there || err != nil {
		return err
	}
	path := s.blobPath(d)
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil { // #nosec G301 -- see dirMode
		return s.fail("push", path, err)
	}
	err = durable.WriteFile(path, func(w io.Writer) error {
		rc, err := verified(io.NopCloser(withContext(ctx, content)), d)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, rc)
		return err
	})
	return s.fail("push", path, err)
}

// beginWrite keeps Remove from freeing blobs until release is called. It makes
// the folder, since locks live in it.
func (s *Store) beginWrite(ctx context.Context) (release func(), err error) {
	if err := s.prepare(); err != nil {
		return nil, s.fail("write", s.dir, err)
	}
	release, err = filelock.Lock(ctx, s.path(writersLock), filelock.Shared)
	if err != nil {
		return nil, s.fail("write", s.dir, err)
	}
	return release, nil
}

// prepare makes the folder a layout.
func (s *Store) prepare() error {
	marker := s.path(ocispec.ImageLayoutFile)
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	if err := os.MkdirAll(s.path(blobsFolder, "sha256"), dirMode); err != nil { // #nosec G301 -- see dirMode
		return err
	}
	return durable.WriteFile(marker, func(w io.Writer) error {
		_, err := io.WriteString(w, layoutFileContent)
		return err
	})
}

func (s *Store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// blobPath is safe for a descriptor that checkDescriptor has seen: a digest has
// only an algorithm and hexadecimal digits.
func (s *Store) blobPath(d ocispec.Descriptor) string {
	return s.path(blobsFolder, d.Digest.Algorithm().String(), d.Digest.Encoded())
}

// fail makes an [*Error] of err, or nil of nil.
func (s *Store) fail(op, ref string, err error) error {
	return localError(op, ref, err)
}

const layoutFileContent = `{"imageLayoutVersion":"` + ocispec.ImageLayoutVersion + `"}` + "\n"

// checkLayoutFile reads oci-layout, the marker file of a layout.
func checkLayoutFile(path string, r io.Reader) error {
	const limit = 4 << 10
	var marker ocispec.ImageLayout
	if err := decodeBounded(r, limit, &marker); err != nil {
		return &LayoutError{path, fmt.Sprintf("not an OCI layout: %v", err)}
	}
	if marker.Version != ocispec.ImageLayoutVersion {
		return &LayoutError{path, fmt.Sprintf("OCI layout version %s, not %s", quoteBounded(marker.Version), ocispec.ImageLayoutVersion)}
	}
	return nil
}
