package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify"
)

type verifyOptions struct {
	transferFlags
	trust     trustFlags
	types     []string
	unsigned  bool
	recursive bool
	index     string
	json      bool
}

func newVerify(a *app) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify REF",
		Short: "Check who has signed an artifact, and what is attested of it",
		Long: `Looks a name up once, and checks that the digest behind it was signed by a key
or identity that is allowed, or meets a policy. Signatures and attestations of
cosign are read in both forms, and one that is good is enough. It prints the
digest that was verified: use that from here on, for a tag can be moved.

REF is host/repository[:tag][@digest], oci:FOLDER, oci-archive:FILE or store:REF.
With a key, or with --trusted-root, nobody is asked but the registry.

The exit code is 11 without a signature, 12 when none is valid, 13 when somebody
else has signed, 14 without an attestation that is demanded, 15 when the policy
is not met, and 7 when the registry does not answer.`,
		Example: `  wpk verify ghcr.io/acme/hello:1.0 --key cosign.pub
  wpk verify ghcr.io/acme/hello:1.0 --issuer https://token.actions.githubusercontent.com \
    --identity https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0
  wpk verify ghcr.io/acme/hello:1.0 --key cosign.pub --type slsaprovenance --type spdx
  wpk verify ghcr.io/acme/hello:1.0 --policy policy.yaml --json | jq -r .digest
  wpk verify oci:layout:1.0 --key cosign.pub`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			o.trust.verify = true
			return runVerify(c.Context(), a, o, argv[0])
		},
	}
	f := c.Flags()
	o.register(c)
	o.trust.register(c)
	f.StringArrayVar(&o.types, "type", nil, "demand an attestation of `TYPE`: "+strings.Join(predicateNames(), ", ")+", or a URI; may be repeated")
	f.BoolVar(&o.unsigned, "attestation-only", false, "let the attestations of --type be enough, without a signature")
	f.BoolVar(&o.recursive, "recursive", false, "demand a signature of every image of an index too")
	f.StringVar(&o.index, "index", "", "`TAG|DIGEST` of the index that REF@DIGEST is an image of, and whose signature counts for it")
	jsonFlag(c, &o.json)
	return c
}

func runVerify(ctx context.Context, a *app, o verifyOptions, arg string) error {
	p, err := parsePlace(arg)
	if err != nil {
		return err
	}
	if err := o.check(p.ref); err != nil {
		return err
	}
	t, err := a.trust(ctx, o.trust)
	if err != nil {
		return err
	}
	t.unsigned = o.unsigned
	for _, name := range o.types {
		uri, err := predicateType(name)
		if err != nil {
			return err
		}
		t.types = append(t.types, uri)
	}
	target, name, err := a.target(ctx, p, o.transferFlags)
	if err != nil {
		return err
	}
	defer target.Close()
	v, err := t.verify(ctx, p, target, name, o)
	if err != nil {
		return err
	}
	if o.json {
		return a.printJSON(v)
	}
	return a.printVerification(p.ref, v)
}

func (o verifyOptions) check(ref registry.Ref) error {
	switch {
	case o.index != "" && ref.Digest == "":
		return &valueError{"--index", o.index, "it is for an image by its digest: REF@sha256:…"}
	case o.index != "" && o.recursive:
		return &valueError{"--index", o.index, "with --recursive, name the index itself"}
	case o.unsigned && len(o.types) == 0:
		return &valueError{"--attestation-only", "true", "say by --type which one"}
	case len(o.types) > 0 && o.trust.policy != "":
		return &valueError{"--type", o.types[0], "the policy says which attestations must be there"}
	}
	return nil
}

// verify looks up what is to be verified, once.
func (t *trust) verify(ctx context.Context, p place, target registry.Target, name string, o verifyOptions) (*verification, error) {
	if o.index != "" {
		return t.throughIndex(ctx, p, target, o.index)
	}
	d, err := target.Resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	s := artifactOf(p, target, d)
	v, err := t.check(ctx, s)
	if err != nil || !o.recursive {
		return v, err
	}
	tree, err := (&evidenceSubject{p, target, d}).tree(ctx, true)
	if err != nil {
		return nil, err
	}
	inner := *t
	inner.types, inner.unsigned = nil, false
	for _, d := range tree[1:] {
		child := s
		child.Descriptor, child.name = d, withoutDigest(p.ref)+"@"+d.Digest.String()
		one, err := inner.check(ctx, child)
		if err != nil {
			return nil, err
		}
		v.Children = append(v.Children, *one)
	}
	return v, nil
}

