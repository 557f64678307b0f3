package signing

import (
	"fmt"
	"testing"
)

// cosign is one of its versions.
type cosign struct {
	path  string
	major int
}

func (c cosign) String() string { return fmt.Sprintf("cosign %d", c.major) }

// writes: the legacy form has no place for what Rekor v2 gives. That takes no entries of the kind of cosign 2 any more.
func (c cosign) writes(how way) []form {
	switch {
	case how.rekor == 2 && c.major == 2:
		return nil
	case how.rekor == 2:
		return []form{bundle}
	default:
		return []form{legacy, bundle}
	}
}

func (c cosign) sign(t *testing.T, w *world, how way, as form, ref string, what *statement) []string {
	t.Helper()
	args := []string{c.path, "sign", "--yes"}
	if what != nil {
		args = []string{c.path, "attest", "--yes", "--type", what.predicateType, "--predicate", what.predicate}
	}
	args = append(args, fmt.Sprintf("--new-bundle-format=%t", as == bundle))
	if how.key != "" {
		args = append(args, "--key", w.keys[how.key].private)
	} else {
		args = append(args, "--identity-token", w.identityToken(t))
	}
	switch {
	case how.rekor == 0:
		args = append(args, "--tlog-upload=false", "--use-signing-config=false")
	case as == bundle:
		args = append(args, "--signing-config", w.signingConfig(how), "--trusted-root", w.TrustedRoot)
	default:
		args = append(args, "--use-signing-config=false", "--rekor-url", w.RekorV1URL, "--fulcio-url", w.FulcioURL, "--trusted-root", w.TrustedRoot)
	}
	return append(args, ref)
}

func (c cosign) verify(w *world, how way, from form, ref string, what *statement) []string {
	args := []string{c.path, "verify"}
	if what != nil {
		args = []string{c.path, "verify-attestation", "--type", what.predicateType}
	}
	if how.key != "" {
		args = append(args, "--key", w.keys[how.key].public)
	} else {
		args = append(args, "--certificate-identity", email, "--certificate-oidc-issuer", w.IssuerURL)
	}
	if how.rekor == 0 {
		args = append(args, "--insecure-ignore-tlog")
	}
	if c.major == 2 {
		args = append(args, fmt.Sprintf("--new-bundle-format=%t", from != legacy))
		if how.rekor == 2 && how.key == "" { // that log has no times
			args = append(args, "--use-signed-timestamps")
		}
	}
	// cosign 2 has a trusted root for bundles, and roots in its environment for the rest; see [world.command]. Where there
	// is a bundle it takes that whatever it is told.
	if c.major == 3 || from != legacy {
		args = append(args, "--trusted-root", w.TrustedRoot)
	}
	return append(args, ref)
}
