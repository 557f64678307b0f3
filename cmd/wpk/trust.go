package main

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/verify"
	"github.com/wpkdev/wpk/verify/policy"
)

// trustFlags say whose signatures count. On verbs other than verify, any of
// them turns verification on.
type trustFlags struct {
	keys        []string
	signer      verify.Identity
	policy      string
	policyAs    string
	trustedRoot string
	repository  string
	witness     witnessFlags
	verify      bool
}

// witnessFlags say who must have seen the signature being made.
type witnessFlags struct{ log, time, noLog, noSCT bool }

// envPolicy is the variable that names a policy for --verify.
const envPolicy = "WPK_POLICY"

func (t *trustFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&t.keys, "key", nil, "`FILE` with a public key, or URI of one in a key service, that may have signed; may be repeated")
	f.StringVar(&t.signer.Subject, "identity", "", "`NAME` in the certificate of who may have signed: an address, or a workflow's URI")
	f.StringVar(&t.signer.SubjectPattern, "identity-regexp", "", "the same as an `EXPRESSION` for the whole name")
	f.StringVar(&t.signer.Issuer, "issuer", "", "`URL` of who has vouched for that name")
	f.StringVar(&t.signer.IssuerPattern, "issuer-regexp", "", "the same as an `EXPRESSION` for the whole URL")
	f.StringVar(&t.policy, "policy", "", "`FILE` of policies that decide instead")
	policyAsFlag(f, &t.policyAs)
	f.StringVar(&t.trustedRoot, "trusted-root", "", "`FILE` of authorities and logs to believe (default: those of sigstore.dev)")
	f.StringVar(&t.repository, "signed-repository", "", "`HOST/REPOSITORY` that the signer must have named")
	f.BoolVar(&t.witness.log, "require-transparency-log", false, "demand an entry in a transparency log of a key's signature too")
	f.BoolVar(&t.witness.time, "require-timestamp", false, "demand the time of a timestamp authority")
	f.BoolVar(&t.witness.noLog, "insecure-ignore-transparency-log", false, "accept certificates that no transparency log has seen in use")
	f.BoolVar(&t.witness.noSCT, "insecure-ignore-sct", false, "accept certificates that no certificate transparency log has")
}

func policyAsFlag(f *pflag.FlagSet, as *string) {
	f.StringVar(as, "policy-as", "", "`REF` under which to look for policies, for an artifact in a folder, an archive or a mirror")
}

// registerOptional adds the switch that verifies by the policy of the
// environment.
func (t *trustFlags) registerOptional(c *cobra.Command) {
	t.register(c)
	c.Flags().BoolVar(&t.verify, "verify", false, "verify before anything else, by $"+envPolicy+" when no other flag says by what")
}

// asked tells whether any of the flags was given.
func (t *trustFlags) asked() bool {
	return t.verify || len(t.keys) > 0 || t.signer != verify.Identity{} || t.policy != "" || t.policyAs != "" || t.trustedRoot != "" ||
		t.repository != "" || t.witness != witnessFlags{}
}

// trust is what trustFlags come to.
type trust struct {
	app        *app
	authority  verify.Authority
	repository string
	policy     *policy.Policy // decides instead of authority; may be nil
	policyAs   *registry.Ref  // what policies know the artifact as; nil for its own name
	// allowUnmatched lets pass what no policy is for.
	allowUnmatched bool
	rootFile       string
	now            time.Time
	// types are the predicate types of attestations that must be there.
	types []string
	// unsigned lets attestations alone be enough.
	unsigned bool
}

// trust reads the keys, roots and policies that flags name. It is nil when no
// verification is asked for.
func (a *app) trust(ctx context.Context, f trustFlags) (*trust, error) {
	if !f.asked() {
		return nil, nil
	}
	t := &trust{app: a, repository: f.repository, rootFile: f.trustedRoot, now: time.Now()}
	if f.policy == "" && len(f.keys) == 0 && f.signer == (verify.Identity{}) {
		f.policy = a.getenv(envPolicy)
	}
	if f.policy != "" {
		return t, t.readPolicy(f)
	}
	if f.policyAs != "" {
		return nil, &trustError{"--policy-as is for a policy, and none is named"}
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return t, t.readAuthority(ctx, f)
}

// check refuses flags that do not go together.
func (t *trustFlags) check() error {
	named := t.signer.Subject != "" || t.signer.SubjectPattern != ""
	vouched := t.signer.Issuer != "" || t.signer.IssuerPattern != ""
	switch {
	case len(t.keys) == 0 && !named && !vouched:
		return &trustError{"nobody is named who may have signed"}
	case named != vouched:
		return &trustError{"--identity and --issuer go together: an issuer vouches for a name"}
	case t.witness.log && t.witness.noLog:
		return &trustError{"--require-transparency-log and --insecure-ignore-transparency-log contradict each other"}
	}
	return nil
}

// trustError is a set of flags by which nobody could be trusted.
type trustError struct{ reason string }

func (e *trustError) Error() string { return e.reason }

func (t *trust) readAuthority(ctx context.Context, f trustFlags) (err error) {
	for _, name := range f.keys {
		key, err := publicKey(ctx, name)
		if err != nil {
			return err
		}
		t.authority.Keys = append(t.authority.Keys, key)
	}
	keyless := f.signer != verify.Identity{}
	if keyless {
		t.authority.Identities = []verify.Identity{f.signer}
	}
	t.authority.Log = (keyless || f.witness.log) && !f.witness.noLog
	t.authority.Timestamp = f.witness.time
	t.authority.InsecureIgnoreSCT = f.witness.noSCT
	// A key alone needs nobody else, and no network.
	if f.trustedRoot != "" || keyless || f.witness.log || f.witness.time {
		t.authority.Roots, err = t.roots(ctx)
	}
	return err
}

// roots are those of the file that was named, else of sigstore.dev.
func (t *trust) roots(ctx context.Context) (root.TrustedMaterial, error) {
	if t.rootFile != "" {
		return sigstore.LoadTrustedRoot(t.rootFile)
	}
	cache, err := t.app.cacheDir()
	if err != nil {
		return nil, err
	}
	return sigstore.PublicGood(ctx, cache)
}

// publicKey reads a key, or asks a key management service for it.
func publicKey(ctx context.Context, name string) (crypto.PublicKey, error) {
	if sigstore.IsKeyURI(name) {
		key, err := sigstore.OpenKeyService(ctx, name)
		if err != nil {
			return nil, err
		}
		return key.Public(), nil
	}
	raw, err := readSmall(name, sigstore.MaxKeyFile)
	if err != nil {
		return nil, err
	}
	key, err := sigstore.ParsePublicKey(raw)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return key, nil
}

// readSmall reads one byte more than most, for the parser to refuse.
func readSmall(name string, most int64) ([]byte, error) {
	f, err := os.Open(name) // #nosec G304 -- the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most+1))
}
