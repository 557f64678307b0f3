package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/verify"
	"github.com/wpkdev/wpk/verify/policy"
)

type policyInitOptions struct {
	draft  policy.Draft
	keys   []string
	signer verify.Identity
	force  bool
}

func newPolicyInit(a *app) *cobra.Command {
	var o policyInitOptions
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a policy to begin with",
		Long: `Writes a policy with comments to FILE, policy.yaml when none is named, or to
standard output for -. A file that is there is left as it is.`,
		Example: `  wpk policy init --key cosign.pub --image 'ghcr.io/acme/**'
  wpk policy init --image 'ghcr.io/acme/hello**' --issuer https://token.actions.githubusercontent.com \
    --identity-regexp 'https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v.*'
  wpk policy init - --key cosign.pub --image 'ghcr.io/acme/**' --require-smoke amd64,arm64 --max-age 90d`,
		Args: operands("[FILE]"),
		RunE: func(_ *cobra.Command, argv []string) error {
			file := "policy.yaml"
			if len(argv) > 0 {
				file = argv[0]
			}
			return runPolicyInit(a, o, file)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&o.draft.Images, "image", nil, "`GLOB` of the artifacts that the policy is for; may be repeated")
	f.StringArrayVar(&o.keys, "key", nil, "`FILE` with a public key that may have signed; may be repeated")
	f.StringVar(&o.signer.Subject, "identity", "", "`NAME` in the certificate of who may have signed")
	f.StringVar(&o.signer.SubjectPattern, "identity-regexp", "", "the same as an `EXPRESSION` for the whole name")
	f.StringVar(&o.signer.Issuer, "issuer", "", "`URL` of who has vouched for that name")
	f.StringVar(&o.signer.IssuerPattern, "issuer-regexp", "", "the same as an `EXPRESSION` for the whole URL")
	f.StringVar(&o.draft.Name, "name", "signed", "`NAME` of the policy")
	f.StringSliceVar(&o.draft.Architectures, "require-smoke", nil, "`ARCHITECTURES` on which it must have run, as a signed test result tells")
	f.StringSliceVar(&o.draft.Capabilities, "allow-imports", nil, "`CAPABILITIES` that the module may have, as wpk inspect names them, and no others")
	f.StringVar(&o.draft.MaxAge, "max-age", "", "`AGE` of the newest signature at most, as 90d")
	f.StringVar(&o.draft.MinVersion, "min-version", "", "`VERSION` that it must have at least, by its annotation")
	f.StringArrayVar(&o.draft.Sources, "source", nil, "`URL` of the repository with its source; may be repeated")
	f.BoolVar(&o.draft.Warn, "warn", false, "tell, and let pass")
	f.BoolVar(&o.force, "force", false, "replace a file that is there")
	return c
}

func runPolicyInit(a *app, o policyInitOptions, file string) error {
	if len(o.draft.Images) == 0 {
		return &policyInitError{"no artifact is named: --image 'ghcr.io/acme/**'"}
	}
	for _, name := range o.keys {
		raw, err := readSmall(name, sigstore.MaxKeyFile)
		if err != nil {
			return err
		}
		if _, err := sigstore.ParsePublicKey(raw); err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
		o.draft.Keys = append(o.draft.Keys, string(raw))
	}
	if o.signer != (verify.Identity{}) {
		o.draft.Identities = append(o.draft.Identities, o.signer)
	}
	if len(o.draft.Keys)+len(o.draft.Identities) == 0 {
		return &policyInitError{"nobody is named who may sign: --key FILE, or --identity NAME --issuer URL"}
	}
	for i := range o.draft.Identities {
		id := &o.draft.Identities[i]
		id.SubjectPattern, id.IssuerPattern = anchored(id.SubjectPattern), anchored(id.IssuerPattern)
	}
	text := o.draft.YAML()
	// The flags may hold anything; what is written must be a policy.
	p, err := policy.Parse(text, file)
	if err != nil {
		return err
	}
	for _, w := range p.Warnings {
		a.warnText(w.Text)
	}
	if file == "-" {
		_, err := a.ui.Out.Write(text)
		return err
	}
	if _, err := os.Lstat(file); err == nil && !o.force {
		return &policyExistsError{file}
	} else if err != nil && !os.IsNotExist(err) {
		return err
	}
	return durable.WriteFile(file, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// anchored is an expression that means the whole text in a cluster too, where
// any part of the text would do.
func anchored(pattern string) string {
	if pattern == "" || strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$") {
		return pattern
	}
	return "^(?:" + pattern + ")$"
}

// policyInitError is a policy that would be for nothing, or let nobody sign.
type policyInitError struct{ reason string }

func (e *policyInitError) Error() string { return e.reason }

// policyExistsError is a file that init leaves as it is.
type policyExistsError struct{ file string }

func (e *policyExistsError) Error() string { return e.file + " is there already" }

// Unwrap makes it what the operating system calls it.
func (e *policyExistsError) Unwrap() error { return fs.ErrExist }
