package pack

import (
	"bytes"
	"context"
	_ "crypto/sha256" // digest.Digest verifies with the algorithms that are
	_ "crypto/sha512" // linked in
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// blobs reads whole blobs from a source, each once.
type blobs struct {
	src Source

	mu  sync.Mutex
	got map[digest.Digest][]byte
}

func newBlobs(src Source) *blobs { return &blobs{src: src, got: map[digest.Digest][]byte{}} }

// get returns the bytes of a blob, held against its descriptor before anybody
// parses them. What names the kind of blob in errors.
func (b *blobs) get(ctx context.Context, d ocispec.Descriptor, what string, limit int64) ([]byte, error) {
	if err := checkDescriptor(d, what); err != nil {
		return nil, err
	}
	if d.Size > limit {
		return nil, &LimitError{what + " " + d.Digest.String(), limit}
	}
	b.mu.Lock()
	raw, ok := b.got[d.Digest]
	b.mu.Unlock()
	sum := d.Digest // of what was fetched before
	if !ok {
		var err error
		if raw, err = b.fetch(ctx, d); err != nil {
			return nil, fmt.Errorf("fetch %s %s: %w", what, d.Digest, err)
		}
		sum = d.Digest.Algorithm().FromBytes(raw)
	}
	if sum != d.Digest || int64(len(raw)) != d.Size {
		return nil, &DigestError{Want: d.Digest, Got: sum, WantSize: d.Size, GotSize: int64(len(raw))}
	}
	b.mu.Lock()
	b.got[d.Digest] = raw
	b.mu.Unlock()
	return raw, nil
}

// fetch reads at most one byte more than announced, which shows a blob that is
// too long. The buffer grows with the bytes that really come.
func (b *blobs) fetch(ctx context.Context, d ocispec.Descriptor) ([]byte, error) {
	body, err := b.src.Fetch(ctx, d)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	const firstGuess = 1 << 20
	buf := bytes.NewBuffer(make([]byte, 0, min(d.Size, firstGuess)+bytes.MinRead))
	_, err = buf.ReadFrom(io.LimitReader(body, d.Size+1))
	return buf.Bytes(), err
}

// checkDescriptor makes sure that the digest can be computed and the size can
// be one.
func checkDescriptor(d ocispec.Descriptor, what string) error {
	if err := d.Digest.Validate(); err != nil {
		return &InvalidError{What: what, Digest: d.Digest, Reason: "unusable digest", Err: err}
	}
	if d.Size < 0 {
		return &InvalidError{What: what, Digest: d.Digest, Reason: "negative size"}
	}
	return nil
}
