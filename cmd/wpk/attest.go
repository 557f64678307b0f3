package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/evidence"
)

type attestOptions struct {
	types         []string
	predicate     string
	predicateType string
	output        string
	bare          bool
	builderID     string
	json          bool
	transfer      transferFlags
	sign          signFlags
}

// attested is what attest prints of one statement.
type attested struct {
	Reference     string `json:"reference"`
	Digest        string `json:"digest"`
	PredicateType string `json:"predicateType"`
	Where         string `json:"where"`
}

func newAttest(a *app) *cobra.Command {
	var o attestOptions
	c := &cobra.Command{
		Use:   "attest REF",
		Short: "Sign what is known of an artifact: how it was built, what is inside",
		Long: `Makes in-toto statements about the artifact that REF names, signs them and lays
them beside it: how it was built (SLSA provenance), what is inside (SPDX,
CycloneDX), how it ran (the last wpk smoke of this digest), or any predicate of your
own. What wpk knows of a build it has from the build on this machine. store:REF is
the artifact in the local store.`,
		Example: `  wpk attest ghcr.io/acme/hello:1.0 --type slsaprovenance,spdx --key wpk.key
  wpk attest store:ghcr.io/acme/hello:1.0 --type cyclonedx --key wpk.key --offline
  wpk attest ghcr.io/acme/hello:1.0 --predicate scan.json --predicate-type https://cosign.sigstore.dev/attestation/vuln/v1
  wpk attest oci:./layout:1.0 --type spdx --bare --output hello.spdx.json   # the SBOM alone, unsigned`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runAttest(c.Context(), a, o, c, argv[0])
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.types, "type", nil, "`TYPES` of statements: "+strings.Join(attestTypes(), ", "))
	f.StringVar(&o.predicate, "predicate", "", "`FILE` with the predicate, any JSON object")
	f.StringVar(&o.predicateType, "predicate-type", "", "`URI` that says what the predicate is")
	f.StringVarP(&o.output, "output", "o", "", "write the statement to this `FILE` (- is stdout) and sign nothing")
	f.BoolVar(&o.bare, "bare", false, "with --output: the predicate alone, such as the SBOM itself")
	builderFlag(c, &o.builderID)
	o.sign.register(c)
	o.transfer.register(c)
	jsonFlag(c, &o.json)
	return c
}

// builderFlag is --builder-id, the same wherever provenance is made.
func builderFlag(c *cobra.Command, id *string) {
	c.Flags().StringVar(id, "builder-id", "", "`URI` of who is trusted with the build (default: the CI run's workflow or runner)")
}

// The types of statements by their short names, as cosign has them.
const (
	typeProvenance = "slsaprovenance"
	typeSPDX       = "spdx"
	typeCycloneDX  = "cyclonedx"
	typeTest       = "test-result"
)

func attestTypes() []string { return []string{typeProvenance, typeSPDX, typeCycloneDX, typeTest} }

// attestType is the short name that a word means; cosign's names are taken too.
func attestType(word string) (string, error) {
	switch word {
	case typeProvenance, "slsaprovenance1":
		return typeProvenance, nil
	case typeSPDX, "spdxjson":
		return typeSPDX, nil
	case typeCycloneDX:
		return typeCycloneDX, nil
	case typeTest:
		return typeTest, nil
	}
	return "", &valueError{"--type", word, "want " + orList(attestTypes())}
}

// check refuses flags that do not go together.
func (o *attestOptions) check(c *cobra.Command) error {
	for i, word := range o.types {
		name, err := attestType(word)
		if err != nil {
			return err
		}
		if slices.Contains(o.types[:i], name) {
			return &valueError{"--type", word, "given twice"}
		}
		o.types[i] = name
	}
	count := len(o.types)
	if o.predicate != "" {
		count++
	}
	switch {
	case count == 0:
		return &valueError{"--type", "", "want " + orList(attestTypes()) + ", or --predicate FILE"}
	case (o.predicate == "") != (o.predicateType == ""):
		return &valueError{"--predicate", o.predicate, "--predicate FILE and --predicate-type URI go together"}
	case o.predicateType != "" && !strings.Contains(o.predicateType, ":"):
		return &valueError{"--predicate-type", o.predicateType, "want a URI"}
	case o.bare && o.output == "":
		return &valueError{"--bare", "true", "a signed predicate is a statement; add --output FILE"}
	case o.output != "" && count > 1:
		return &valueError{"--output", o.output, "want one type at a time"}
	}
	if o.output == "" {
		return nil
	}
	own := &cobra.Command{}
	new(signFlags).register(own)
	for name := range flagValues(own, nil) {
		if c.Flags().Changed(name) {
			return &valueError{"--output", o.output, "nothing is signed then, and --" + name + " says how to sign"}
		}
	}
	return nil
}

