package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newToolchain(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "toolchain",
		Short: "Compilers and runtime packs: what is there, what is missing",
		Long: `Shows which compilers builds would use, and manages runtime packs: the
interpreters of Python and JavaScript as WebAssembly modules, to which wpk build
attaches programs. A pack is an OCI artifact like any other: wpk push, copy and
inspect take it.`,
		Example: `  wpk toolchain list
  wpk toolchain install python
  wpk toolchain build javascript`,
		Args: knownVerb,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newToolchainList(a), newToolchainInstall(a), newToolchainBuild(a), newToolchainRemove(a))
	return c
}

// packResult is what install and build print.
type packResult struct {
	Language   string   `json:"language"`
	Version    string   `json:"version"`
	ABI        int      `json:"abi"`
	References []string `json:"references"`
	Digest     string   `json:"digest"`
	Used       bool     `json:"used"`             // builds use it from now on
	Folder     string   `json:"folder,omitempty"` // with its files
}

func (a *app) printPacks(all []packResult, asJSON bool) error {
	if asJSON {
		return a.printJSON(all)
	}
	for _, p := range all {
		for _, ref := range p.References {
			fmt.Fprintf(a.ui.Out, "%s@%s\n", ref, p.Digest)
		}
	}
	return nil
}
