package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
)

func newToolchainRemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "remove LANGUAGE|REF|DIGEST…",
		Aliases: []string{"rm", "uninstall"},
		Short:   "Remove runtime packs",
		Long:    `Removes packs from the local store and the cache. LANGUAGE means all of its packs.`,
		Example: "  wpk toolchain remove python\n  wpk toolchain remove localhost/runtime/javascript:2025.04.26-abi1",
		Args:    operands("LANGUAGE|REF|DIGEST…"),
		RunE: func(c *cobra.Command, argv []string) error {
			for _, arg := range argv {
				if err := a.removePacks(c.Context(), arg); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// removePacks removes what an argument names, with the unpacked folders and the
// choices that nothing else needs.
func (a *app) removePacks(ctx context.Context, arg string) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	all, err := a.installed(ctx, store)
	if err != nil {
		return err
	}
	named := slices.Clone(all)
	named = slices.DeleteFunc(named, func(p installedPack) bool { return !p.isNamed(arg) })
	if len(named) == 0 {
		return &registry.Error{Op: "remove", Ref: arg, Kind: registry.ErrNotFound, Err: errors.New("no such runtime pack; wpk toolchain list shows them")}
	}
	for _, p := range named {
		var freed registry.Freed
		if p.Problem != notInStore {
			if freed, err = store.Remove(ctx, p.Reference); err != nil {
				return err
			}
		}
		all = slices.DeleteFunc(all, func(o installedPack) bool { return o.Reference == p.Reference })
		if !slices.ContainsFunc(all, func(o installedPack) bool { return o.Digest == p.Digest }) {
			if err := a.forgetPack(ctx, p); err != nil {
				return err
			}
		}
		a.ui.Say("removed %s: %s freed", p.Reference, ui.Bytes(freed.Bytes))
	}
	return nil
}

// forgetPack removes the unpacked folder of a pack and the choice of it.
func (a *app) forgetPack(ctx context.Context, p installedPack) error {
	dir, err := a.packDir(p.Digest)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return a.changeRuntimeState(ctx, func(s *runtimeState) {
		s.forget(func(u usedPack) bool { return u.Digest == p.Digest })
	})
}
