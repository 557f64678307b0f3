package registry

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/durable"
)

// maxArchiveEntries bounds what is remembered of a tar file.
const maxArchiveEntries = 100_000

// archive is an OCI layout in a tar file. Nothing of it is ever extracted: blobs
// are read in place, by the offsets found when it is opened. What is pushed
// waits in a temporary layout beside the file until Close writes the file anew.
type archive struct {
	path    string
	file    *os.File // nil when there is no such file yet
	entries map[string]section
	opened  os.FileInfo // what the file was then, nil for none

	updates sync.Mutex // one change of evidence at a time; held before mu
	mu      sync.Mutex
	index   *layoutIndex
	staging *Store // nil until the first Push
	changed bool
}

// section is where a tar entry's content lies in the file.
type section struct{ offset, size int64 }

func openArchive(name string) (Target, error) {
	a := &archive{path: name, index: newLayoutIndex()}
	f, err := os.Open(name) // #nosec G304 -- the caller's file
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		a.file = f
		if a.opened, err = f.Stat(); err == nil {
			err = a.scan()
		}
		if err == nil {
			return a, nil
		}
		_ = f.Close()
	}
	return nil, localError("open", name, err)
}

// scan finds the entries, and reads oci-layout and index.json.
func (a *archive) scan() error {
	if err := a.findEntries(); err != nil {
		return err
	}
	marker, ok := a.open(ocispec.ImageLayoutFile)
	if !ok {
		return &LayoutError{a.path, "not an OCI archive: it holds no oci-layout"}
	}
	if err := checkLayoutFile(a.path, marker); err != nil {
		return err
	}
	index, ok := a.open(ocispec.ImageIndexFile)
	if !ok {
		return &LayoutError{a.path, "not an OCI archive: it holds no index.json"}
	}
	var err error
	a.index, err = readLayoutIndex(a.path, index)
	return err
}

// findEntries remembers regular files only: an OCI layout has no links, and a
// sparse file's content does not lie in one piece.
func (a *archive) findEntries() error {
	a.entries = map[string]section{}
	r := tar.NewReader(a.file)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &LayoutError{a.path, fmt.Sprintf("not a tar file: %v", err)}
		}
		if h.Typeflag != tar.TypeReg || isSparse(h) {
			continue
		}
		if len(a.entries) == maxArchiveEntries {
			return &LayoutError{a.path, fmt.Sprintf("more than %d files", maxArchiveEntries)}
		}
		offset, err := a.file.Seek(0, io.SeekCurrent) // tar reads headers without reading ahead
		if err != nil {
			return err
		}
		a.entries[path.Clean(h.Name)] = section{offset, h.Size}
	}
}

func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (a *archive) open(name string) (*io.SectionReader, bool) {
	s, ok := a.entries[name]
	if !ok {
		return nil, false
	}
	return io.NewSectionReader(a.file, s.offset, s.size), true
}

// entryName is the name of a blob in the tar file.
func entryName(sum digest.Digest) string {
	return path.Join(ocispec.ImageBlobsDir, sum.Algorithm().String(), sum.Encoded())
}

// Fetch implements [Source].
func (a *archive) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	if err := errors.Join(ctx.Err(), checkDescriptor(d)); err != nil {
		return nil, err
	}
	if r, ok := a.open(entryName(d.Digest)); ok {
		return verified(io.NopCloser(r), d)
	}
	if staging := a.staged(); staging != nil {
		return staging.Fetch(ctx, d)
	}
	return nil, localError("fetch", a.label(d.Digest.String()), ErrNotFound)
}

// Exists implements [Target].
func (a *archive) Exists(ctx context.Context, d ocispec.Descriptor) (bool, error) {
	if err := errors.Join(ctx.Err(), checkDescriptor(d)); err != nil {
		return false, err
	}
	if s, ok := a.entries[entryName(d.Digest)]; ok {
		return s.size == d.Size, nil
	}
	if staging := a.staged(); staging != nil {
		return staging.Exists(ctx, d)
	}
	return false, nil
}

// Push implements [Target].
func (a *archive) Push(ctx context.Context, d ocispec.Descriptor, content io.Reader) error {
	if there, err := a.Exists(ctx, d); there || err != nil {
		return err
	}
	staging, err := a.stage()
	if err != nil {
		return localError("push", a.path, err)
	}
	return staging.Push(ctx, d, content)
}

// Resolve implements [Source].
func (a *archive) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	if err := ctx.Err(); err != nil {
		return ocispec.Descriptor{}, localError("resolve", a.label(reference), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	d, err := resolveIn(ctx, a.index, reference, a.sniff)
	return d, localError("resolve", a.label(reference), err)
}

func (a *archive) sniff(ctx context.Context, sum digest.Digest) (ocispec.Descriptor, error) {
	s, ok := a.entries[entryName(sum)]
	if !ok {
		return ocispec.Descriptor{}, ErrNotFound
	}
	return sniffManifest(ctx, a, ocispec.Descriptor{Digest: sum, Size: s.size})
}

// Tag implements [Target]. The empty name means latest.
func (a *archive) Tag(ctx context.Context, d ocispec.Descriptor, name string) error {
	if name == "" {
		name = DefaultTag
	}
	there, err := a.Exists(ctx, d)
	if err == nil && !there {
		err = ErrNotFound
	}
	if err != nil {
		return localError("tag", a.label(name), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.index.set(d, name)
	a.changed = true
	return nil
}

// stage returns the temporary layout, which lies beside the archive because that
// is where there must be room anyway.
func (a *archive) stage() (*Store, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.staging != nil {
		return a.staging, nil
	}
	dir, err := os.MkdirTemp(filepath.Dir(a.path), durable.TempPattern)
	if err != nil {
		return nil, err
	}
	a.staging = &Store{dir: dir}
	return a.staging, nil
}

func (a *archive) staged() *Store {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.staging
}

func (a *archive) label(reference string) string {
	return (&Store{dir: a.path}).label(reference)
}

// Close implements [Target]: it writes the file if anything was tagged, and
// removes what is temporary in any case.
func (a *archive) Close() error {
	var err error
	if a.changed {
		err = localError("write", a.path, a.write())
		a.changed = false
	}
	if a.file != nil {
		_ = a.file.Close() // again, when write did: harmless
	}
	if a.staging != nil {
		err = errors.Join(err, os.RemoveAll(a.staging.dir))
	}
	return err
}
