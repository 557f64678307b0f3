package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// sealFlags are what build and pack do with an artifact right after it is written: sign it, attest what is known of it.
type sealFlags struct {
	sign      bool
	recursive bool
	attest    []string
	inventory bool
	builderID string
	by        signFlags
}

// looks reports whether the build must find out what is inside.
func (s *sealFlags) looks() bool { return s.inventory || len(s.attest) > 0 }

func (s *sealFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&s.sign, "sign", false, "sign the artifact where it is written; the other flags of wpk sign say how")
	f.BoolVar(&s.recursive, "sign-recursive", false, "with --sign: sign each manifest of an index as well")
	f.StringSliceVar(&s.attest, "attest", nil, "with --sign: sign statements of these `TYPES` too: "+strings.Join(attestTypes()[:3], ", "))
	f.BoolVar(&s.inventory, "inventory", false, "find out what is inside, for a later wpk attest; takes longer")
	builderFlag(c, &s.builderID)
	s.by.register(c)
}

// seal is how to sign, or nil.
type seal struct {
	signer    *signing
	recursive bool
	types     []string
	builderID string
}

// open reads keys and asks for passwords before anything is built, so that nobody waits for a build that cannot end.
func (s *sealFlags) open(ctx context.Context, a *app, c *cobra.Command) (*seal, error) {
	if !s.sign {
		return nil, s.unused(c)
	}
	for i, word := range s.attest {
		var err error
		if s.attest[i], err = attestType(word); err != nil {
			return nil, err
		}
		if s.attest[i] == typeTest {
			return nil, &valueError{"--attest", word, "a build does not run it: wpk smoke REF, then wpk attest REF --type test-result"}
		}
	}
	signer, err := s.by.open(ctx, a)
	if err != nil {
		return nil, err
	}
	return &seal{signer, s.recursive, s.attest, s.builderID}, nil
}

// unused refuses flags that would do nothing without --sign.
func (s *sealFlags) unused(c *cobra.Command) error {
	own := &cobra.Command{}
	new(sealFlags).register(own)
	name := ""
	own.Flags().VisitAll(func(f *pflag.Flag) {
		if name == "" && c.Flags().Changed(f.Name) && f.Name != "sign" && f.Name != "inventory" {
			name = f.Name
		}
	})
	if name == "" {
		return nil
	}
	return &valueError{"--" + name, c.Flags().Lookup(name).Value.String(), "it says how to sign, and --sign is not given"}
}

// apply signs what was written, in every place, each digest once for each repository.
func (s *seal) apply(ctx context.Context, a *app, w *written, record *buildRecord) error {
	if s == nil {
		return nil
	}
	type key struct{ place, digest string }
	done := map[key]bool{}
	for _, l := range append([]writtenLayout{w.first}, w.Others...) {
		for _, p := range l.places {
			at := p
			at.ref.Tag = ""
			k := key{at.ref.String(), l.Digest}
			if done[k] {
				continue
			}
			done[k] = true
			if err := s.at(ctx, a, p, w, record); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seal) at(ctx context.Context, a *app, p place, w *written, record *buildRecord) error {
	subject, err := a.openSubjectAt(ctx, p, transferFlags{})
	if err != nil {
		return err
	}
	signed, err := a.signSubject(ctx, s.signer, subject, signRequest{recursive: s.recursive})
	w.Signed = append(w.Signed, signed...)
	if err == nil && len(s.types) > 0 {
		err = s.attestAt(ctx, a, subject, w, record)
	}
	return errors.Join(err, subject.target.Close())
}

// attestAt signs what the build knows.
func (s *seal) attestAt(ctx context.Context, a *app, at *evidenceSubject, w *written, record *buildRecord) error {
	b, err := a.buildOf(at.about(), record, s.builderID)
	if err != nil {
		return err
	}
	statements, err := statementsOf(*b, s.types)
	if err != nil {
		return err
	}
	done, err := a.attach(ctx, s.signer, at, statements...)
	w.Attested = append(w.Attested, done...)
	return err
}
