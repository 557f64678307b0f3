package registry

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

// removePatience is how long Remove waits for writers in other processes before
// it leaves the blobs for the next Remove.
const removePatience = time.Second

// Freed is what a Remove gave back.
type Freed struct {
	Blobs int   `json:"blobs"`
	Bytes int64 `json:"bytes"`
	// Deferred is true when another process was writing to the store, so that no
	// blob could be freed. The name is gone; the next Remove frees the blobs.
	Deferred bool `json:"deferred"`
}

// Remove takes a name away and frees every blob that no other name needs. The
// name must be spelled as in [Store.List]. Signatures and attestations go with the
// last name of their repository that leads to what they are about.
func (s *Store) Remove(ctx context.Context, name string) (Freed, error) {
	index, err := s.readIndex(ctx)
	if err == nil && !index.has(name) {
		err = ErrNotFound // before a lock file makes a folder look like a store
	}
	if err != nil {
		return Freed{}, s.fail("remove", s.label(name), err)
	}
	err = s.changeIndex(ctx, func(x *layoutIndex) error {
		x.remove(name)
		return s.removeEvidence(ctx, x, name)
	})
	if err != nil {
		return Freed{}, s.fail("remove", s.label(name), err)
	}
	freed, err := s.free(ctx)
	return freed, s.fail("remove", s.label(name), err)
}

// besideEntry is evidence in an index, with what it is about.
type besideEntry struct {
	desc    ocispec.Descriptor
	subject digest.Digest
}

// removeEvidence takes the names away that lie beside nothing any more: of
// evidence about artifacts of the name's repository that no other name leads to,
// and about such evidence in turn.
func (s *Store) removeEvidence(ctx context.Context, x *layoutIndex, name string) error {
	prefix := name[:strings.LastIndexByte(name, ':')+1]
	var beside []besideEntry
	var artifacts []ocispec.Descriptor
	for _, d := range x.Manifests {
		at, subject, ok := EvidenceName(nameOf(d))
		switch {
		case ok && at == prefix:
			beside = append(beside, besideEntry{d, subject})
		case !ok && strings.HasPrefix(nameOf(d), prefix):
			artifacts = append(artifacts, d)
		}
	}
	if len(beside) == 0 {
		return nil
	}
	orphans, err := s.orphans(ctx, artifacts, beside)
	if err != nil {
		return ctx.Err() // what cannot be read may lead to anything: all of it stays
	}
	for _, e := range orphans {
		x.remove(nameOf(e.desc))
	}
	return nil
}

// orphans is the evidence that is about none of the artifacts, nor about evidence
// that is.
func (s *Store) orphans(ctx context.Context, artifacts []ocispec.Descriptor, beside []besideEntry) ([]besideEntry, error) {
	reached := map[digest.Digest]bool{}
	for reach := artifacts; len(reach) > 0; {
		for _, root := range reach {
			g, err := walk(ctx, s, root, isMissing)
			if err != nil {
				return nil, err
			}
			for d := range g.all() {
				reached[d.Digest] = true
			}
		}
		reach = nil
		beside = slices.DeleteFunc(beside, func(e besideEntry) bool {
			if reached[e.subject] {
				reach = append(reach, e.desc)
			}
			return reached[e.subject]
		})
	}
	return beside, nil
}

// free deletes unreferenced blobs while nobody writes.
func (s *Store) free(ctx context.Context) (Freed, error) {
	patient, cancel := context.WithTimeout(ctx, removePatience)
	defer cancel()
	release, err := filelock.Lock(patient, s.path(writersLock), filelock.Exclusive)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return Freed{Deferred: true}, nil
	}
	if err != nil {
		return Freed{}, err
	}
	defer release()
	keep, err := s.referenced(ctx)
	if err != nil {
		return Freed{}, err
	}
	return s.sweep(ctx, keep)
}

// referenced returns the digests behind all names. A manifest that cannot be
// read is an error: it might refer to anything. One that is missing refers to
// nothing.
func (s *Store) referenced(ctx context.Context) (map[digest.Digest]bool, error) {
	index, err := s.readIndex(ctx)
	if err != nil {
		return nil, err
	}
	keep := map[digest.Digest]bool{}
	for _, root := range index.Manifests {
		g, err := walk(ctx, s, root, isMissing)
		if err != nil {
			return nil, err
		}
		for d := range g.all() {
			keep[d.Digest] = true
		}
	}
	return keep, nil
}

func isMissing(err error) bool { return errors.Is(err, ErrNotFound) }

// sweep deletes the files below blobs that are not to be kept, and leftovers of
// processes that died.
func (s *Store) sweep(ctx context.Context, keep map[digest.Digest]bool) (Freed, error) {
	var freed Freed
	root, err := os.OpenRoot(s.path(blobsFolder)) // no link leads a deletion out of the store
	if err != nil {
		return freed, err
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		sum := digest.NewDigestFromEncoded(digest.Algorithm(path.Base(path.Dir(name))), e.Name())
		foreign := sum.Validate() != nil && !durable.IsTemp(name)
		if keep[sum] || foreign {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if err := root.Remove(name); err != nil {
			return err
		}
		freed.Blobs++
		freed.Bytes += info.Size()
		return nil
	})
	return freed, err
}
