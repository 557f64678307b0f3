package signing

import (
	"fmt"
	"os"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// binary is made once for all tests.
var binary string

func TestMain(m *testing.M) {
	code, err := setUp(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func setUp(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "wpk-signing-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if binary, err = wpktest.Build(dir); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// wpk is ours.
type wpk struct{}

func (wpk) String() string { return "wpk" }

// writes: both at once is what it does unless told otherwise.
func (wpk) writes(how way) []form {
	if how.rekor == 2 {
		return []form{bundle}
	}
	return []form{both, legacy, bundle}
}

func (wpk) sign(t *testing.T, w *world, how way, as form, ref string, what *statement) []string {
	t.Helper()
	args := []string{binary, "sign"}
	if what != nil {
		args = []string{binary, "attest", "--predicate-type", what.predicateType, "--predicate", what.predicate}
	}
	if as != both {
		args = append(args, "--format", string(as))
	}
	if how.key != "" {
		args = append(args, "--key", w.keys[how.key].private)
	} else {
		args = append(args, "--identity-token", w.identityToken(t))
	}
	if how.rekor == 0 {
		args = append(args, "--offline")
	} else {
		args = append(args, "--signing-config", w.signingConfig(how), "--trusted-root", w.TrustedRoot)
	}
	return append(args, ref)
}

func (wpk) verify(w *world, how way, _ form, ref string, what *statement) []string {
	args := []string{binary, "verify"}
	if what != nil {
		args = append(args, "--type", what.predicateType, "--attestation-only")
	}
	if how.key != "" {
		args = append(args, "--key", w.keys[how.key].public)
	} else {
		args = append(args, "--identity", email, "--issuer", w.IssuerURL)
	}
	if how.rekor != 0 {
		args = append(args, "--require-transparency-log", "--trusted-root", w.TrustedRoot)
	}
	return append(args, ref)
}
