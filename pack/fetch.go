package pack

import (
	"bytes"
	"context"
	_ "crypto/sha256" // digest.Digest verifies with the algorithms that are
	_ "crypto/sha512" // linked in
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// fetch reads a whole blob and holds it against its descriptor before anybody
// parses it. The buffer grows with the bytes that really come, not with the
// size that is announced.
func fetch(ctx context.Context, src Source, d ocispec.Descriptor, what string, limit int64) (_ []byte, err error) {
	if err := checkDescriptor(d, what); err != nil {
		return nil, err
	}
	if d.Size > limit {
		return nil, &LimitError{what + " " + d.Digest.String(), limit}
	}
	body, err := src.Fetch(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("fetch %s %s: %w", what, d.Digest, err)
	}
	defer body.Close()
	const firstGuess = 1 << 20
	buf := bytes.NewBuffer(make([]byte, 0, min(d.Size, firstGuess)+bytes.MinRead))
	// One byte more than announced shows a blob that is too long.
	if _, err := buf.ReadFrom(io.LimitReader(body, d.Size+1)); err != nil {
		return nil, fmt.Errorf("fetch %s %s: %w", what, d.Digest, err)
	}
	got := d.Digest.Algorithm().FromBytes(buf.Bytes())
	if got != d.Digest || int64(buf.Len()) != d.Size {
		return nil, &DigestError{Want: d.Digest, Got: got, WantSize: d.Size, GotSize: int64(buf.Len())}
	}
	return buf.Bytes(), nil
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
