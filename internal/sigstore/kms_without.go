//go:build !kms

package sigstore

import "context"

// OpenKeyService refuses: without the build tag kms there are no clients of key services in the program.
func OpenKeyService(_ context.Context, uri string) (*Key, error) {
	return nil, &KeyServiceError{URI: uri, Service: keyService(uri), Missing: true}
}
