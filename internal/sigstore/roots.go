package sigstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
)

// maxRootFile bounds a trusted root and a signing config, in bytes. The public good instance's root has 7 kB.
const maxRootFile = 4 << 20

// RootError is a trusted root or a signing config that cannot be used.
type RootError struct {
	What string // "trusted root" or "signing config"
	From string // a file, or the address of a TUF repository
	Err  error
}

// Error implements error.
func (e *RootError) Error() string { return fmt.Sprintf("%s %s: %v", e.What, e.From, e.Err) }

// Unwrap returns the cause.
func (e *RootError) Unwrap() error { return e.Err }

// ErrUpdate is a root that could not be brought up to date from its TUF repository.
var ErrUpdate = errors.New("cannot get the public good instance's trust root")

// LoadTrustedRoot reads a trusted_root.json, as `cosign trusted-root create` writes it.
// https://github.com/sigstore/protobuf-specs/blob/v0.5.2/protos/sigstore_trustroot.proto
func LoadTrustedRoot(path string) (root.TrustedMaterial, error) {
	const what = "trusted root"
	raw, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	r, err := root.NewTrustedRootFromJSON(raw)
	if err != nil {
		return nil, &RootError{what, path, err}
	}
	return r, nil
}

// LoadSigningConfig reads a signing config of version 0.2.
func LoadSigningConfig(path string) (*root.SigningConfig, error) {
	raw, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	c, err := root.NewSigningConfigFromJSON(raw)
	if err != nil {
		return nil, &RootError{"signing config", path, err}
	}
	return c, nil
}

// PublicGood is the trusted root of Sigstore's public good instance, brought up to date by TUF once a day and kept in
// a cache folder of wpk's own.
func PublicGood(ctx context.Context, cacheDir string) (root.TrustedMaterial, error) {
	client, err := publicGood(ctx, cacheDir)
	if err != nil {
		return nil, err
	}
	r, err := root.GetTrustedRoot(client)
	if err != nil {
		return nil, &RootError{"trusted root", tuf.DefaultMirror, err}
	}
	return r, nil
}

// PublicGoodServices is the signing config of the same instance.
func PublicGoodServices(ctx context.Context, cacheDir string) (*root.SigningConfig, error) {
	client, err := publicGood(ctx, cacheDir)
	if err != nil {
		return nil, err
	}
	c, err := root.GetSigningConfig(client)
	if err != nil {
		return nil, &RootError{"signing config", tuf.DefaultMirror, err}
	}
	return c, nil
}

// publicGood is a TUF client, whose own limits bound what it fetches.
func publicGood(ctx context.Context, cacheDir string) (*tuf.Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o := tuf.DefaultOptions().WithContext(ctx).WithCachePath(filepath.Join(cacheDir, "tuf")).WithCacheValidity(1)
	client, err := tuf.New(o)
	if err != nil {
		return nil, fmt.Errorf("%w from %s: %w", ErrUpdate, tuf.DefaultMirror, err)
	}
	return client, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path) // #nosec G304 -- the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRootFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxRootFile {
		return nil, &RootError{"file", path, fmt.Errorf("larger than %d MiB", maxRootFile>>20)}
	}
	return raw, nil
}
