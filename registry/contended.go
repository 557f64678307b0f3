package registry

import (
	"context"
	"net/http"
)

// contendedKey marks the requests of who changes tags that others change at the
// same time.
type contendedKey struct{}

// contended lets requests be repeated after status 500 too. Distribution before
// version 3 writes its files in place, so who reads a tag or a blob while it is
// written gets that status, and a moment later what was asked for: seen with
// sixteen processes that attach to one artifact.
func contended(ctx context.Context) context.Context {
	return context.WithValue(ctx, contendedKey{}, true)
}

func isContention(resp *http.Response) bool {
	return resp.StatusCode == http.StatusInternalServerError && resp.Request.Context().Value(contendedKey{}) != nil
}
