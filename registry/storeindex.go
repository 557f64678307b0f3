package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

// Entry is a named artifact of the local store.
type Entry struct {
	// Name is the full reference, for example ghcr.io/acme/hello:1.0. It is empty
	// for an artifact that another tool put there without a name.
	Name       string             `json:"name"`
	Descriptor ocispec.Descriptor `json:"descriptor"`
}

// List returns the artifacts in the order of their names.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	index, err := s.readIndex(ctx)
	if err != nil {
		return nil, s.fail("list", s.dir, err)
	}
	entries := make([]Entry, len(index.Manifests))
	for i, d := range index.Manifests {
		entries[i] = Entry{Name: nameOf(d), Descriptor: d}
	}
	return entries, nil
}

// Resolve implements [Source]: reference is a name, a digest, or a name with a
// digest, of which only the digest counts.
func (s *Store) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	index, err := s.readIndex(ctx)
	if err != nil {
		return ocispec.Descriptor{}, s.fail("resolve", reference, err)
	}
	d, err := resolveIn(ctx, index, reference, s.sniff)
	return d, s.fail("resolve", s.label(reference), err)
}

// resolveIn looks a reference up in an index. A digest which is in no index
// entry may still be a blob, for example one child of an index: sniff finds out.
func resolveIn(ctx context.Context, index *layoutIndex, reference string, sniff func(context.Context, digest.Digest) (ocispec.Descriptor, error)) (ocispec.Descriptor, error) {
	if d, ok := index.find(reference); ok {
		return d, nil
	}
	if ref, err := ParseRef(reference); err == nil && ref.Digest != "" {
		reference = ref.Digest.String()
	}
	sum, err := digest.Parse(reference)
	if err != nil {
		return ocispec.Descriptor{}, ErrNotFound
	}
	if d, ok := index.find(reference); ok {
		return d, nil
	}
	return sniff(ctx, sum)
}

// sniff makes a descriptor for a manifest that is only known by its digest.
func (s *Store) sniff(ctx context.Context, sum digest.Digest) (ocispec.Descriptor, error) {
	info, err := os.Stat(s.blobPath(ocispec.Descriptor{Digest: sum}))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return sniffManifest(ctx, s, ocispec.Descriptor{Digest: sum, Size: info.Size()})
}

// sniffManifest reads a manifest's media type from its own bytes.
func sniffManifest(ctx context.Context, src fetcher, d ocispec.Descriptor) (ocispec.Descriptor, error) {
	raw, err := readManifest(ctx, src, d)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	var m struct {
		MediaType string           `json:"mediaType"`
		Manifests *json.RawMessage `json:"manifests"`
		Layers    *json.RawMessage `json:"layers"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return ocispec.Descriptor{}, ErrNotFound // a blob, not a manifest
	}
	switch {
	case isManifest(m.MediaType):
		d.MediaType = m.MediaType
	case m.MediaType == "" && m.Manifests != nil:
		d.MediaType = ocispec.MediaTypeImageIndex
	case m.MediaType == "" && m.Layers != nil:
		d.MediaType = ocispec.MediaTypeImageManifest
	default:
		return ocispec.Descriptor{}, ErrNotFound
	}
	return d, nil
}

// Tag implements [Target]. The empty name means latest.
func (s *Store) Tag(ctx context.Context, d ocispec.Descriptor, name string) error {
	if name == "" {
		name = DefaultTag
	}
	there, err := s.Exists(ctx, d)
	if err == nil && !there {
		err = ErrNotFound
	}
	if err != nil {
		return s.fail("tag", d.Digest.String(), err)
	}
	// The blobs' own names must be on the disk before something refers to them.
	if err := durable.SyncDir(filepath.Dir(s.blobPath(d))); err != nil {
		return s.fail("tag", s.dir, err)
	}
	return s.fail("tag", s.label(name), s.changeIndex(ctx, func(x *layoutIndex) error {
		x.set(d, name)
		return nil
	}))
}

// readIndex reads index.json; a missing one is empty. It needs no lock, for the
// file is only ever replaced as a whole.
func (s *Store) readIndex(ctx context.Context) (*layoutIndex, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(ocispec.ImageIndexFile))
	if errors.Is(err, os.ErrNotExist) {
		return newLayoutIndex(), nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLayoutIndex(f.Name(), f)
}

// changeIndex reads, changes and replaces index.json under the lock. When change
// fails nothing is written.
func (s *Store) changeIndex(ctx context.Context, change func(*layoutIndex) error) error {
	release, err := filelock.Lock(ctx, s.path(indexLock), filelock.Exclusive)
	if err != nil {
		return err
	}
	defer release()
	index, err := s.readIndex(ctx)
	if err != nil {
		return err
	}
	if err := change(index); err != nil {
		return err
	}
	raw, err := index.encode()
	if err != nil {
		return err
	}
	err = durable.WriteFile(s.path(ocispec.ImageIndexFile), func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	return durable.SyncDir(s.dir)
}

// label is a reference for a message, with the folder it was looked for in.
func (s *Store) label(reference string) string {
	if reference == "" {
		return s.dir
	}
	return fmt.Sprintf("%s in %s", quoteless(reference), s.dir)
}
