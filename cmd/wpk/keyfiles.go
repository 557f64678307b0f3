package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/sigstore"
)

// openKey opens a private key: a file, or a URI of a key service. The password is asked for when the file wants one.
func (a *app) openKey(ctx context.Context, name, passwordFile string) (*sigstore.Key, error) {
	if sigstore.IsKeyURI(name) {
		return sigstore.OpenKeyService(ctx, name)
	}
	signer, err := a.readKey(name, passwordFile)
	if err != nil {
		return nil, err
	}
	return sigstore.NewKey(signer)
}

// readKey reads a file with a private key.
func (a *app) readKey(name, passwordFile string) (crypto.Signer, error) {
	raw, err := readSmall(name, sigstore.MaxKeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := sigstore.ParsePrivateKey(raw, func() ([]byte, error) { return a.password(passwordFile, name, false) })
	var nobody *passwordError
	if errors.As(err, &nobody) {
		return nil, err // it names the key
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return signer, nil
}

// keyFiles are the two files of a key.
type keyFiles struct{ Private, Public string }

func filesOf(output string) keyFiles { return keyFiles{output + ".key", output + ".pub"} }

// existsError is a file that is not overwritten.
type existsError struct{ path string }

func (e *existsError) Error() string { return e.path + " is there already" }
func (e *existsError) Unwrap() error { return fs.ErrExist }

// write writes both files or none. Without force both names must be free, and are taken at once.
func (f keyFiles) write(private, public []byte, force bool) (err error) {
	if !force {
		free, takeErr := f.take()
		if takeErr != nil {
			return takeErr
		}
		defer func() {
			if err != nil {
				free()
			}
		}()
	}
	// The public file gets its name last, and only when the other has got its own.
	return durable.WriteFile(f.Public, func(w io.Writer) error {
		if _, err := w.Write(public); err != nil {
			return err
		}
		return durable.WriteSecret(f.Private, func(w io.Writer) error {
			_, err := w.Write(private)
			return err
		})
	})
}

// take makes both files, empty; free removes them.
func (f keyFiles) take() (free func(), err error) {
	var taken []string
	free = func() {
		for _, path := range taken {
			_ = os.Remove(path)
		}
	}
	for _, path := range []string{f.Private, f.Public} {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the user's own choice
		if err != nil {
			free()
			if errors.Is(err, fs.ErrExist) {
				return nil, &existsError{path}
			}
			return nil, err
		}
		taken = append(taken, path)
		if err := file.Close(); err != nil {
			free()
			return nil, err
		}
	}
	return free, nil
}
