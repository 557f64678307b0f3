package main

import (
	"context"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
)

// carryFlags say what travels with an artifact: on push and pull its signatures
// unless they are declined, on copy everything when it is asked for.
type carryFlags struct {
	signatures, referrers bool
}

// any tells whether something is to be carried.
func (f carryFlags) any() bool { return f.signatures || f.referrers }

func (f *carryFlags) register(c *cobra.Command, verb string) {
	if verb == verbCopy {
		c.Flags().BoolVar(&f.referrers, "referrers", false, "copy what is about the artifact too: signatures, attestations, SBOMs, and what is about those")
		return
	}
	c.Flags().BoolVar(&f.signatures, "signatures", true, "bring the signatures and attestations of the artifact along")
}

// subjectOf is the artifact of a place as something to be said something about.
func subjectOf(p place, t registry.Target, d ocispec.Descriptor) registry.Subject {
	s := registry.Subject{Target: t, Descriptor: d}
	if p.store {
		s.Name = p.ref.StorePrefix()
	}
	return s
}

// carry brings what is about an artifact to where the artifact has been copied;
// nil when that is not asked for. A pull that cannot has still brought the
// artifact, and says so: nobody has asked yet who signed it.
func (a *app) carry(ctx context.Context, p copyPlan, src, dst registry.Subject, progress *transferProgress) (*registry.Carried, error) {
	if !p.carry.any() {
		return nil, nil
	}
	carried, err := registry.CopyReferrers(ctx, src, dst, registry.CarryOptions{
		// Only of a pull is it known neither what there is nor that it is wanted.
		Evidence: p.verb == verbPull,
		Event:    progress.event,
	})
	if err != nil && p.verb == verbPull && ctx.Err() == nil {
		a.ui.Status("")
		a.ui.Say("warning: the signatures were not pulled: %s", oneLine(err))
		return nil, nil
	}
	return &carried, err
}

// sayCarried tells what came along, if anything did.
func (a *app) sayCarried(verb string, c *registry.Carried) {
	if c == nil {
		return
	}
	var parts []string
	if c.Copied > 0 {
		parts = append(parts, ui.Count(c.Copied, "referrer")+" copied")
	}
	if c.Left > 0 {
		parts = append(parts, ui.Count(c.Left, "referrer")+" left out: damaged or too large")
	}
	if len(parts) > 0 {
		a.ui.Say("%s: %s", verb, strings.Join(parts, "; "))
	}
}
