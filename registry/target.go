package registry

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Source is where content comes from.
type Source interface {
	// Fetch returns the content of a descriptor. The reader fails before its end
	// when the bytes do not have the descriptor's digest and size.
	Fetch(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error)
	// Resolve returns the descriptor behind a tag, a digest or, in the local
	// store, a full reference. An unknown one is [ErrNotFound].
	Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error)
}

// Sink is where content goes.
type Sink interface {
	// Exists reports whether the content is there.
	Exists(ctx context.Context, d ocispec.Descriptor) (bool, error)
	// Push writes content and refuses bytes that are not the descriptor's.
	// Content that is there already is not an error.
	Push(ctx context.Context, d ocispec.Descriptor, content io.Reader) error
	// Tag names a manifest that has been pushed.
	Tag(ctx context.Context, d ocispec.Descriptor, reference string) error
}

// Target is a place that artifacts are read from and written to. Its shape is
// that of an oras.Target plus Close, yet no caller needs to import oras.
type Target interface {
	Source
	Sink
	// Close ends the use of the target. An archive is written now, if anything
	// has been tagged in it.
	Close() error
}

// Options say how to talk to a remote registry; the zero value is right for
// most. Layouts and archives need none of it.
type Options struct {
	// PlainHTTP speaks HTTP without TLS to any host. Loopback hosts need no
	// option.
	PlainHTTP bool
	// Insecure accepts any TLS certificate.
	Insecure bool
	// DockerConfig is the folder of Docker's config.json with credentials and
	// helpers; empty means Docker's own rule ($DOCKER_CONFIG, then ~/.docker).
	DockerConfig string
	// UserAgent is sent with every request; empty means "wpk".
	UserAgent string
	// Retry bounds the repeated attempts.
	Retry RetryOptions
	// Locks is a folder for lock files. With it the processes of this machine
	// change the signatures beside one artifact one after the other. Without it,
	// or when it cannot be written, they notice that they have overwritten each
	// other and merge again, as with processes of other machines, which takes
	// longer.
	Locks string
	// Event is told about retries, by several goroutines at once when several
	// blobs travel; nil is fine.
	Event func(Event)
}

// Open returns the target of a reference. Nothing is contacted or created: a
// missing folder comes into being with the first Push, and a missing repository
// is an [ErrNotFound] of the first Resolve.
func Open(ctx context.Context, ref Ref, o Options) (Target, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch ref.Transport {
	case Layout:
		return OpenStore(ref.Path)
	case Archive:
		return openArchive(ref.Path)
	default:
		return openRemote(ref, o), nil
	}
}
