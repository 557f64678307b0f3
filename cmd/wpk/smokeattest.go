package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/registry"
)

// smokeAttest are the flags of smoke that sign its result.
type smokeAttest struct {
	wanted bool
	by     signFlags
}

func (s *smokeAttest) register(c *cobra.Command) {
	c.Flags().BoolVar(&s.wanted, "attest", false, "sign the result and lay it beside the artifact: in the local store, from where wpk push carries it along, or in oci:FOLDER")
	s.by.register(c)
}

// open reads keys before anything runs. Only an artifact can have something
// said about it, and --attest must be there for what says how to sign.
func (s *smokeAttest) open(ctx context.Context, a *app, c *cobra.Command, arg string) (*signing, error) {
	if s.wanted {
		if path, ok := moduleFile(arg); ok {
			return nil, &valueError{"--attest", path, "a file has no place for a statement; pack it first: wpk pack " + path}
		}
		return s.by.open(ctx, a)
	}
	own := &cobra.Command{}
	new(signFlags).register(own)
	for _, name := range sortedNames(flagValues(own, nil)) {
		if c.Flags().Changed(name) {
			return nil, &valueError{"--" + name, c.Flags().Lookup(name).Value.String(), "it says how to sign, and --attest is not given"}
		}
	}
	return nil, nil
}

// apply signs the result of the digest that has run, and of no other: when the
// name stands for another one by now, that is an error.
func (s *smokeAttest) apply(ctx context.Context, a *app, signer *signing, r smokeResult, args []string, exitCode uint32) (done []attested, err error) {
	ref, err := registry.ParseRef(r.Reference)
	if err != nil {
		return nil, err
	}
	at, err := a.openSubjectAt(ctx, place{ref, ref.Transport == registry.Remote}, transferFlags{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, at.target.Close()) }()
	if at.desc.Digest.String() != r.Digest {
		return nil, &movedError{r.Reference, r.Digest, at.desc.Digest.String()}
	}
	raw, err := attest.TestResult(testsOf(r, at.about(), args, exitCode))
	if err != nil {
		return nil, err
	}
	return a.attach(ctx, signer, at, raw)
}

// testsOf is a matrix as a statement tells it.
func testsOf(r smokeResult, about attest.Subject, args []string, exitCode uint32) attest.Smoke {
	s := attest.Smoke{Subject: about, Module: r.Report.Digest, Args: args, ExitCode: exitCode, Version: versionOf()}
	for _, c := range r.Cells {
		t := attest.Test{OS: "linux", Arch: c.Arch, Engine: "wazero " + c.Engine, OK: c.OK, Skipped: c.Skipped != ""}
		if c.Emulated {
			t.Emulator = "qemu"
		}
		s.Tests = append(s.Tests, t)
	}
	return s
}

// movedError is a name that stands for another digest than a moment ago.
type movedError struct{ ref, was, is string }

func (e *movedError) Error() string {
	return e.ref + " was " + e.was + " and is " + e.is + " by now: nothing was signed"
}
