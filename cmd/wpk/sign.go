package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/sign"
)

type signOptions struct {
	transfer    transferFlags
	sign        signFlags
	annotations []string
	repository  string
	recursive   bool
	json        bool
}

// signedResult is what sign prints of each digest that it signed.
type signedResult struct {
	Reference  string        `json:"reference"`
	Digest     digest.Digest `json:"digest"`
	Repository string        `json:"repository,omitempty"` // the one that the signature names
	Formats    []sign.Format `json:"formats"`
	KeyID      string        `json:"keyId,omitempty"`
	Where      string        `json:"where"`
}

func newSign(a *app) *cobra.Command {
	var o signOptions
	c := &cobra.Command{
		Use:   "sign REF…",
		Short: "Sign artifacts by key or identity, as cosign does",
		Long: `Signs the digest that REF points at now, and lays the signature beside it: in the
registry, in oci:FOLDER, or with store:REF in the local store, from where wpk push
carries it along. cosign, podman and admission controllers verify it.

With --key nobody else is asked, unless a flag names a log or an authority. Without
a key the signature is by identity: of the CI job, of a token's file, or of a person
who logs in with a browser; the public good instance of Sigstore certifies it and
logs it for everybody to see, unless flags name other services.`,
		Example: `  wpk sign --key wpk.key ghcr.io/acme/hello:1.0
  wpk sign ghcr.io/acme/hello@sha256:…                  # by identity
  wpk sign --key wpk.key --offline store:ghcr.io/acme/hello:1.0 && wpk push ghcr.io/acme/hello:1.0
  wpk sign --key wpk.key --repository ghcr.io/acme/hello oci:./layout:1.0
  wpk sign --recursive --annotation commit=4f2a ghcr.io/acme/hello:1.0
  wpk sign --key hashivault://release --rekor-url https://rekor.example.com ghcr.io/acme/hello:1.0`,
		Args: operands("REF…"),
		RunE: func(c *cobra.Command, argv []string) error { return runSign(c.Context(), a, o, argv) },
	}
	o.transfer.register(c)
	o.sign.register(c)
	f := c.Flags()
	f.StringArrayVar(&o.annotations, "annotation", nil, "`KEY=VALUE` to sign along; may be repeated")
	f.StringVar(&o.repository, "repository", "", "`NAME` of the repository that the signature is for (default: that of REF; none for a folder)")
	f.BoolVar(&o.recursive, "recursive", false, "sign each manifest of an index as well")
	jsonFlag(c, &o.json)
	return c
}

func runSign(ctx context.Context, a *app, o signOptions, args []string) error {
	annotations, err := keyValues("--annotation", o.annotations)
	if err != nil {
		return err
	}
	if err := checkRepository(o.repository); err != nil {
		return err
	}
	for _, arg := range args { // none is signed when one is wrong
		if _, err := parsePlace(arg); err != nil {
			return err
		}
	}
	signer, err := o.sign.open(ctx, a)
	if err != nil {
		return err
	}
	var all []signedResult
	for _, arg := range args {
		subject, err := a.openSubject(ctx, arg, o.transfer)
		if err != nil {
			return err
		}
		signed, err := a.signSubject(ctx, signer, subject, signRequest{o.repository, annotations, o.recursive})
		if err = errors.Join(err, subject.target.Close()); err != nil {
			return err
		}
		all = append(all, signed...)
	}
	if o.json {
		return a.printJSON(all)
	}
	for _, s := range all {
		if _, err := fmt.Fprintf(a.ui.Out, "%s@%s\n", s.Reference, s.Digest); err != nil {
			return err
		}
	}
	return nil
}

func checkRepository(name string) error {
	if name == "" {
		return nil
	}
	ref, err := registry.ParseRef(name)
	if err != nil {
		return err
	}
	if ref.Transport != registry.Remote || ref.Digest != "" || ref.Host+"/"+ref.Repository != name {
		return &valueError{"--repository", name, "want host/repository, without a tag"}
	}
	return nil
}

// signRequest says what a signature says beside a digest.
type signRequest struct {
	repository  string // empty: the subject's own
	annotations map[string]string
	recursive   bool
}

// signSubject signs an artifact where it is.
func (a *app) signSubject(ctx context.Context, signer *signing, s *evidenceSubject, r signRequest) ([]signedResult, error) {
	if r.repository == "" {
		r.repository = s.repository()
	}
	tree, err := s.tree(ctx, r.recursive)
	if err != nil {
		return nil, err
	}
	formats, _ := signer.Formats()
	var all []signedResult
	for i, desc := range tree {
		a.ui.Status("sign: %d of %d, %s", i+1, len(tree), desc.Digest)
		err := signOne(ctx, signer, s, desc, r)
		a.ui.Status("")
		if err != nil {
			return nil, fmt.Errorf("cannot sign %s@%s: %w", withoutDigest(s.place.ref), desc.Digest, err)
		}
		all = append(all, signedResult{withoutDigest(s.place.ref), desc.Digest, r.repository, formats, signer.keyID, s.where()})
	}
	what, hint := s.desc.Digest.String(), ""
	if len(tree) > 1 {
		what += fmt.Sprintf(" and the %d manifests below it", len(tree)-1)
	}
	if s.place.store {
		hint = "; wpk push carries it along"
	}
	a.ui.Say("sign: %s signed in %s (%s)%s", what, s.where(), joinFormats(formats), hint)
	return all, nil
}

func signOne(ctx context.Context, signer *signing, s *evidenceSubject, desc ocispec.Descriptor, r signRequest) error {
	pieces, err := signer.Signature(ctx, sign.Subject{Digest: string(desc.Digest), Repository: r.repository, Annotations: r.annotations})
	if err != nil {
		return err
	}
	return s.attach(ctx, desc, pieces)
}

func joinFormats(formats []sign.Format) string {
	var names []string
	for _, f := range formats {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}