func runAttest(ctx context.Context, a *app, o attestOptions, c *cobra.Command, arg string) (err error) {
	if err = o.check(c); err != nil {
		return err
	}
	if _, err = parsePlace(arg); err != nil {
		return err
	}
	var signer *signing
	if o.output == "" {
		if signer, err = o.sign.open(ctx, a); err != nil {
			return err
		}
	}
	at, err := a.openSubject(ctx, arg, o.transfer)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.target.Close()) }()
	statements, err := o.statements(ctx, a, at)
	if err != nil {
		return err
	}
	if o.output != "" {
		return a.writeStatement(o.output, statements[0], o.bare)
	}
	done, err := a.attach(ctx, signer, at, statements...)
	if err != nil {
		return err
	}
	return a.printAttested(done, o.json)
}

func (a *app) printAttested(done []attested, asJSON bool) error {
	if asJSON {
		return a.printJSON(done)
	}
	for _, d := range done {
		if _, err := fmt.Fprintf(a.ui.Out, "%s@%s %s\n", d.Reference, d.Digest, d.PredicateType); err != nil {
			return err
		}
	}
	return nil
}

// about is the subject of statements.
func (s *evidenceSubject) about() attest.Subject {
	return attest.Subject{Name: s.repository(), Digest: s.desc.Digest.String()}
}

// statements makes what was asked for.
func (o *attestOptions) statements(ctx context.Context, a *app, at *evidenceSubject) ([][]byte, error) {
	var all [][]byte
	built := slices.DeleteFunc(slices.Clone(o.types), func(name string) bool { return name == typeTest })
	if len(built) > 0 {
		b, err := a.whatIsKnown(ctx, at, o.builderID)
		if err != nil {
			return nil, err
		}
		if all, err = statementsOf(*b, built); err != nil {
			return nil, err
		}
	}
	if len(built) < len(o.types) {
		s, err := a.testResult(at)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if o.predicate != "" {
		raw, err := a.readPredicate(o.predicate)
		if err != nil {
			return nil, err
		}
		s, err := attest.Statement(at.about(), o.predicateType, raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.predicate, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// readPredicate reads a predicate from a file or standard input.
func (a *app) readPredicate(name string) ([]byte, error) {
	in := a.ui.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, evidence.MaxContent+1))
	if err == nil && len(raw) > evidence.MaxContent {
		err = &valueError{"--predicate", name, "larger than 4 MiB, which nobody would read"}
	}
	return raw, err
}

// statementsOf makes statements of a build by their short names.
func statementsOf(b attest.Build, types []string) ([][]byte, error) {
	var all [][]byte
	for _, name := range types {
		write := map[string]func(attest.Build) ([]byte, error){
			typeProvenance: attest.Provenance, typeSPDX: attest.SPDX, typeCycloneDX: attest.CycloneDX,
		}[name]
		s, err := write(b)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// attach signs statements and lays them beside their subject, all at once.
func (a *app) attach(ctx context.Context, s *signing, at *evidenceSubject, statements ...[]byte) ([]attested, error) {
	var pieces []evidence.Piece
	var done []attested
	for _, raw := range statements {
		made, err := s.Attestation(ctx, raw)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, made...)
		done = append(done, attested{withoutDigest(at.place.ref), at.desc.Digest.String(), predicateTypeOf(raw), at.where()})
	}
	if err := at.attach(ctx, at.desc, pieces); err != nil {
		return nil, fmt.Errorf("cannot attach to %s: %w", at.place.ref, err)
	}
	return done, nil
}

func predicateTypeOf(raw []byte) string {
	var s struct{ PredicateType string }
	_ = json.Unmarshal(raw, &s) // we have just made it
	return s.PredicateType
}

// writeStatement writes one statement, or what it says.
func (a *app) writeStatement(name string, raw []byte, bare bool) error {
	if bare {
		var s struct{ Predicate json.RawMessage }
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		raw = s.Predicate
	}
	raw = append(raw, '\n')
	if name == "-" {
		_, err := a.ui.Out.Write(raw)
		return err
	}
	return durable.WriteFile(name, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
}
