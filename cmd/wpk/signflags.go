package main

import (
	"context"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/sign"
)

// signFlags say who signs and who vouches for it. sign, attest, and build and pack with --sign share them.
type signFlags struct {
	key          string
	passwordFile string
	formats      []string
	identity     identityFlags
	services     serviceFlags
}

func (s *signFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.key, "key", "", "private key `FILE`, or a URI of a key service; without one the signature is by identity")
	passwordFlag(c, &s.passwordFile)
	f.StringSliceVar(&s.formats, "format", nil, "`FORMS` to write: bundle, legacy (default: both where possible)")
	s.identity.register(c)
	s.services.register(c)
}

// signing is a signer with what is said of it.
type signing struct {
	*sign.Signer
	keyID string // empty for an identity
}

// open checks the flags, reads the key, and finds the services. An identity is asked for when the first signature is
// made, a password now.
func (s *signFlags) open(ctx context.Context, a *app) (*signing, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	o := sign.Options{UserAgent: "wpk/" + versionOf(), Now: time.Now}
	for _, f := range s.formats {
		o.Formats = append(o.Formats, sign.Format(f))
	}
	done := &signing{}
	var err error
	if s.key != "" {
		if o.Key, err = a.openKey(ctx, s.key, s.passwordFile); err != nil {
			return nil, err
		}
		if done.keyID, err = sigstore.KeyID(o.Key.Public()); err != nil {
			return nil, err
		}
	}
	if o.Services, o.Roots, err = s.services.choose(ctx, a, s.key != ""); err != nil {
		return nil, err
	}
	if s.key == "" {
		o.Token = s.identity.source(a, o.Services.Issuer)
	}
	if done.Signer, err = sign.New(o); err != nil {
		return nil, err
	}
	if _, left := done.Formats(); left != "" {
		a.ui.Say("sign: only the bundle form is written: %s", left)
	}
	return done, nil
}

// check refuses flags that contradict each other.
func (s *signFlags) check() error {
	for i, f := range s.formats {
		switch {
		case f != string(sign.Bundle) && f != string(sign.Legacy):
			return &valueError{"--format", f, "want bundle or legacy"}
		case slices.Contains(s.formats[:i], f):
			return &valueError{"--format", f, "given twice"}
		}
	}
	if s.key != "" && s.identity.token != "" {
		return &valueError{"--identity-token", s.identity.token, "a signature is by key or by identity, not both"}
	}
	v := &s.services
	if v.offline {
		switch flag := v.online(); {
		case s.key == "":
			return &valueError{"--offline", "true", "a signature by identity needs services; --key FILE signs without"}
		case sigstore.IsKeyURI(s.key):
			return &valueError{"--offline", "true", "the key is in a service"}
		case flag != "":
			return &valueError{"--offline", "true", flag + " names a service to ask"}
		}
	}
	if v.noLog && (v.log || v.rekorURL != "") {
		return &valueError{"--no-transparency-log", "true", "another flag asks for a log"}
	}
	if v.rekorVersion > 2 {
		return &valueError{"--rekor-version", "", "want 1 or 2"}
	}
	return nil
}

// serviceFlags name the services that vouch for a signature.
type serviceFlags struct {
	fulcioURL, rekorURL, timestampURL, issuerURL string
	rekorVersion                                 uint32
	signingConfig, trustedRoot                   string
	offline, log, noLog                          bool
}

func (v *serviceFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&v.fulcioURL, "fulcio-url", "", "`URL` of the service that certifies identities")
	f.StringVar(&v.rekorURL, "rekor-url", "", "`URL` of the transparency log")
	f.Uint32Var(&v.rekorVersion, "rekor-version", 0, "major `VERSION` of the log, 1 or 2 (default: the signing config's newest, 1 for --rekor-url)")
	f.StringVar(&v.timestampURL, "timestamp-url", "", "`URL` of a timestamp authority")
	f.StringVar(&v.issuerURL, "oidc-issuer", "", "`URL` of the identity issuer for a login with a browser")
	f.StringVar(&v.signingConfig, "signing-config", "", "`FILE` that names all services")
	f.StringVar(&v.trustedRoot, "trusted-root", "", "verify each new signature with the roots of this `FILE`")
	f.BoolVar(&v.offline, "offline", false, "ask no service, and speak to nobody but the registry; needs --key")
	f.BoolVar(&v.log, "transparency-log", false, "with --key: write to the public good instance's log, for everybody to see")
	f.BoolVar(&v.noLog, "no-transparency-log", false, "write to no log, whatever the signing config says")
}

// online is the first flag that names a service.
func (v *serviceFlags) online() string {
	for _, f := range []struct{ name, value string }{
		{"--fulcio-url", v.fulcioURL}, {"--rekor-url", v.rekorURL}, {"--timestamp-url", v.timestampURL}, {"--signing-config", v.signingConfig},
	} {
		if f.value != "" {
			return f.name
		}
	}
	if v.log {
		return "--transparency-log"
	}
	return ""
}

// publicIssuer is where people log in for the public good instance.
const publicIssuer = "https://oauth2.sigstore.dev/auth"

// choose finds the services. A signing config or URLs stand for an instance as a whole: nothing is then taken from the
// public good one, whose log the whole world reads. With a key nobody is asked unless a flag says so.
func (v *serviceFlags) choose(ctx context.Context, a *app, byKey bool) (s sign.Services, roots root.TrustedMaterial, err error) {
	if v.trustedRoot != "" {
		if roots, err = sigstore.LoadTrustedRoot(v.trustedRoot); err != nil {
			return s, nil, err
		}
	}
	var config *root.SigningConfig
	switch {
	case v.signingConfig != "":
		config, err = sigstore.LoadSigningConfig(v.signingConfig)
	case v.log || !byKey && v.online() == "":
		var cache string
		if cache, err = a.cacheDir(); err != nil {
			return s, nil, err
		}
		s.Issuer = publicIssuer
		if config, err = sigstore.PublicGoodServices(ctx, cache); err == nil && roots == nil {
			roots, err = sigstore.PublicGood(ctx, cache)
		}
	}
	if err != nil {
		return s, nil, err
	}
	if config != nil {
		issuer := s.Issuer
		if s, err = sign.ChooseServices(config, v.rekorVersion, time.Now()); err != nil {
			return s, nil, err
		}
		if s.Issuer == "" {
			s.Issuer = issuer
		}
	}
	v.override(&s)
	return s, roots, nil
}

func (v *serviceFlags) override(s *sign.Services) {
	for _, f := range []struct {
		flag string
		to   *string
	}{{v.fulcioURL, &s.Fulcio}, {v.issuerURL, &s.Issuer}} {
		if f.flag != "" {
			*f.to = f.flag
		}
	}
	if v.rekorURL != "" {
		s.Logs = []sign.Log{{URL: v.rekorURL, Version: v.rekorVersion}}
	}
	if v.noLog {
		s.Logs = nil
	}
	if v.timestampURL != "" {
		s.Timestamps = []string{v.timestampURL}
	}
}
