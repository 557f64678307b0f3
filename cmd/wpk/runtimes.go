package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// The packs that a release comes with, as references with a digest. They are
// set by the release build with -ldflags "-X main.pythonRuntime=…"; a build
// without them has no default.
var (
	pythonRuntime     = ""
	javascriptRuntime = ""
)

// runtimeLanguages are the languages whose programs need a runtime pack.
func runtimeLanguages() []string {
	return []string{build.LanguageJavaScript, build.LanguagePython}
}

// pinned is the pack that a language has without anybody's choice. The
// environment may name another one, such as a mirror's copy:
// WPK_RUNTIME_PYTHON, WPK_RUNTIME_JAVASCRIPT.
func (a *app) pinned(language string) (ref registry.Ref, ok bool, err error) {
	name := "WPK_RUNTIME_" + strings.ToUpper(language)
	value := a.getenv(name)
	if value == "" {
		switch language {
		case build.LanguagePython:
			value = pythonRuntime
		case build.LanguageJavaScript:
			value = javascriptRuntime
		}
	}
	if value == "" {
		return ref, false, nil
	}
	ref, err = parsePinned(name, value)
	return ref, err == nil, err
}

// parsePinned reads a reference that always means the same bytes.
func parsePinned(what, value string) (registry.Ref, error) {
	ref, err := registry.ParseRef(value)
	if err == nil && (ref.Digest == "" || ref.Transport != registry.Remote) {
		err = &valueError{what, value, "want host/repository@sha256:…: a pack is part of what a build is made of"}
	}
	return ref, err
}

// runtimes finds the runtime packs for builds. It is a [build.Runtimes].
type runtimes struct {
	*app
	chosen *registry.Ref // by --runtime; nil is the installed one
}

// newRuntimes checks the value of --runtime.
func (a *app) newRuntimes(chosen string) (*runtimes, error) {
	r := &runtimes{app: a}
	if chosen == "" {
		return r, nil
	}
	ref, err := parsePinned("--runtime", chosen)
	r.chosen = &ref
	return r, err
}

// Runtime returns the pack that was asked for, else the one that is used, else
// the release's own, which is pulled when it is needed for the first time.
func (r *runtimes) Runtime(ctx context.Context, language string) (*runtimepack.Pack, error) {
	ref, err := r.which(language)
	if err != nil {
		return nil, err
	}
	p, err := r.cached(ref.Digest)
	if err != nil {
		p, err = r.fetch(ctx, ref, language)
	}
	if err == nil && p.Language != language {
		err = &wrongLanguageError{ref.String(), p.Language, language}
	}
	return p, err
}

// which returns a reference with a digest.
func (r *runtimes) which(language string) (registry.Ref, error) {
	if r.chosen != nil {
		return *r.chosen, nil
	}
	state, err := r.readRuntimeState()
	if err != nil {
		return registry.Ref{}, err
	}
	if used, ok := state.used(language); ok {
		ref, err := registry.ParseRef(used.Reference)
		ref.Digest = used.Digest
		return ref, err
	}
	ref, ok, err := r.pinned(language)
	if err == nil && !ok {
		err = missingRuntime(language)
	}
	return ref, err
}

// missingRuntime is a language without any pack.
func missingRuntime(language string) error {
	return &build.MissingError{
		Kind: build.KindRuntime, Name: language,
		Purpose: "is what programs are attached to; none is installed, and this wpk comes without a default",
	}
}

// wrongLanguageError is a pack for another language than it was named for.
type wrongLanguageError struct{ ref, is, want string }

func (e *wrongLanguageError) Error() string {
	return fmt.Sprintf("%s is a runtime pack for %s, not for %s", e.ref, e.is, e.want)
}

// localHost is the host of what was built on this machine. No registry has it.
const localHost = "localhost"

// fetch unpacks a pack that is in the store, or else pulls it first.
func (r *runtimes) fetch(ctx context.Context, ref registry.Ref, language string) (*runtimepack.Pack, error) {
	store, err := r.store()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	desc, err := store.Resolve(ctx, ref.String())
	if errors.Is(err, registry.ErrNotFound) {
		if ref.Host == localHost {
			return nil, missingRuntime(language)
		}
		r.ui.Say("runtime: fetching %s, once", ref)
		desc, err = r.pullPack(ctx, ref, loadFlags{})
	}
	if err != nil {
		return nil, err
	}
	return r.unpack(ctx, store, desc)
}

// pullPack copies a pack into the store, when it is one that this wpk can use:
// what a pack says of itself is read before anything large.
func (a *app) pullPack(ctx context.Context, ref registry.Ref, l loadFlags) (ocispec.Descriptor, error) {
	src, err := registry.Open(ctx, ref, a.registryOptions(l.transferFlags))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer src.Close()
	desc, err := src.Resolve(ctx, ref.Reference())
	if err != nil {
		return desc, err
	}
	content, err := pack.ReadRuntime(ctx, src, desc)
	if err != nil {
		return desc, fmt.Errorf("cannot use %s: %w", ref, err)
	}
	res, err := a.copyRef(ctx, copyPlan{verb: verbPull, src: place{ref: ref}, dst: place{ref: storeName(ref, content.Config), store: true}}, l.transferFlags)
	return res.Descriptor, err
}

// storeName is what a pack is called in the store: as in its registry, or when
// it comes from a folder or an archive, like one that was built here.
func storeName(ref registry.Ref, c runtimepack.Config) registry.Ref {
	if ref.Transport == registry.Remote {
		return ref
	}
	return registry.Ref{Transport: registry.Remote, Host: localHost, Repository: "runtime/" + c.Language, Tag: c.Tag()}
}

// packDir is where a pack is unpacked.
func (a *app) packDir(sum digest.Digest) (string, error) {
	cache, err := a.cacheDir()
	return filepath.Join(cache, "runtimes", sum.Encoded()), err
}

// cached returns a pack that is unpacked already.
func (a *app) cached(sum digest.Digest) (*runtimepack.Pack, error) {
	dir, err := a.packDir(sum)
	if err != nil {
		return nil, err
	}
	p, err := runtimepack.Open(dir)
	if err != nil {
		return nil, err
	}
	p.Digest = sum.String()
	return p, nil
}

// unpack makes the folder of a pack from the artifact in the store. The folder
// is whole or not there, and everything in it was verified.
func (a *app) unpack(ctx context.Context, store registry.Source, desc ocispec.Descriptor) (*runtimepack.Pack, error) {
	if p, err := a.cached(desc.Digest); err == nil {
		return p, nil
	}
	content, err := pack.ReadRuntime(ctx, store, desc)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", desc.Digest, err)
	}
	dir, err := a.packDir(desc.Digest)
	if err != nil {
		return nil, err
	}
	release, err := lockPacks(ctx, filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer release()
	if p, err := a.cached(desc.Digest); err == nil { // another process was faster
		return p, nil
	}
	if err := os.RemoveAll(dir); err != nil { // it is there and no pack
		return nil, err
	}
	p, err := runtimepack.Whole(dir, func(dir string) error { return content.Unpack(ctx, dir) })
	if err != nil {
		return nil, fmt.Errorf("cannot unpack %s: %w", desc.Digest, err)
	}
	p.Digest = desc.Digest.String()
	return p, nil
}

// lockPacks makes this process the only one that changes the unpacked packs,
// and clears up after those that were killed while they did.
func lockPacks(ctx context.Context, dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	release, err = filelock.Lock(ctx, filepath.Join(dir, ".lock"), filelock.Exclusive)
	if err != nil {
		return nil, err
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if durable.IsTemp(e.Name()) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
	return release, nil
}
