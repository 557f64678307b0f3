package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify"
)

type rebuildOptions struct {
	check    bool
	source   string
	output   string
	transfer transferFlags
	trust    trustFlags
	json     bool
}

// rebuilt is what rebuild prints.
type rebuilt struct {
	Reference   string          `json:"reference"`
	Same        bool            `json:"same"`
	Verified    bool            `json:"verified"` // the provenance was signed by somebody who is trusted
	Source      string          `json:"source"`
	Digest      compared        `json:"digest"`
	Module      compared        `json:"module"`
	Differences []difference    `json:"differences,omitempty"`
	Varies      []string        `json:"varies,omitempty"` // what the provenance says of why it may differ
}

// compared is one thing that was recorded and is there now.
type compared struct {
	Was string `json:"was"`
	Is  string `json:"is"`
}

// difference is something that is not as it was.
type difference struct {
	What string `json:"what"`
	compared
}

func newRebuild(a *app) *cobra.Command {
	var o rebuildOptions
	c := &cobra.Command{
		Use:   "rebuild REF --check",
		Short: "Build an artifact again from its provenance, and compare",
		Long: `Reads the provenance beside an artifact, fetches the sources at the revision that it
names, builds them with the same options, and compares the digests. Where they are
not the same it says what differs: tools, flags, sections of the module.

The build runs what the sources say, as any build does. Flags that say whom to trust
make it run only for provenance that they have signed.`,
		Example: `  wpk rebuild ghcr.io/acme/hello:1.0 --check --key wpk.pub
  wpk rebuild ghcr.io/acme/hello:1.0 --check --identity https://github.com/acme/hello/.github/workflows/release.yml@refs/heads/main --issuer https://token.actions.githubusercontent.com
  wpk rebuild oci:./layout:1.0 --check --source ./hello   # sources that are here already`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runRebuild(c.Context(), a, o, argv[0])
		},
	}
	f := c.Flags()
	f.BoolVar(&o.check, "check", false, "compare, and keep nothing of what was built")
	f.StringVar(&o.source, "source", "", "`FOLDER` with the repository at the recorded revision (default: clone it)")
	f.StringVarP(&o.output, "output", "o", "", "write the module that was built now to this `FILE`")
	o.trust.register(c)
	o.transfer.register(c)
	jsonFlag(c, &o.json)
	return c
}

func runRebuild(ctx context.Context, a *app, o rebuildOptions, arg string) (err error) {
	if !o.check {
		return &valueError{"--check", "false", "it is the one thing that rebuild does; wpk build makes artifacts"}
	}
	t, err := a.trust(ctx, o.trust)
	if err != nil {
		return err
	}
	at, err := a.openSubject(ctx, arg, o.transfer)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.target.Close()) }()
	recorded, err := a.provenanceOf(ctx, t, at)
	if err != nil {
		return err
	}
	if recorded.Recipe.Command != "build" {
		return &sourceError{fmt.Errorf("%s was packed of a module that another tool has made", at.place.ref), exitUsage, "build it again with that tool"}
	}
	content, err := pack.ReadModule(ctx, at.target, at.desc, "")
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", at.place.ref, err)
	}
	work, remove, err := privateTemp()
	if err != nil {
		return err
	}
	defer remove()
	root, err := a.sources(ctx, recorded, o.source, filepath.Join(work, "source"))
	if err != nil {
		return err
	}
	again, err := a.buildFrom(ctx, recorded, root, work)
	if err != nil {
		return err
	}
	r := compare(recorded, again, at.desc.Digest.String(), content.Module)
	r.Reference, r.Verified = at.place.ref.String(), t != nil
	if o.output != "" {
		if err := os.WriteFile(o.output, again.wasm, 0o600); err != nil {
			return err
		}
	}
	return a.printRebuilt(r, o.json)
}

func (a *app) printRebuilt(r *rebuilt, asJSON bool) error {
	if asJSON {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		for _, line := range []difference{{"artifact", r.Digest}, {"module", r.Module}} {
			word := "same"
			if line.Was != line.Is {
				word = "differs, is " + line.Is
			}
			fmt.Fprintf(a.ui.Out, "%s %s: %s\n", line.What, line.Was, word)
		}
		for _, d := range r.Differences {
			fmt.Fprintf(a.ui.Out, "%s: was %s, is %s\n", d.What, orNothing(d.Was), orNothing(d.Is))
		}
		for _, s := range r.Varies {
			fmt.Fprintf(a.ui.Out, "recorded: %s\n", s)
		}
	}
	if !r.Same {
		return &differsError{r.Reference}
	}
	return nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// differsError is a rebuild that gave another artifact.
type differsError struct{ ref string }

func (e *differsError) Error() string { return e.ref + " built again is another artifact" }

// provenanceOf finds what tells how an artifact was built: signed by whom t
// trusts, else by anybody.
func (a *app) provenanceOf(ctx context.Context, t *trust, at *evidenceSubject) (*attest.Recorded, error) {
	var statements [][]byte
	if t != nil {
		t.types, t.unsigned = []string{attest.PredicateProvenance}, true
		v, err := t.check(ctx, artifactOf(at.place, at.target, at.desc))
		if err != nil {
			return nil, err
		}
		t.say(v)
		for _, one := range v.Attestations {
			if one.PredicateType == attest.PredicateProvenance {
				statements = append(statements, one.Statement)
			}
		}
	} else {
		a.warnText("nobody is named who may have signed the provenance (--key FILE, or --identity NAME --issuer URL): it is not verified, and the build runs what it names")
		found, err := registry.ReadEvidence(ctx, artifactOf(at.place, at.target, at.desc).Subject, registry.EvidenceOptions{})
		if err != nil {
			return nil, err
		}
		for _, p := range found.Pieces {
			statements = append(statements, unverified(p)...)
		}
	}
	return chooseProvenance(statements, at.desc.Digest.String())
}

// chooseProvenance returns the last one that is about the digest and was made
// by wpk.
func chooseProvenance(statements [][]byte, digest string) (*attest.Recorded, error) {
	why := error(&verify.Error{Digest: digest, What: "attestation", PredicateType: attest.PredicateProvenance, Kind: verify.ErrNoAttestation})
	for _, raw := range slices.Backward(statements) {
		r, err := attest.ReadProvenance(raw)
		switch {
		case err != nil:
			why = fmt.Errorf("cannot use the provenance of %s: %w", digest, err)
		case slices.Contains(r.Subjects, digest):
			return r, nil
		}
	}
	return nil, why
}

// unverified takes the statement of a provenance out of a piece of evidence.
func unverified(p evidence.Piece) [][]byte {
	type envelope struct {
		Payload []byte `json:"payload"`
	}
	var e struct {
		envelope
		Bundled envelope `json:"dsseEnvelope"`
	}
	if json.Unmarshal(p.Content, &e) != nil {
		return nil
	}
	payload := append(e.Payload, e.Bundled.Payload...)
	var s struct{ PredicateType string }
	if json.Unmarshal(payload, &s) != nil || s.PredicateType != attest.PredicateProvenance {
		return nil
	}
	return [][]byte{payload}
}

// An againBuilt is the result of the second build.
type againBuilt struct {
	digests []string
	module  string
	wasm    []byte
	facts   build.Facts
}
