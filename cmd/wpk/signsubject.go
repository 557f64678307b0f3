package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/registry"
)

// evidenceSubject is an artifact that something is said about, in the place where it is.
type evidenceSubject struct {
	place  place
	target registry.Target
	desc   ocispec.Descriptor
}

// openSubject resolves a reference once: whatever happens to its tag later, the digest is the one that was found. As
// for copy, host/repository is in the registry and store:host/repository in the local store.
func (a *app) openSubject(ctx context.Context, arg string, t transferFlags) (*evidenceSubject, error) {
	p, err := parsePlace(arg)
	if err != nil {
		return nil, err
	}
	return a.openSubjectAt(ctx, p, t)
}

func (a *app) openSubjectAt(ctx context.Context, p place, t transferFlags) (*evidenceSubject, error) {
	target, name, err := a.target(ctx, p, t)
	if err != nil {
		return nil, err
	}
	desc, err := target.Resolve(ctx, name)
	if err != nil {
		return nil, errors.Join(a.maybeInStore(ctx, p, err), target.Close())
	}
	return &evidenceSubject{p, target, desc}, nil
}

// inStoreError is an artifact that is not in its registry, and is in the local store.
type inStoreError struct {
	ref registry.Ref
	err error
}

func (e *inStoreError) Error() string { return e.err.Error() }
func (e *inStoreError) Unwrap() error { return e.err }

func (a *app) maybeInStore(ctx context.Context, p place, err error) error {
	if p.store || p.ref.Transport != registry.Remote || !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	store, storeErr := a.store()
	if storeErr != nil {
		return err
	}
	defer store.Close()
	if _, storeErr := store.Resolve(ctx, p.ref.String()); storeErr != nil {
		return err
	}
	return &inStoreError{p.ref, err}
}

// repository is the name that a signature carries: host/repository, empty in a layout.
func (s *evidenceSubject) repository() string {
	if s.place.ref.Transport != registry.Remote {
		return ""
	}
	return s.place.ref.Host + "/" + s.place.ref.Repository
}

// where says in words what holds the subject.
func (s *evidenceSubject) where() string {
	switch {
	case s.place.store:
		return "the local store"
	case s.place.ref.Transport == registry.Layout:
		return "the layout"
	case s.place.ref.Transport == registry.Archive:
		return "the archive"
	}
	return "the registry"
}

// attach lays evidence beside the subject, or beside one of its children.
func (s *evidenceSubject) attach(ctx context.Context, desc ocispec.Descriptor, pieces []evidence.Piece) error {
	to := registry.Subject{Target: s.target, Descriptor: desc}
	if s.place.store {
		to.Name = s.place.ref.StorePrefix()
	}
	return registry.Attach(ctx, to, registry.AttachOptions{}, pieces...)
}

const (
	maxIndex    = 4 << 20 // bytes
	maxChildren = 256
)

// tree is the subject and, when recursive, all manifests that it leads to, each once.
func (s *evidenceSubject) tree(ctx context.Context, recursive bool) ([]ocispec.Descriptor, error) {
	all := []ocispec.Descriptor{s.desc}
	seen := map[digest.Digest]bool{s.desc.Digest: true}
	for i := 0; recursive && i < len(all); i++ {
		children, err := s.children(ctx, all[i])
		if err != nil {
			return nil, err
		}
		for _, c := range children {
			if !seen[c.Digest] {
				seen[c.Digest] = true
				all = append(all, c)
			}
		}
		if len(all) > maxChildren {
			return nil, &tooManyError{s.place.ref, maxChildren}
		}
	}
	return all, nil
}

type tooManyError struct {
	ref   registry.Ref
	limit int
}

func (e *tooManyError) Error() string {
	return fmt.Sprintf("%s leads to more than %d manifests", e.ref, e.limit)
}

// dockerIndex is the older media type of an index.
const dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"

func (s *evidenceSubject) children(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if desc.MediaType != ocispec.MediaTypeImageIndex && desc.MediaType != dockerIndex {
		return nil, nil
	}
	if desc.Size > maxIndex {
		return nil, &tooManyError{s.place.ref, maxChildren}
	}
	raw, err := readDocument(ctx, s.target, desc)
	if err != nil {
		return nil, err
	}
	var index struct {
		Manifests []ocispec.Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.place.ref, err)
	}
	return index.Manifests, nil
}
