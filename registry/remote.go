package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	orasregistry "oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
)

// remoteTarget is a repository in a registry.
type remoteTarget struct {
	repo    *remote.Repository
	network *http.Transport
	locks   string       // see Options.Locks
	api     atomic.Int32 // apiUnknown, apiThere or apiMissing
}

func openRemote(ref Ref, o Options) *remoteTarget {
	network := newNetwork(o.Insecure)
	// Not by remote.NewRepository: its parser knows fewer forms than ours, for
	// example no IPv6 address.
	t := &remoteTarget{
		repo: &remote.Repository{
			Reference:        orasregistry.Reference{Registry: ref.Host, Repository: ref.Repository},
			PlainHTTP:        o.PlainHTTP || ref.IsLoopback(),
			Client:           newClient(ref.Host, o, network),
			MaxMetadataBytes: maxManifestSize,
		},
		network: network,
		locks:   o.Locks,
	}
	// What a registry cannot list is our work, see index. The error is that of a
	// second call.
	_ = t.repo.SetReferrersCapability(true)
	return t
}

// name is the repository with a tag or digest, for messages.
func (t *remoteTarget) name(reference string) string {
	name := t.repo.Reference.Registry + "/" + t.repo.Reference.Repository
	switch _, err := digest.Parse(reference); {
	case reference == "":
		return name
	case err == nil:
		return name + "@" + reference
	}
	return name + ":" + quoteless(reference)
}

// Resolve implements [Source] with one HEAD request.
func (t *remoteTarget) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	if reference == "" {
		reference = DefaultTag
	}
	d, err := t.repo.Resolve(ctx, reference)
	if err != nil {
		return ocispec.Descriptor{}, remoteError(ctx, "resolve", t.name(reference), err)
	}
	return d, nil
}

// Fetch implements [Source].
func (t *remoteTarget) Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	if err := checkDescriptor(d); err != nil {
		return nil, err
	}
	rc, err := t.repo.Fetch(withExpectedSize(ctx, d.Size), d)
	if err != nil {
		return nil, remoteError(ctx, "fetch", t.name(d.Digest.String()), err)
	}
	// The body can fail as well, long after the answer began.
	body := readerFunc(func(p []byte) (int, error) {
		n, err := rc.Read(p)
		if err != nil && err != io.EOF { //nolint:errorlint // a reader's own end, not a wrapped one
			err = remoteError(ctx, "fetch", t.name(d.Digest.String()), err)
		}
		return n, err
	})
	return verified(readCloser{body, rc}, d)
}

// Exists implements [Target] with one HEAD request.
func (t *remoteTarget) Exists(ctx context.Context, d ocispec.Descriptor) (bool, error) {
	if err := checkDescriptor(d); err != nil {
		return false, err
	}
	there, err := t.repo.Exists(ctx, d)
	return there, remoteError(ctx, "look for", t.name(d.Digest.String()), err)
}

// Push implements [Target]. A blob takes a POST and a PUT, a manifest one PUT.
func (t *remoteTarget) Push(ctx context.Context, d ocispec.Descriptor, content io.Reader) error {
	body, err := verified(io.NopCloser(content), d)
	if err != nil {
		return err
	}
	if !isManifest(d.MediaType) {
		return remoteError(ctx, "push", t.name(d.Digest.String()), t.repo.Push(ctx, d, body))
	}
	if d.Size > maxManifestSize {
		return corrupt(d, fmt.Errorf("a manifest of %d bytes, at most %d are possible", d.Size, maxManifestSize))
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return t.pushTagged(ctx, d, raw, d.Digest.String())
}

// pushTagged writes a manifest under a tag at once, for one request instead of
// the three of Push and Tag. One that is about another artifact is put on the
// list of those.
func (t *remoteTarget) pushTagged(ctx context.Context, d ocispec.Descriptor, raw []byte, tag string) error {
	if err := t.putManifest(ctx, d, raw, tag); err != nil {
		return err
	}
	entry, subject, ok := referrerEntry(manifestNode{d, raw})
	if !ok {
		return nil
	}
	return t.index(ctx, subject, []ocispec.Descriptor{entry}, RetryOptions{})
}

// Tag implements [Target].
func (t *remoteTarget) Tag(ctx context.Context, d ocispec.Descriptor, tag string) error {
	if tag == "" {
		tag = DefaultTag
	}
	return remoteError(ctx, "tag", t.name(tag), t.repo.Tag(ctx, d, tag))
}

// mount asks the registry to take a blob over from another of its repositories.
// When it will not, fetch is called and the blob is sent in the upload that the
// registry has opened instead.
func (t *remoteTarget) mount(ctx context.Context, d ocispec.Descriptor, from *remoteTarget, fetch func() (io.ReadCloser, error)) error {
	err := t.repo.Mount(ctx, d, from.repo.Reference.Repository, fetch)
	return remoteError(ctx, "mount", t.name(d.Digest.String()), err)
}

// sameRegistry reports whether blobs can be mounted from another target.
func (t *remoteTarget) sameRegistry(other *remoteTarget) bool {
	return t.repo.Reference.Registry == other.repo.Reference.Registry &&
		t.repo.Reference.Repository != other.repo.Reference.Repository
}

// Close implements [Target].
func (t *remoteTarget) Close() error {
	t.network.CloseIdleConnections()
	return nil
}

// String helps in test failures.
func (t *remoteTarget) String() string { return fmt.Sprintf("remote %s", t.name("")) }
