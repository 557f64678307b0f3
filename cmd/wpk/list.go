package main

import (
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
)

// listEntry is one artifact of the local store.
type listEntry struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
}

func newList(a *app) *cobra.Command {
	var asJSON, withEvidence bool
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List what is in the local store",
		Example: "  wpk list\n  wpk list --json | jq -r '.[].reference'\n  wpk ls --all",
		Args:    operands(),
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			defer store.Close()
			all, err := store.List(c.Context())
			if err != nil {
				return err
			}
			entries := make([]listEntry, 0, len(all))
			rows := [][]ui.Cell{heading("REFERENCE", "DIGEST")}
			for _, e := range all {
				if _, _, beside := registry.EvidenceName(e.Name); beside && !withEvidence {
					continue
				}
				entries = append(entries, listEntry{e.Name, string(e.Descriptor.Digest), e.Descriptor.MediaType})
				rows = append(rows, ui.Cells(ui.Printable(e.Name), string(e.Descriptor.Digest)))
			}
			if asJSON {
				return a.printJSON(entries)
			}
			if len(entries) == 0 {
				a.ui.Say("the local store is empty")
				return nil
			}
			return ui.Table(a.ui.Out, a.ui.OutColor, rows)
		},
	}
	c.Flags().BoolVar(&withEvidence, "all", false, "list signatures and other things about artifacts too")
	jsonFlag(c, &asJSON)
	return c
}

func newRemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "remove REF…",
		Aliases: []string{"rm"},
		Short:   "Remove artifacts from the local store",
		Long: `Removes names from the local store, and the blobs that no other name needs.
Signatures and attestations go with the last name of what they are about.
Registries are not touched.`,
		Example: "  wpk remove ghcr.io/acme/hello:1.0\n  wpk rm localhost/go-hello localhost/c-hello\n  wpk list --json | jq -r '.[].reference' | xargs wpk remove",
		Args:    operands("REF…"),
		RunE: func(c *cobra.Command, argv []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			defer store.Close()
			for _, arg := range argv {
				p, err := parsePlace(storePrefix + arg)
				if err != nil {
					return err
				}
				freed, err := store.Remove(c.Context(), p.ref.String())
				if err != nil {
					return err
				}
				a.ui.Say("removed %s: %s freed", p.ref, ui.Bytes(freed.Bytes))
			}
			return nil
		},
	}
}
