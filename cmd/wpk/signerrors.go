package main

import (
	"errors"
	"fmt"

	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/sign"
	"github.com/wpkdev/wpk/sign/identity"
)

// explainSign explains keys, identities and the services that vouch for signatures.
func explainSign(err error) (int, string) {
	for _, f := range []func(error) (int, string){explainKey, explainIdentity, explainServices} {
		if code, hint := f(err); code != 0 {
			return code, hint
		}
	}
	return 0, ""
}

func explainKey(err error) (int, string) {
	var password *passwordError
	var exists *existsError
	var key *sigstore.KeyError
	var service *sigstore.KeyServiceError
	switch {
	case errors.As(err, &password):
		return exitUsage, "set $WPK_PASSWORD, or name a file: --password-file FILE"
	case errors.Is(err, errPasswordsDiffer):
		return exitUsage, ""
	case errors.Is(err, sigstore.ErrPassword):
		return exitContent, "$WPK_PASSWORD and $COSIGN_PASSWORD come before --password-file; a damaged file looks the same"
	case errors.As(err, &exists):
		return exitStorage, "--output NAME writes other files, --force overwrites these"
	case errors.As(err, &service):
		return keyServiceHint(service)
	case errors.As(err, &key):
		return exitContent, "wpk key generate makes a key, wpk key import takes over one of another program"
	}
	return 0, ""
}

func keyServiceHint(e *sigstore.KeyServiceError) (int, string) {
	switch {
	case e.Service == "":
		return exitUsage, "want hashivault://, awskms://, gcpkms:// or azurekms://, or the name of a file"
	case e.Missing:
		return exitMissing, "the release flavour wpk-full speaks to it; from source: make build TAGS=kms"
	}
	return exitUnreachable, "docs/sign.md names the variables that say where the service is and who asks"
}

func explainIdentity(err error) (int, string) {
	var none *noIdentityError
	var refused *identity.NotGrantedError
	var provider *identity.ProviderError
	switch {
	case errors.As(err, &none) && errors.Is(none, errNoIssuer):
		return exitUsage, "--oidc-issuer URL names one; --identity-token FILE needs none"
	case errors.As(err, &none):
		return exitUsage, "sign with --key FILE, or give an identity with --identity-token FILE"
	case errors.As(err, &refused):
		return exitUsage, "add to the job: " + refused.Setting
	case errors.Is(err, identity.ErrExpired):
		return exitUsage, "get a new token: most are good for some minutes only"
	case errors.As(err, &provider):
		return exitUnreachable, "--no-ambient-identity asks nobody; --identity-token FILE takes a token that is there"
	case errors.Is(err, identity.ErrToken), errors.Is(err, identity.ErrUnverified):
		return exitContent, "want an OpenID Connect token for the audience " + identity.Audience
	case errors.Is(err, ui.ErrNoTerminal):
		return exitUsage, ""
	}
	return 0, ""
}

func explainServices(err error) (int, string) {
	var service *sign.ServiceError
	var roots *sigstore.RootError
	var store *inStoreError
	var many *tooManyError
	switch {
	case errors.As(err, &store):
		return exitNotFound, fmt.Sprintf("it is in the local store: wpk sign store:%s, or wpk push %s first", store.ref, store.ref)
	case errors.As(err, &many):
		return exitContent, ""
	case errors.Is(err, sign.ErrNoFulcio):
		return exitUsage, "name all services: --signing-config FILE, or --fulcio-url, --rekor-url and --timestamp-url; or sign with --key FILE"
	case errors.Is(err, sign.ErrNoTime):
		return exitUsage, "--rekor-url URL or --timestamp-url URL; or sign with --key FILE"
	case errors.Is(err, sign.ErrNoBundle):
		return exitUsage, "--format bundle"
	case errors.Is(err, sign.ErrLogKey):
		return exitUsage, "use an ecdsa-p256 key, or --no-transparency-log"
	case errors.As(err, &service) && service.Status >= 400 && service.Status < 500:
		return exitRefused, ""
	case errors.As(err, &service):
		return exitUnreachable, "with --key no service is needed: leave its URL out"
	case errors.Is(err, sigstore.ErrUpdate):
		return exitUnreachable, "--signing-config FILE and --trusted-root FILE need no update; --key FILE --offline needs neither"
	case errors.As(err, &roots):
		return exitContent, ""
	case errors.Is(err, sign.ErrStatement):
		return exitContent, ""
	}
	return 0, ""
}
