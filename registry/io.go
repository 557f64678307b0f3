package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// withContext makes a reader fail as soon as ctx ends.
func withContext(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readCloser joins a reader with the closer of what is below it.
type readCloser struct {
	io.Reader
	io.Closer
}

// decodeBounded reads one JSON value from at most limit bytes.
func decodeBounded(r io.Reader, limit int64, v any) error {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return err
	}
	if int64(len(raw)) > limit {
		return fmt.Errorf("larger than %d bytes", limit)
	}
	return json.Unmarshal(raw, v)
}
