package registry

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/durable"
)

// write replaces the archive. The same content gives the same bytes: entries are
// sorted, and nothing tells when or by whom it was written. Blobs that no name
// needs are left out.
func (a *archive) write() error {
	ctx := context.Background() // the copy is over; this is its last step
	if err := a.checkUnchanged(); err != nil {
		return err
	}
	blobs, err := a.collect(ctx)
	if err != nil {
		return err
	}
	index, err := a.index.encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(a.path, func(w io.Writer) error {
		t := tar.NewWriter(w)
		if err := writeEntry(t, ocispec.ImageLayoutFile, int64(len(layoutFileContent)), strings.NewReader(layoutFileContent)); err != nil {
			return err
		}
		if err := writeEntry(t, ocispec.ImageIndexFile, int64(len(index)), strings.NewReader(string(index))); err != nil {
			return err
		}
		if err := a.writeBlobs(ctx, t, blobs); err != nil {
			return err
		}
		if err := t.Close(); err != nil {
			return err
		}
		if a.file != nil { // Windows replaces no file that is open
			return a.file.Close()
		}
		return nil
	})
}

var errArchiveChanged = errors.New("another process has written it meanwhile")

// checkUnchanged refuses to undo what somebody else has added since the archive
// was opened: of two who write at once, one has to try again.
func (a *archive) checkUnchanged() error {
	now, err := os.Stat(a.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case a.opened == nil || !os.SameFile(a.opened, now) || !a.opened.ModTime().Equal(now.ModTime()) || a.opened.Size() != now.Size():
		return errArchiveChanged
	}
	return nil
}

// collect returns everything behind the names, in the order of the digests.
func (a *archive) collect(ctx context.Context) ([]ocispec.Descriptor, error) {
	all := map[digest.Digest]ocispec.Descriptor{}
	for _, root := range a.index.Manifests {
		g, err := walk(ctx, a, root, isMissing)
		if err != nil {
			return nil, err
		}
		for d := range g.all() {
			all[d.Digest] = d
		}
	}
	var blobs []ocispec.Descriptor
	for _, d := range all {
		there, err := a.Exists(ctx, d)
		if err != nil {
			return nil, err
		}
		if there { // somebody else's archive may be incomplete, and stays so
			blobs = append(blobs, d)
		}
	}
	slices.SortFunc(blobs, func(x, y ocispec.Descriptor) int { return strings.Compare(string(x.Digest), string(y.Digest)) })
	return blobs, nil
}

// writeBlobs writes the blobs and, before the first of each, its folders.
// Without them a skopeo of an ordinary user fails: it gives folders that it has
// to make by itself to root.
func (a *archive) writeBlobs(ctx context.Context, t *tar.Writer, blobs []ocispec.Descriptor) error {
	made := map[string]bool{}
	for _, d := range blobs {
		name := entryName(d.Digest)
		for _, folder := range []string{path.Dir(path.Dir(name)), path.Dir(name)} {
			if made[folder] {
				continue
			}
			made[folder] = true
			header := tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755, ModTime: time.Unix(0, 0)}
			if err := t.WriteHeader(&header); err != nil {
				return err
			}
		}
		if err := a.writeBlob(ctx, t, d); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) writeBlob(ctx context.Context, t *tar.Writer, d ocispec.Descriptor) error {
	rc, err := a.Fetch(ctx, d)
	if err != nil {
		return err
	}
	defer rc.Close()
	return writeEntry(t, entryName(d.Digest), d.Size, rc)
}

func writeEntry(t *tar.Writer, name string, size int64, content io.Reader) error {
	err := t.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg,
		Name:     name,
		Size:     size,
		Mode:     0o644,
		ModTime:  time.Unix(0, 0),
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(t, content)
	return err
}
