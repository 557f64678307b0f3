package main

import (
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/registry"
)

// transferFlags are what every verb that talks to registries has.
type transferFlags struct {
	plainHTTP, skipTLS bool
	jobs               int
}

func (t *transferFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&t.plainHTTP, "plain-http", false, "talk to the registry without TLS (loopback hosts need no flag)")
	f.BoolVar(&t.skipTLS, "insecure-skip-tls-verify", false, "accept any certificate of the registry")
	f.IntVar(&t.jobs, "jobs", 0, "`N` blobs at once (default 4)")
}

// copyResult is what push, pull and copy print.
type copyResult struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	Copied    int    `json:"copied"`
	Skipped   int    `json:"skipped"`
	Mounted   int    `json:"mounted"`
	Bytes     int64  `json:"bytes"`
	Unchanged bool   `json:"unchanged"`
	// Referrers are what is about the artifact, when it was to be brought along.
	Referrers *registry.Carried `json:"referrers,omitempty"`
}

func newPush(a *app) *cobra.Command {
	return a.transferCommand(&cobra.Command{
		Use:   "push REF",
		Short: "Copy an artifact from the local store to its registry",
		Long: `Copies an artifact from the local store to the registry that its reference
names. Blobs that are there already are not sent again, and a tag that already
points at the digest costs one request. Signatures and attestations that were
made in the local store come along, and join those that the registry has.`,
		Example: `  wpk push ghcr.io/acme/hello:1.0
  wpk push localhost:5000/demo/hello:1.0
  wpk push --signatures=false ghcr.io/acme/hello:1.0
  wpk push --json ghcr.io/acme/hello:1.0 | jq -r .digest`,
		Args: operands("REF"),
	}, transferOptions{verb: "push", fromStore: true})
}

func newPull(a *app) *cobra.Command {
	return a.transferCommand(&cobra.Command{
		Use:   "pull REF",
		Short: "Copy an artifact from its registry to the local store",
		Long: `Copies an artifact from its registry to the local store, with its signatures and
attestations. They are checked when a flag says whose must be there, and nothing
is copied then before they are good; else those that cannot be fetched are a
warning.`,
		Example: `  wpk pull ghcr.io/acme/hello:1.0
  wpk pull ghcr.io/acme/hello@sha256:…
  wpk pull --json ghcr.io/acme/hello:1.0 | jq -r .digest`,
		Args: operands("REF"),
	}, transferOptions{verb: verbPull, toStore: true})
}

func newCopy(a *app) *cobra.Command {
	return a.transferCommand(&cobra.Command{
		Use:     "copy SOURCE DESTINATION",
		Aliases: []string{"cp"},
		Short:   "Copy an artifact between registries, folders and archives",
		Long: `Copies an artifact, every byte checked against its digest. A place is
  host/repository[:tag][@digest]   a registry
  oci:FOLDER[:tag]                 an OCI image layout
  oci-archive:FILE[:tag]           the same as one tar file
  store:REF                        the local store
With --referrers everything comes along that is about the artifact, its parts,
or about any of that in turn.`,
		Example: `  wpk copy ghcr.io/acme/hello:1.0 registry.example.com/hello:1.0
  wpk copy store:ghcr.io/acme/hello:1.0 oci-archive:hello.tar:1.0
  wpk copy oci:layout:1.0 localhost:5000/hello:1.0
  wpk copy --referrers ghcr.io/acme/hello:1.0 oci-archive:hello.tar:1.0`,
		Args: operands("SOURCE", "DESTINATION"),
	}, transferOptions{verb: verbCopy})
}

// transferCommand gives a command the flags and the work of all transfers.
// With one operand it is both ends: in the store and in the registry.
func (a *app) transferCommand(c *cobra.Command, o transferOptions) *cobra.Command {
	c.RunE = func(c *cobra.Command, argv []string) error {
		o.from, o.to = argv[0], argv[len(argv)-1]
		return a.transfer(c.Context(), o)
	}
	o.transferFlags.register(c)
	o.carryFlags.register(c, o.verb)
	o.trust.registerOptional(c)
	jsonFlag(c, &o.json)
	return c
}

type transferOptions struct {
	transferFlags
	carryFlags
	trust              trustFlags
	verb, from, to     string
	fromStore, toStore bool
	json               bool
}
