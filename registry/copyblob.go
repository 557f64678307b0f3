package registry

import (
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// copyBlob copies one blob, unless the target has it or can take it over from
// another of its repositories.
func (c *copier) copyBlob(ctx context.Context, d ocispec.Descriptor) error {
	there, err := c.dst.Exists(ctx, d)
	if err != nil {
		return err
	}
	if there {
		c.skip(d)
		return nil
	}
	return c.options.Retry.do(ctx, c.events, func() (bool, error) {
		progress := &progressReader{desc: d, events: c.events}
		err := c.transfer(ctx, d, progress)
		// Before the first byte the HTTP client has done all the repeating.
		return progress.read.Load() > 0, err
	})
}

// transfer makes one attempt to bring a blob over.
func (c *copier) transfer(ctx context.Context, d ocispec.Descriptor, progress *progressReader) error {
	fetched := false
	fetch := func() (io.ReadCloser, error) {
		fetched = true
		c.events.send(Event{Kind: EventStart, Descriptor: d})
		rc, err := c.src.Fetch(ctx, d)
		if err != nil {
			return nil, err
		}
		progress.src = rc
		return readCloser{progress, rc}, nil
	}
	from, _ := c.src.(*remoteTarget)
	to, _ := c.dst.(*remoteTarget)
	if from != nil && to != nil && to.sameRegistry(from) {
		err := to.mount(ctx, d, from, fetch)
		switch {
		case err == nil && fetched:
			c.copied(d)
			return nil
		case err == nil:
			c.mounted(d)
			return nil
		case fetched || ctx.Err() != nil || !refusesMount(err):
			return err
		}
	}
	rc, err := fetch()
	if err != nil {
		return err
	}
	defer rc.Close()
	if err := c.dst.Push(ctx, d, rc); err != nil {
		return err
	}
	c.copied(d)
	return nil
}

// refusesMount recognizes registries that answer a mount with an error instead
// of opening an upload, for example when the source may not be read with the
// same token.
func refusesMount(err error) bool {
	for _, kind := range []error{ErrUnauthorized, ErrDenied, ErrNotFound, ErrRejected} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
