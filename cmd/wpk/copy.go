package main

import (
	"github.com/spf13/cobra"
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
}

func newPush(a *app) *cobra.Command {
	var t transferFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "push REF",
		Short: "Copy an artifact from the local store to its registry",
		Long: `Copies an artifact from the local store to the registry that its reference
names. Blobs that are there already are not sent again, and a tag that already
points at the digest costs one request.`,
		Example: `  wpk push ghcr.io/acme/hello:1.0
  wpk push localhost:5000/demo/hello:1.0
  wpk push --json ghcr.io/acme/hello:1.0 | jq -r .digest`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			return a.transfer(c.Context(), transferOptions{transferFlags: t, verb: "push", from: argv[0], to: argv[0], fromStore: true, json: asJSON})
		},
	}
	t.register(c)
	jsonFlag(c, &asJSON)
	return c
}

func newPull(a *app) *cobra.Command {
	var t transferFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "pull REF",
		Short: "Copy an artifact from its registry to the local store",
		Example: `  wpk pull ghcr.io/acme/hello:1.0
  wpk pull ghcr.io/acme/hello@sha256:…
  wpk pull --json ghcr.io/acme/hello:1.0 | jq -r .digest`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			return a.transfer(c.Context(), transferOptions{transferFlags: t, verb: "pull", from: argv[0], to: argv[0], toStore: true, json: asJSON})
		},
	}
	t.register(c)
	jsonFlag(c, &asJSON)
	return c
}

func newCopy(a *app) *cobra.Command {
	var t transferFlags
	var asJSON bool
	c := &cobra.Command{
		Use:     "copy SOURCE DESTINATION",
		Aliases: []string{"cp"},
		Short:   "Copy an artifact between registries, folders and archives",
		Long: `Copies an artifact, every byte checked against its digest. A place is
  host/repository[:tag][@digest]   a registry
  oci:FOLDER[:tag]                 an OCI image layout
  oci-archive:FILE[:tag]           the same as one tar file
  store:REF                        the local store`,
		Example: `  wpk copy ghcr.io/acme/hello:1.0 registry.example.com/hello:1.0
  wpk copy store:ghcr.io/acme/hello:1.0 oci-archive:hello.tar:1.0
  wpk copy oci:layout:1.0 localhost:5000/hello:1.0`,
		Args: operands("SOURCE", "DESTINATION"),
		RunE: func(c *cobra.Command, argv []string) error {
			return a.transfer(c.Context(), transferOptions{transferFlags: t, verb: "copy", from: argv[0], to: argv[1], json: asJSON})
		},
	}
	t.register(c)
	jsonFlag(c, &asJSON)
	return c
}

type transferOptions struct {
	transferFlags
	verb, from, to     string
	fromStore, toStore bool
	json               bool
}
