package registry

import (
	"context"
	"errors"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/pack"
)

// TestMaxBlob refuses a large layer before a byte of it is copied.
func TestMaxBlob(t *testing.T) {
	src, _ := saved(t, 1, 5000, "a:1")
	dst := mustStore(t, t.TempDir())
	o := fastCopy()
	o.MaxBlob = 4000
	_, err := Copy(t.Context(), src, "a:1", dst, "b", o)
	var size *SizeError
	if !errors.As(err, &size) || size.Limit != 4000 || size.Descriptor.Size <= 4000 {
		t.Errorf("got %v", err)
	}
	o.MaxBlob = 1 << 20
	_, err = Copy(t.Context(), src, "a:1", dst, "b", o)
	must(t, err)
}

// TestCheck gives no name to what a check refuses, and one to the rest.
func TestCheck(t *testing.T) {
	src, root := saved(t, 1, 5000, "a:1")
	dst := mustStore(t, t.TempDir())
	o := fastCopy()
	wrong := errors.New("wrong")
	o.Check = func(ctx context.Context, src pack.Source, d ocispec.Descriptor) error {
		rc, err := src.Fetch(ctx, d)
		if err != nil || d.Digest != root.Digest {
			t.Errorf("%v: %v", d, err)
			return err
		}
		return errors.Join(wrong, rc.Close())
	}
	if _, err := Copy(t.Context(), src, "a:1", dst, "b", o); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	if _, err := dst.Resolve(t.Context(), "b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if there, err := dst.Exists(t.Context(), root); there || err != nil {
		t.Errorf("what was refused is still there: %v", err)
	}
}
