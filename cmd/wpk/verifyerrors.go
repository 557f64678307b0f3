package main

import (
	"errors"

	"github.com/wpkdev/wpk/verify"
	"github.com/wpkdev/wpk/verify/policy"
)

// The exit codes of verification.
const (
	exitUnsigned   = 11 // nobody has signed it
	exitInvalid    = 12 // a signature is there and not valid
	exitIdentity   = 13 // somebody else has signed than is allowed
	exitUnattested = 14 // an attestation that is demanded is missing
	exitPolicy     = 15 // the policy is not met
)

// explainVerify explains why an artifact is not let in. What could not be looked
// for is the registry's error, and none of these.
func explainVerify(err error) (int, string) {
	var trusted *trustError
	var language *policy.LanguageError
	var draft *policyInitError
	var exists *policyExistsError
	var failed *policy.FailedError
	switch {
	case errors.As(err, &trusted):
		return exitUsage, "name a key (--key FILE), an identity (--identity NAME --issuer URL) or a policy (--policy FILE)"
	case errors.As(err, &language):
		return exitUsage, "the flavour wpk-full evaluates CUE and Rego"
	case errors.As(err, &draft):
		return exitUsage, "wpk policy init --help has examples"
	case errors.As(err, &exists):
		return exitStorage, "--force replaces it; name another one: wpk policy init FILE"
	case errors.Is(err, verify.ErrRequest):
		return exitUsage, ""
	case errors.As(err, &failed):
		return exitPolicy, "wpk policy check FILE REF shows the outcome of every rule"
	case errors.Is(err, verify.ErrPolicy):
		return exitPolicy, "a copy may be verified by the name that it was signed under: --signed-repository HOST/REPOSITORY"
	case errors.Is(err, verify.ErrIdentity):
		return exitIdentity, "if that signer may, name them: --key FILE, or --identity NAME --issuer URL"
	case errors.Is(err, verify.ErrInvalid):
		return exitInvalid, "do not use the artifact; where logs and authorities of your own vouch, name them: --trusted-root FILE"
	case errors.Is(err, verify.ErrNoAttestation):
		return exitUnattested, "wpk attest REF makes one"
	case errors.Is(err, verify.ErrNoSignature):
		return exitUnsigned, "wpk sign REF signs it; an image of an index may be signed through that: --index TAG"
	}
	return 0, ""
}
