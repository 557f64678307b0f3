package registry

import (
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// verifiedReader hands out the bytes of a descriptor and checks them on the
// way. The last piece is held back until size and digest are known to be right,
// so whoever reads to the end has only good bytes, and whoever passes them on
// has not sent a whole bad blob.
type verifiedReader struct {
	src      io.ReadCloser
	desc     ocispec.Descriptor
	verifier digest.Verifier
	left     int64
	err      error // sticky
}

// verified wraps src. It closes src when the descriptor itself is no good.
func verified(src io.ReadCloser, d ocispec.Descriptor) (io.ReadCloser, error) {
	if err := checkDescriptor(d); err != nil {
		_ = src.Close()
		return nil, err
	}
	return &verifiedReader{src: src, desc: d, verifier: d.Digest.Verifier(), left: d.Size}, nil
}

// checkDescriptor refuses what cannot be verified.
func checkDescriptor(d ocispec.Descriptor) error {
	if err := d.Digest.Validate(); err != nil {
		return corrupt(d, fmt.Errorf("digest %s: %w", quoteBounded(d.Digest.String()), err))
	}
	if d.Size < 0 {
		return corrupt(d, fmt.Errorf("size %d", d.Size))
	}
	return nil
}

func corrupt(d ocispec.Descriptor, cause error) error {
	return &Error{Op: "verify", Ref: quoteless(d.Digest.String()), Kind: ErrCorrupt, Err: cause}
}

func (v *verifiedReader) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	var n int
	if v.left > 0 {
		var err error
		n, err = v.src.Read(p[:min(int64(len(p)), v.left)])
		_, _ = v.verifier.Write(p[:n]) // a hash never fails
		v.left -= int64(n)
		if v.left > 0 {
			if errors.Is(err, io.EOF) {
				err = corrupt(v.desc, fmt.Errorf("it ends after %d of %d bytes", v.desc.Size-v.left, v.desc.Size))
			}
			v.err = err
			return n, err
		}
	}
	if v.err = v.finish(); !errors.Is(v.err, io.EOF) {
		return 0, v.err
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// finish returns io.EOF when the content is complete and right.
func (v *verifiedReader) finish() error {
	var extra [1]byte
	n, err := io.ReadFull(v.src, extra[:])
	switch {
	case n > 0:
		return corrupt(v.desc, fmt.Errorf("it is longer than %d bytes", v.desc.Size))
	case !errors.Is(err, io.EOF):
		return err
	case !v.verifier.Verified():
		return corrupt(v.desc, fmt.Errorf("its %d bytes have another digest", v.desc.Size))
	}
	return io.EOF
}

func (v *verifiedReader) Close() error { return v.src.Close() }
