package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// installedPack is a runtime pack on this machine.
type installedPack struct {
	Language  string        `json:"language,omitempty"`
	Version   string        `json:"version,omitempty"`
	ABI       int           `json:"abi,omitempty"`
	Reference string        `json:"reference"` // its name in the local store tells where it is from
	Digest    digest.Digest `json:"digest"`
	Size      int64         `json:"size,omitempty"` // bytes in the store
	Used      bool          `json:"used"`
	Problem   string        `json:"problem,omitempty"` // why it cannot be used
}

// isNamed reports whether an argument means a pack.
func (p *installedPack) isNamed(arg string) bool {
	if arg == p.Language || arg == p.Digest.String() || arg == p.Reference {
		return true
	}
	ref, err := registry.ParseRef(arg)
	return err == nil && !isWord(arg) && ref.String() == p.Reference
}

// notInStore is the problem of a pack whose artifact was removed as such.
const notInStore = "its artifact is no longer in the local store"

// installed lists the packs: those in the store, and those that are chosen and
// unpacked only.
func (a *app) installed(ctx context.Context, store *registry.Store) ([]installedPack, error) {
	state, err := a.readRuntimeState()
	if err != nil {
		return nil, err
	}
	entries, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	all := []installedPack{}
	for _, e := range entries {
		c, err := pack.ReadRuntime(ctx, store, e.Descriptor)
		if errors.Is(err, pack.ErrNoRuntime) {
			continue
		}
		p := installedPack{Reference: e.Name, Digest: e.Descriptor.Digest}
		if err != nil {
			if !isPackProblem(err) {
				continue // an image that is damaged is not this verb's business
			}
			p.Problem = oneLine(err)
		} else {
			p.Language, p.Version, p.ABI, p.Size = c.Language, c.Version, c.ABI, c.Size
			p.Used, err = a.isUsed(state, p)
			if err != nil {
				return nil, err
			}
		}
		all = append(all, p)
	}
	for _, u := range state.Used {
		if !slices.ContainsFunc(all, func(p installedPack) bool { return p.Digest == u.Digest }) {
			all = append(all, installedPack{Language: u.Language, ABI: u.ABI, Reference: u.Reference, Digest: u.Digest, Used: true, Problem: notInStore})
		}
	}
	return all, ctx.Err()
}

// isUsed reports whether builds would take a pack.
func (a *app) isUsed(state *runtimeState, p installedPack) (bool, error) {
	if used, ok := state.used(p.Language); ok {
		return used.Digest == p.Digest, nil
	}
	ref, ok, err := a.pinned(p.Language)
	if err != nil {
		return false, fmt.Errorf("the default runtime for %s: %w", p.Language, err)
	}
	return ok && ref.Digest == p.Digest, nil
}

// isPackProblem reports whether an artifact is a pack that cannot be used.
func isPackProblem(err error) bool {
	var abi *runtimepack.ABIError
	var format *runtimepack.FormatError
	return errors.As(err, &abi) || errors.As(err, &format)
}
