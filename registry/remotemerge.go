package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/filelock"
)

// read implements [mergeTarget] with one GET request. The bytes decide on the
// digest, whatever the header says.
func (t *remoteTarget) read(ctx context.Context, tag string) (*manifestNode, error) {
	n, err := t.readTag(ctx, tag)
	err = remoteError(ctx, "fetch", t.name(tag), err)
	if isMissing(err) {
		return nil, nil
	}
	return n, err
}

func (t *remoteTarget) readTag(ctx context.Context, tag string) (*manifestNode, error) {
	d, rc, err := t.repo.FetchReference(ctx, tag)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw, err := io.ReadAll(io.LimitReader(rc, maxManifestSize+1))
	if err != nil {
		return nil, err
	}
	n := node(d.MediaType, raw)
	if n.desc.Size > maxManifestSize || n.desc.Digest != d.Digest {
		return nil, corrupt(d, fmt.Errorf("its %d bytes have another digest", n.desc.Size))
	}
	return &n, nil
}

// putManifest writes a manifest under a tag or its digest, and nothing else.
func (t *remoteTarget) putManifest(ctx context.Context, d ocispec.Descriptor, raw []byte, reference string) error {
	err := remoteError(ctx, "push", t.name(reference), t.repo.PushReference(ctx, d, bytes.NewReader(raw), reference))
	return manifestError(err, d, raw)
}

// index adds manifests to the fallback list of their subject, unless the
// registry has the API and so lists them by itself. oras would do so too, but it
// loses entries when two programs write, and deletes the list before.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
func (t *remoteTarget) index(ctx context.Context, subject ocispec.Descriptor, entries []ocispec.Descriptor, o RetryOptions) error {
	if t.api.Load() == apiUnknown {
		if err := t.probe(ctx, subject.Digest); err != nil {
			return err
		}
	}
	if t.api.Load() == apiThere {
		return nil
	}
	merge := func(old *manifestNode) (*change, error) { return addReferrers(old, subject, entries) }
	return t.update(ctx, evidenceTag(subject.Digest, suffixReferrers), merge, o)
}

// probe finds out whether the registry has the API.
func (t *remoteTarget) probe(ctx context.Context, subject digest.Digest) error {
	_, err := t.listByAPI(ctx, subject, "", func([]ocispec.Descriptor) error { return errEnough })
	if errors.Is(err, errNoAPI) || errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// errEnough ends a list that has been read as far as is needed.
var errEnough = errors.New("enough")

// lock keeps other processes of this machine from changing the same tag. The
// locks are few files for all tags of all registries: two that share one wait for
// each other without need, and nothing piles up.
func (t *remoteTarget) lock(ctx context.Context, tag string) (release func(), err error) {
	free := func() {}
	if t.locks == "" {
		return free, nil
	}
	if err := os.MkdirAll(t.locks, 0o700); err != nil {
		return free, nil //nolint:nilerr // see Options.Locks
	}
	sum := sha256.Sum256([]byte(t.repo.Reference.Registry + "/" + t.repo.Reference.Repository + ":" + tag))
	release, err = filelock.Lock(ctx, filepath.Join(t.locks, hex.EncodeToString(sum[:1])+".lock"), filelock.Exclusive)
	switch {
	case ctx.Err() != nil:
		return nil, remoteError(ctx, "tag", t.name(tag), err)
	case err != nil:
		return free, nil //nolint:nilerr // see Options.Locks
	}
	return release, nil
}
