package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify/policy"
)

func newPolicy(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Write and try policies: who may have signed what",
		Long: `A policy says which artifacts must be signed by whom, and what else must be true
of them. The files have the shape of sigstore policy-controller's
ClusterImagePolicy, so that one file guards a pipeline and a cluster;
docs/policy.md tells what is taken differently.`,
		Example: `  wpk policy init --key cosign.pub --image 'ghcr.io/acme/**'
  wpk policy check policy.yaml
  wpk policy check policy.yaml ghcr.io/acme/hello:1.0`,
		Args: knownVerb,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPolicyCheck(a), newPolicyInit(a))
	return c
}

type policyCheckOptions struct {
	transferFlags
	trustedRoot    string
	as             string
	allowUnmatched bool
	json           bool
}

func newPolicyCheck(a *app) *cobra.Command {
	var o policyCheckOptions
	c := &cobra.Command{
		Use:   "check FILE [REF]",
		Short: "Check a file of policies, and show what each rule says of an artifact",
		Long: `Reads a file of policies strictly, and tells where a cluster would take it
differently. With a reference, it holds the artifact against every rule and
prints how each has ended: pass, fail, warn, or skipped.

The exit code is 0 when the artifact may be used, and 15 when not.`,
		Example: `  wpk policy check policy.yaml
  wpk policy check policy.yaml ghcr.io/acme/hello:1.0
  wpk policy check policy.yaml oci:layout:1.0 --policy-as ghcr.io/acme/hello:1.0
  wpk policy check policy.yaml ghcr.io/acme/hello:1.0 --json | jq '.policies[].rules'`,
		Args: operands("FILE", "[REF]"),
		RunE: func(c *cobra.Command, argv []string) error {
			if len(argv) == 1 {
				return runPolicyValidate(a, o, argv[0])
			}
			return runPolicyCheck(c.Context(), a, o, argv[0], argv[1])
		},
	}
	f := c.Flags()
	o.register(c)
	f.StringVar(&o.trustedRoot, "trusted-root", "", "`FILE` of authorities and logs to believe where the policy names none (default: those of sigstore.dev)")
	policyAsFlag(f, &o.as)
	f.BoolVar(&o.allowUnmatched, "allow-unmatched", false, "let an artifact pass that no policy is for")
	jsonFlag(c, &o.json)
	return c
}

// policyFile is what check prints of a file alone.
type policyFile struct {
	File     string           `json:"file"`
	Policies []string         `json:"policies"`
	Warnings []policy.Warning `json:"warnings"`
}

func runPolicyValidate(a *app, o policyCheckOptions, file string) error {
	t := &trust{app: a}
	if err := t.readPolicy(trustFlags{policy: file}); err != nil {
		return err
	}
	names := t.policy.Names()
	if o.json {
		return a.printJSON(policyFile{file, names, append([]policy.Warning{}, t.policy.Warnings...)})
	}
	for _, name := range names {
		if _, err := fmt.Fprintln(a.ui.Out, name); err != nil {
			return err
		}
	}
	return nil
}

func runPolicyCheck(ctx context.Context, a *app, o policyCheckOptions, file, arg string) error {
	p, err := parsePlace(arg)
	if err != nil {
		return err
	}
	t, err := a.trust(ctx, trustFlags{policy: file, policyAs: o.as, trustedRoot: o.trustedRoot})
	if err != nil {
		return err
	}
	t.allowUnmatched = o.allowUnmatched
	target, name, err := a.target(ctx, p, o.transferFlags)
	if err != nil {
		return err
	}
	defer target.Close()
	d, err := target.Resolve(ctx, name)
	if err != nil {
		return err
	}
	s := artifactOf(p, target, d)
	evidence, err := registry.ReadEvidence(ctx, s.Subject, registry.EvidenceOptions{})
	if err != nil {
		return err
	}
	report, err := t.byPolicy(ctx, s, evidence)
	var failed *policy.FailedError
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	return errors.Join(a.printPolicyReport(report, o.json), err)
}

func (a *app) printPolicyReport(r policy.Report, asJSON bool) error {
	if asJSON {
		return a.printJSON(r)
	}
	return r.Text(a.ui.Out)
}