// throughIndex verifies an index, and that it lists an image by its digest.
// Nothing is inherited that was not asked for: the result names the index.
func (t *trust) throughIndex(ctx context.Context, p place, target registry.Target, index string) (*verification, error) {
	outer := p
	outer.ref.Tag, outer.ref.Digest = index, ""
	if sum, err := digest.Parse(index); err == nil {
		outer.ref.Tag, outer.ref.Digest = "", sum
	}
	d, err := target.Resolve(ctx, outer.nameThere())
	if err != nil {
		return nil, err
	}
	v, err := t.check(ctx, artifactOf(outer, target, d))
	if err != nil {
		return nil, err
	}
	list, err := (&evidenceSubject{outer, target, d}).children(ctx, d)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(d ocispec.Descriptor) bool { return d.Digest == p.ref.Digest })
	if at < 0 {
		return nil, &notInIndexError{p.ref, d.Digest}
	}
	if _, err := readDocument(ctx, target, list[at]); err != nil {
		return nil, unreadableName(p.ref.String(), err)
	}
	v.Reference, v.Digest, v.Through = p.ref.String(), p.ref.Digest, d.Digest
	return v, nil
}

// notInIndexError is an image that the verified index does not vouch for.
type notInIndexError struct {
	ref   registry.Ref
	index digest.Digest
}

func (e *notInIndexError) Error() string {
	return fmt.Sprintf("%s: index %s is signed and does not list it", e.ref, e.index)
}

// Unwrap makes it what it is: nobody has signed this one.
func (e *notInIndexError) Unwrap() error { return verify.ErrNoSignature }

// shortPredicates are names for types of attestations, as cosign has them, but
// for slsaprovenance: that is what wpk attests, and version 0.2 in cosign and in
// policies.
func shortPredicates() map[string]string {
	return map[string]string{
		"slsaprovenance":   attest.PredicateProvenance,
		"slsaprovenance1":  attest.PredicateProvenance,
		"slsaprovenance02": "https://slsa.dev/provenance/v0.2",
		"spdx":             attest.PredicateSPDX,
		"cyclonedx":        attest.PredicateCycloneDX,
		"test-result":      attest.PredicateTestResult,
	}
}

func predicateNames() []string { return sortedKeys(shortPredicates()) }

func predicateType(name string) (string, error) {
	if uri := shortPredicates()[name]; uri != "" {
		return uri, nil
	}
	if !strings.Contains(name, "://") {
		return "", &valueError{"--type", name, "want " + strings.Join(predicateNames(), ", ") + " or a URI"}
	}
	return name, nil
}

// shortPredicate is the name of a type, itself when it has none.
func shortPredicate(uri string) string {
	known := shortPredicates()
	for _, name := range sortedKeys(known) {
		if known[name] == uri {
			return name
		}
	}
	return uri
}

// printVerification prints the digest alone on the first line, for scripts.
func (a *app) printVerification(ref registry.Ref, v *verification) error {
	if _, err := fmt.Fprintf(a.ui.Out, "%s@%s\n", withoutDigest(ref), v.Digest); err != nil {
		return err
	}
	rows := [][]ui.Cell{heading("WHAT", "BY", "WHEN", "WITNESS", "FORM")}
	what := "signature"
	if v.Through != "" {
		what = "signature of index " + v.Through.String()
	}
	for _, one := range v.Signatures {
		rows = append(rows, verifiedRow(what, one))
	}
	for _, one := range v.Attestations {
		rows = append(rows, verifiedRow(shortPredicate(one.PredicateType), one))
	}
	for _, child := range v.Children {
		for _, one := range child.Signatures {
			rows = append(rows, verifiedRow("image "+child.Digest.String(), one))
		}
	}
	if err := ui.Table(a.ui.Out, a.ui.OutColor, rows); err != nil {
		return err
	}
	for _, s := range v.Skipped {
		a.ui.Say("verify: %d skipped beside it: %s", s.Count, s.Reason)
	}
	named := ref.Host + "/" + ref.Repository
	for _, one := range v.Signatures {
		if one.Repository != "" && ref.Transport == registry.Remote && one.Repository != named {
			a.ui.Say("verify: the signer has named %s; --signed-repository demands a name", ui.Printable(one.Repository))
			break
		}
	}
	return nil
}

func verifiedRow(what string, v verify.Verified) []ui.Cell {
	when, witness := "", cmp.Or(v.TimeSource, "none")
	if !v.Time.IsZero() {
		when = v.Time.Format("2006-01-02 15:04:05Z")
	}
	if v.LogIndex != nil {
		witness = fmt.Sprintf("%s, entry %d", verify.TimeOfLog, *v.LogIndex)
		if v.TimeSource == verify.TimeOfAuthority {
			witness += ", " + v.TimeSource
		}
	}
	return ui.Cells(ui.Printable(what), ui.Printable(signerText(v.Signer)), when, witness, v.Form)
}

// isVerification tells whether an error says that evidence does not count, and
// not that it could not be had.
func isVerification(err error) bool {
	var failed *verify.Error
	return errors.As(err, &failed) || errors.Is(err, verify.ErrPolicy)
}
