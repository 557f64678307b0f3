package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// sealFlags are what build and pack do with an artifact right after it is written: sign it.
type sealFlags struct {
	sign      bool
	recursive bool
	by        signFlags
}

func (s *sealFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&s.sign, "sign", false, "sign the artifact where it is written; the other flags of wpk sign say how")
	f.BoolVar(&s.recursive, "sign-recursive", false, "with --sign: sign each manifest of an index as well")
	s.by.register(c)
}

// seal is how to sign, or nil.
type seal struct {
	signer    *signing
	recursive bool
}

// open reads keys and asks for passwords before anything is built, so that nobody waits for a build that cannot end.
func (s *sealFlags) open(ctx context.Context, a *app, c *cobra.Command) (*seal, error) {
	if !s.sign {
		return nil, s.unused(c)
	}
	signer, err := s.by.open(ctx, a)
	if err != nil {
		return nil, err
	}
	return &seal{signer, s.recursive}, nil
}

// unused refuses flags that would do nothing without --sign.
func (s *sealFlags) unused(c *cobra.Command) error {
	own := &cobra.Command{}
	new(sealFlags).register(own)
	name := ""
	own.Flags().VisitAll(func(f *pflag.Flag) {
		if name == "" && c.Flags().Changed(f.Name) && f.Name != "sign" {
			name = f.Name
		}
	})
	if name == "" {
		return nil
	}
	return &valueError{"--" + name, c.Flags().Lookup(name).Value.String(), "it says how to sign, and --sign is not given"}
}

// apply signs what was written, in every place, each digest once for each repository.
func (s *seal) apply(ctx context.Context, a *app, w *written) error {
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
			signed, err := s.at(ctx, a, p)
			if err != nil {
				return err
			}
			w.Signed = append(w.Signed, signed...)
		}
	}
	return nil
}

func (s *seal) at(ctx context.Context, a *app, p place) ([]signedResult, error) {
	subject, err := a.openSubjectAt(ctx, p, transferFlags{})
	if err != nil {
		return nil, err
	}
	signed, err := a.signSubject(ctx, s.signer, subject, signRequest{recursive: s.recursive})
	return signed, errors.Join(err, subject.target.Close())
}
