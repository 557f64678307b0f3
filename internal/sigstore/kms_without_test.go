//go:build !kms

package sigstore_test

import (
	"errors"
	"testing"

	"github.com/wpkdev/wpk/internal/sigstore"
)

// Without the build tag each service is refused by its name.
func TestNoKeyServices(t *testing.T) {
	for scheme, service := range sigstore.KeyServices() {
		_, err := sigstore.OpenKeyService(t.Context(), scheme+"key")
		var e *sigstore.KeyServiceError
		if !errors.As(err, &e) || !e.Missing || e.Service != service {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	var e *sigstore.KeyServiceError
	if _, err := sigstore.OpenKeyService(t.Context(), "pkcs11:x://y"); !errors.As(err, &e) || e.Service != "" {
		t.Errorf("%v", err)
	}
}
