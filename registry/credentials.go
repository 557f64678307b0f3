package registry

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// credentialError is a Docker configuration or credential helper that failed.
type credentialError struct {
	host string
	err  error
}

func (e *credentialError) Error() string {
	return fmt.Sprintf("credentials for %s: %v", e.host, e.err)
}

func (e *credentialError) Unwrap() error { return e.err }

// dockerCredentials looks up credentials as docker does: config.json, with its
// helpers. The file is read when a registry asks for the first time, so that
// what is public needs no configuration that works.
func dockerCredentials(folder string) auth.CredentialFunc {
	open := sync.OnceValues(func() (credentials.Store, error) {
		if folder == "" {
			return credentials.NewStoreFromDocker(credentials.StoreOptions{})
		}
		return credentials.NewStore(filepath.Join(folder, "config.json"), credentials.StoreOptions{})
	})
	return func(ctx context.Context, host string) (auth.Credential, error) {
		store, err := open()
		if err != nil {
			return auth.EmptyCredential, &credentialError{host, err}
		}
		found, err := credentials.Credential(store)(ctx, host)
		if err != nil {
			return auth.EmptyCredential, &credentialError{host, err}
		}
		return found, nil
	}
}
