package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

type toolchainBuildOptions struct {
	tags    []string
	output  string
	sources string
	recipes string
	jobs    int
	json    bool
}

func newToolchainBuild(a *app) *cobra.Command {
	var o toolchainBuildOptions
	c := &cobra.Command{
		Use:   "build LANGUAGE",
		Short: "Make a runtime pack from source with this system's compilers",
		Long: `Makes the runtime pack of a language from the distribution's source packages,
reproducibly: the same sources and compilers give the same digest anywhere. The
pack goes into the local store as localhost/runtime/LANGUAGE:VERSION-abiN, or
wherever -t says. When that is the local store, builds use it from then on.`,
		Example: `  wpk toolchain build javascript
  wpk toolchain build python -t ghcr.io/acme/runtime/python:3.13
  wpk toolchain build javascript -t oci:./packs:javascript --output ./pack`,
		Args: operands("LANGUAGE"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runToolchainBuild(c.Context(), a, o, argv[0])
		},
	}
	f := c.Flags()
	f.StringArrayVarP(&o.tags, "tag", "t", nil, "`REF` to write: host/repository[:tag] in the local store, oci:FOLDER[:tag] or oci-archive:FILE[:tag]; may be repeated")
	f.StringVarP(&o.output, "output", "o", "", "leave the pack's files in this `FOLDER` as well, which must be new or empty")
	f.StringVar(&o.sources, "sources", "", "`FOLDER` with source archives, which are then not downloaded")
	f.StringVar(&o.recipes, "recipes", "", "`FOLDER` with recipes, in the place of wpk's own")
	f.IntVar(&o.jobs, "jobs", 0, "`N` compilers at once (default: one a processor)")
	jsonFlag(c, &o.json)
	return c
}

func runToolchainBuild(ctx context.Context, a *app, o toolchainBuildOptions, language string) error {
	places, err := buildPlaces(o.tags)
	if err != nil {
		return err
	}
	p, remove, err := a.buildPack(ctx, o, language)
	if err != nil {
		return err
	}
	defer remove()
	if len(places) == 0 {
		places = []place{{storeName(registry.Ref{Transport: registry.Layout}, p.Config), true}}
	}
	artifact, err := pack.Runtime(p)
	if err != nil {
		return err
	}
	res := packResult{Language: p.Language, Version: p.Version, ABI: p.ABI, Folder: o.output}
	for _, place := range places {
		if res.Digest, err = a.save(ctx, place, artifact); err != nil {
			return err
		}
		res.References = append(res.References, place.ref.String())
		if place.store && !res.Used {
			res.Used = true
			if err := a.usePack(ctx, place.ref, digest.Digest(res.Digest), p.Config); err != nil {
				return err
			}
		}
	}
	if o.json {
		return a.printJSON(res)
	}
	return a.printPacks([]packResult{res}, false)
}

// buildPack makes the pack's folder. remove must be called in the end: it takes
// the folder away unless it was asked for.
func (a *app) buildPack(ctx context.Context, o toolchainBuildOptions, language string) (p *runtimepack.Pack, remove func(), err error) {
	cache, err := a.cacheDir()
	if err != nil {
		return nil, nil, err
	}
	dir, remove := o.output, func() {}
	if dir == "" {
		private, err := privateBelow(filepath.Join(cache, "build"))
		if err != nil {
			return nil, nil, err
		}
		dir, remove = filepath.Join(private, "pack"), func() { _ = os.RemoveAll(private) }
	}
	opts := runtimepack.BuildOptions{
		Language: language, Dir: dir, Source: o.sources, Jobs: o.jobs, Env: a.env, Output: a.ui,
		Cache: filepath.Join(cache, "recipes", language),
	}
	if o.recipes != "" {
		opts.Recipes = os.DirFS(o.recipes)
	}
	a.ui.Status("toolchain: making the %s runtime", language)
	start := time.Now()
	p, err = build.RuntimePack(ctx, opts)
	a.ui.Status("")
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("cannot make the %s runtime: %w", language, err)
	}
	a.ui.Say("toolchain: %s %s made in %s", p.Language, p.Version, ui.Duration(time.Since(start)))
	return p, remove, nil
}

func privateBelow(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, "wpk-runtime-")
}

// usePack makes builds use a pack that is in the store, and unpacks it.
func (a *app) usePack(ctx context.Context, ref registry.Ref, sum digest.Digest, c runtimepack.Config) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	desc, err := store.Resolve(ctx, sum.String())
	if err != nil {
		return err
	}
	if _, err := a.unpack(ctx, store, desc); err != nil {
		return err
	}
	return a.changeRuntimeState(ctx, func(s *runtimeState) {
		s.use(usedPack{Language: c.Language, ABI: c.ABI, Reference: ref.String(), Digest: sum})
	})
}
