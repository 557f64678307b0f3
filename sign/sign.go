// Package sign makes signatures and attestations, as pieces of evidence that lie beside an artifact: Sigstore bundles,
// and the older forms that cosign of before version 3, podman and skopeo read. It knows no registry and prints nothing.
//
// Who signs is a key of one's own, or somebody whom an identity token names and whom Fulcio gives a certificate for ten
// minutes ("keyless"). When is what a transparency log or a timestamp authority says; with a key neither is needed, and
// then nothing is sent anywhere.
package sign

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/sigstore"
	"github.com/wpkdev/wpk/sign/identity"
)

// Format is a way to write signatures and attestations.
type Format string

const (
	// Bundle is the Sigstore bundle 0.3, which is attached as a referrer: cosign 2.6 and newer.
	Bundle Format = "bundle"
	// Legacy is what the tags sha256-….sig and .att name: every cosign, podman, skopeo, policy-controller.
	Legacy Format = "legacy"
)

// Options say who signs and which services vouch for it.
type Options struct {
	// Key signs; without one Token must be set and Fulcio gives a certificate.
	Key *sigstore.Key
	// Token gets an identity token; it is called when the first certificate is needed, and when one has run out.
	Token func(context.Context) (identity.Token, error)
	// Services that are asked. None is needed with a Key.
	Services Services
	// Formats to write. None means both where possible, else [Bundle]; see [Signer.Formats].
	Formats []Format
	// Roots, when set, are what every signature is verified with before it is returned, so that a log or an authority
	// that nobody trusts is found out now and not by others later.
	Roots root.TrustedMaterial
	// UserAgent is sent to the services.
	UserAgent string
	// Now is the time; nil is [time.Now].
	Now func() time.Time
}

// Signer makes evidence. It may be used for many subjects, one after the other.
type Signer struct {
	o       Options
	formats []Format
	left    string // why a format was left out
	cert    *certificate
}

// The reasons why signing cannot begin. Each names what to change.
var (
	// ErrNoSigner is a signer without key and token.
	ErrNoSigner = errors.New("neither a key nor an identity to sign with")
	// ErrNoTime is a certificate whose signature nobody would date: it runs out after ten minutes.
	ErrNoTime = errors.New("a signature by identity needs a transparency log or a timestamp authority")
	// ErrNoFulcio is a signature by identity without the service that certifies it.
	ErrNoFulcio = errors.New("a signature by identity needs a Fulcio service")
	// ErrNoBundle is a log that only takes bundles, where another form is asked for.
	ErrNoBundle = errors.New("the legacy form cannot be had")
	// ErrLogKey is a log that does not take signatures of this kind of key.
	ErrLogKey = errors.New("this version of Rekor takes no signatures of")
)

// New checks that the options go together.
func New(o Options) (*Signer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Signer{o: o}
	if o.Key == nil {
		switch {
		case o.Token == nil:
			return nil, ErrNoSigner
		case o.Services.Fulcio == "":
			return nil, ErrNoFulcio
		case len(o.Services.Timestamps) == 0 && !slices.ContainsFunc(o.Services.Logs, Log.dates):
			return nil, ErrNoTime
		}
	}
	v1 := slices.ContainsFunc(o.Services.Logs, func(l Log) bool { return l.Version != 2 })
	v2 := slices.ContainsFunc(o.Services.Logs, func(l Log) bool { return l.Version == 2 })
	pure := o.Key != nil && o.Key.Hash() == 0
	switch {
	case v2 && pure: // it only takes what is signed by way of a hash
		return nil, fmt.Errorf("%w Ed25519 keys", ErrLogKey)
	case v1 && o.Key != nil && o.Key.Hash() == crypto.SHA384: // it verifies every envelope with SHA-256
		return nil, fmt.Errorf("%w P-384 keys", ErrLogKey)
	case v2 && !v1:
		s.left = "Rekor v2 gives no proof that it can hold"
	case v1 && pure:
		s.left = "Rekor takes no such signature of an Ed25519 key"
	}
	if err := s.chooseFormats(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Signer) chooseFormats() error {
	switch asked := s.o.Formats; {
	case len(asked) == 0 && s.left != "":
		s.formats = []Format{Bundle}
	case len(asked) == 0:
		s.formats = []Format{Bundle, Legacy}
	case slices.Contains(asked, Legacy) && s.left != "":
		return fmt.Errorf("%w: %s", ErrNoBundle, s.left)
	default:
		s.formats, s.left = asked, ""
	}
	return nil
}

// Formats are those that are written, and why one was left out that nobody asked for by name.
func (s *Signer) Formats() (formats []Format, left string) { return slices.Clone(s.formats), s.left }

// Subject is what is signed.
type Subject struct {
	// Digest of a manifest or index: "sha256:…".
	Digest string
	// Repository that it is in, as host/repository; empty where there is none.
	Repository string
	// Annotations are what the signer adds, and what a verifier can ask for.
	Annotations map[string]string
}

// Signature signs an artifact.
func (s *Signer) Signature(ctx context.Context, subject Subject) ([]evidence.Piece, error) {
	var pieces []evidence.Piece
	for _, f := range s.formats {
		var piece evidence.Piece
		var err error
		switch f {
		case Bundle:
			var raw []byte
			if raw, err = statement(subject); err == nil {
				piece, err = s.bundle(ctx, raw, evidence.PredicateSignature)
			}
		case Legacy:
			piece, err = s.simpleSigning(ctx, subject)
		default:
			err = fmt.Errorf("no format of signatures is called %q", f)
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece)
	}
	return pieces, nil
}

// Attestation signs an in-toto statement, given as JSON: once, for all forms.
func (s *Signer) Attestation(ctx context.Context, raw []byte) ([]evidence.Piece, error) {
	predicate, err := predicateType(raw)
	if err != nil {
		return nil, err
	}
	made, err := s.sign(ctx, dsse(raw))
	if err != nil {
		return nil, err
	}
	var pieces []evidence.Piece
	for _, f := range s.formats {
		var piece evidence.Piece
		if f == Legacy {
			piece, err = s.envelopePiece(ctx, made, predicate)
		} else {
			piece, err = bundlePiece(made, predicate)
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece)
	}
	return pieces, nil
}

// random is what ECDSA signs with. Without it the same content gives the same signature, so that signing twice adds
// nothing; a log of version 2, though, refuses what it has already.
func (s *Signer) random() io.Reader {
	if s.o.Key == nil || slices.ContainsFunc(s.o.Services.Logs, func(l Log) bool { return l.Version == 2 }) {
		return rand.Reader
	}
	return nil
}
