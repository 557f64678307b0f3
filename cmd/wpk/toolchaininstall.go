package main

import (
	"context"
	"errors"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/registry"
)

func newToolchainInstall(a *app) *cobra.Command {
	var l loadFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "install [LANGUAGE|REF]",
		Short: "Pull a runtime pack, verify it, and use it",
		Long: `Pulls a runtime pack into the local store, checks every byte of it, and makes
builds use it. LANGUAGE means the pack that this release of wpk was tested with;
without an argument that of every language is installed. REF is any other one: in
a registry, or for machines without a network oci:FOLDER:tag and
oci-archive:FILE:tag.`,
		Example: `  wpk toolchain install python
  wpk toolchain install ghcr.io/acme/runtime/python@sha256:…
  wpk toolchain install oci-archive:python.tar`,
		Args: operands("[LANGUAGE|REF]"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runToolchainInstall(c.Context(), a, l, asJSON, argv)
		},
	}
	l.register(c)
	jsonFlag(c, &asJSON)
	return c
}

func runToolchainInstall(ctx context.Context, a *app, l loadFlags, asJSON bool, argv []string) error {
	if len(argv) == 1 && !isWord(argv[0]) {
		ref, err := registry.ParseRef(argv[0])
		if err != nil {
			return err
		}
		p, err := a.installPack(ctx, ref, l, "")
		if err != nil {
			return err
		}
		return a.printPacks([]packResult{p}, asJSON)
	}
	var all []packResult
	languages := argv
	if len(argv) == 0 {
		languages = runtimeLanguages()
	}
	for _, language := range languages {
		ref, ok, err := a.pinned(language)
		if err == nil && !ok {
			err = missingRuntime(language)
		}
		if err != nil {
			return err
		}
		p, err := a.installPack(ctx, ref, l, language)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	return a.printPacks(all, asJSON)
}

// isWord tells a language's name from a reference.
func isWord(s string) bool { return !strings.ContainsAny(s, "/:@.") }

// installPack brings a pack into the store, unpacks it, and uses it. language
// is set when it is the release's own one: then no choice is remembered, so
// that the next release brings its own.
func (a *app) installPack(ctx context.Context, ref registry.Ref, l loadFlags, language string) (res packResult, err error) {
	store, err := a.store()
	if err != nil {
		return res, err
	}
	defer store.Close()
	desc, err := a.packInStore(ctx, store, ref, l)
	if err != nil {
		return res, err
	}
	p, err := a.unpack(ctx, store, desc)
	if err != nil {
		return res, err
	}
	name := storeName(ref, p.Config)
	switch {
	case language == "":
		err = a.usePack(ctx, name, desc.Digest, p.Config)
	case p.Language != language:
		err = &wrongLanguageError{ref.String(), p.Language, language}
	default:
		err = a.changeRuntimeState(ctx, func(s *runtimeState) {
			s.forget(func(u usedPack) bool { return u.Language == language && u.ABI == p.ABI })
		})
	}
	if err != nil {
		return res, err
	}
	a.ui.Say("toolchain: builds use %s %s", p.Language, p.Version)
	return packResult{
		Language: p.Language, Version: p.Version, ABI: p.ABI,
		References: []string{withoutDigest(name)}, Digest: p.Digest, Used: true,
	}, nil
}

// packInStore finds a pack in the store, or brings it there.
func (a *app) packInStore(ctx context.Context, store *registry.Store, ref registry.Ref, l loadFlags) (desc ocispec.Descriptor, err error) {
	if err := l.check(); err != nil {
		return desc, err
	}
	if ref.Transport == registry.Remote && l.pull != "always" {
		desc, err = store.Resolve(ctx, ref.String())
		if err == nil || !errors.Is(err, registry.ErrNotFound) || l.pull == "never" {
			return desc, err
		}
	}
	return a.pullPack(ctx, ref, l)
}
