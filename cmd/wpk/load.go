package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// maxModuleFile bounds a module that is read from a plain file.
const maxModuleFile = 512 << 20

// loadFlags say where run, smoke, inspect and pack take a module from.
type loadFlags struct {
	transferFlags
	pull   string
	module string
	trust  trustFlags // of verbs that verify; see registerOptional
}

// The values of --pull.
const (
	pullMissing = "missing"
	pullAlways  = "always"
	pullNever   = "never"
)

func (l *loadFlags) register(c *cobra.Command) {
	l.transferFlags.register(c)
	c.Flags().StringVar(&l.pull, "pull", pullMissing, "`WHEN` to ask the registry: missing, always, never")
	c.Flags().StringVar(&l.module, "module", "", "`NAME` of the module in an artifact with several: a Spin component, a file, a digest")
}

func (l *loadFlags) check() error {
	switch l.pull {
	case pullMissing, pullAlways, pullNever:
		return nil
	}
	return &valueError{"--pull", l.pull, "want missing, always or never"}
}

// subject is what an argument of run, smoke or inspect names.
type subject struct {
	Name    string
	Digest  digest.Digest // of the index or manifest; "" for a plain file, see digest
	Content *pack.Content

	module digest.Digest // once it was asked for
}

// moduleDigest is that of the module, which run has no need to hash.
func (s *subject) moduleDigest() digest.Digest {
	if s.module == "" {
		s.module = digest.FromBytes(s.Content.Module)
	}
	return s.module
}

// digest names what the argument does. Of a plain file that is the module.
func (s *subject) digest() digest.Digest {
	if s.Digest == "" {
		return s.moduleDigest()
	}
	return s.Digest
}

// load reads what an argument names: a .wasm file, a layout or archive, the
// local store's copy of a reference, or after a pull the registry's.
func (a *app) load(ctx context.Context, arg string, l loadFlags) (*subject, error) {
	if path, ok := moduleFile(arg); ok {
		if l.trust.asked() {
			return nil, &valueError{"reference", arg, "a plain file carries no signatures: verify a reference"}
		}
		return loadFile(path)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	ref, err := registry.ParseRef(arg)
	if err != nil {
		return nil, err
	}
	src, desc, err := a.locate(ctx, ref, l)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	content, err := pack.ReadModule(ctx, src, desc, l.module)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", ref, err)
	}
	return &subject{Name: ref.String(), Digest: desc.Digest, Content: content}, nil
}

// locate finds the target that holds ref, pulling it into the store if need be.
// What it returns was verified, if that was asked for, and has the digest that was.
func (a *app) locate(ctx context.Context, ref registry.Ref, l loadFlags) (registry.Target, ocispec.Descriptor, error) {
	none := ocispec.Descriptor{}
	trusted, err := a.trust(ctx, l.trust)
	if err != nil {
		return nil, none, err
	}
	if ref.Transport != registry.Remote {
		t, err := registry.Open(ctx, ref, a.registryOptions(l.transferFlags))
		if err != nil {
			return nil, none, err
		}
		desc, err := t.Resolve(ctx, ref.Reference())
		if err == nil && trusted != nil {
			err = trusted.checkStored(ctx, artifactOf(place{ref: ref}, t, desc), nil)
		}
		if err != nil {
			return nil, none, errors.Join(err, t.Close())
		}
		return t, desc, nil
	}
	store, err := a.store()
	if err != nil {
		return nil, none, err
	}
	if l.pull != pullAlways {
		desc, err := store.Resolve(ctx, ref.String())
		if err == nil && trusted != nil {
			err = trusted.checkStored(ctx, artifactOf(place{ref: ref, store: true}, store, desc), l.elsewhere(ref))
		}
		if err == nil {
			return store, desc, nil
		}
		if !errors.Is(err, registry.ErrNotFound) || l.pull == pullNever {
			return nil, none, errors.Join(err, store.Close())
		}
	}
	res, err := a.copyRef(ctx, copyPlan{verb: verbPull, src: place{ref: ref}, dst: place{ref: ref, store: true}, trust: trusted}, l.transferFlags)
	if err != nil {
		if l.pull == pullMissing {
			err = fmt.Errorf("%s is not in the local store, and was not pulled: %w", ref, err)
		}
		return nil, none, errors.Join(err, store.Close())
	}
	return store, res.Descriptor, nil
}

// elsewhere is where else to look for signatures of what is in the local store;
// nil when the registry must not be asked.
func (l loadFlags) elsewhere(ref registry.Ref) *registrySource {
	if l.pull == pullNever {
		return nil
	}
	return &registrySource{ref, l.transferFlags}
}

// moduleFile tells whether an argument is a path to a module: written as a
// path, or a bare name that ends in .wasm. Anything else is a reference, so
// that no file in the current folder can stand in for one.
func moduleFile(arg string) (string, bool) {
	written := filepath.IsAbs(arg) || strings.HasPrefix(arg, "."+string(filepath.Separator)) ||
		strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../")
	bare := strings.HasSuffix(arg, ".wasm") && !strings.ContainsAny(arg, "/:@")
	return arg, written || bare
}

func loadFile(path string) (*subject, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return loadModule(f, path, info.Size())
}

// loadModule reads a bare module of about so many bytes, which is its own
// program.
func loadModule(r io.Reader, path string, size int64) (*subject, error) {
	var b bytes.Buffer
	b.Grow(int(min(size, maxModuleFile)) + bytes.MinRead) // else a large module moves many times
	if _, err := b.ReadFrom(io.LimitReader(r, maxModuleFile+1)); err != nil {
		return nil, err
	}
	data := b.Bytes()
	if len(data) > maxModuleFile {
		return nil, &valueError{"module", path, "larger than 512 MiB"}
	}
	return &subject{
		Name: path,
		Content: &pack.Content{
			Layout:     layoutFile,
			Module:     data,
			ModulePath: filepath.Base(path),
			Config:     pack.Config{Entrypoint: []string{filepath.Base(path)}},
		},
	}, nil
}
