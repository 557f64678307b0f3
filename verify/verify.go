// Package verify decides whether the signatures and attestations that lie beside an artifact are good, and made by
// somebody who may. It fetches nothing and prints nothing: what it is given are bytes from anywhere, bounded by whoever
// fetched them, and what it returns was checked against the one digest that was asked for.
package verify

import (
	"crypto"
	"encoding/json"
	"errors"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// The reasons why evidence does not count, from the least to the most that was there. Every [*Error] is one of them.
var (
	ErrNoSignature   = errors.New("no signature")
	ErrNoAttestation = errors.New("no attestation of this type")
	ErrInvalid       = errors.New("the signature is not valid")
	ErrIdentity      = errors.New("signed by somebody else than allowed")
	ErrPolicy        = errors.New("the policy is not met")
)

// ErrRequest is a request with which nothing could ever be verified: no key and no identity, a pattern that is no
// regular expression, a digest that is none. It is never about the evidence.
var ErrRequest = errors.New("cannot verify")

// Identity is who may have signed, as a certificate of Fulcio names it. Exactly one of Subject and SubjectPattern is
// set, and one of Issuer and IssuerPattern. A pattern is a regular expression that must match the whole string.
type Identity struct {
	Subject, SubjectPattern string
	Issuer, IssuerPattern   string
}

// Authority is one way in which a signature can be good: by one of its keys, or by a certificate for one of its
// identities.
type Authority struct {
	Name       string // in results and errors; may be empty
	Keys       []crypto.PublicKey
	Identities []Identity
	// Roots are the certificate authorities, logs and timestamp authorities that are believed; nil for keys alone.
	Roots root.TrustedMaterial
	// Log demands an entry in a transparency log. Certificates need a time that somebody vouches for in any case.
	Log bool
	// Timestamp demands a signed timestamp.
	Timestamp bool
	// InsecureIgnoreSCT accepts certificates without proof that a certificate transparency log has them, as a
	// certificate authority without such a log issues them.
	InsecureIgnoreSCT bool
}

// Verified is a signature or attestation that is good.
type Verified struct {
	Digest        string `json:"digest"`
	Form          string `json:"form"`                    // an evidence.Form
	PredicateType string `json:"predicateType,omitempty"` // empty for a signature
	// Statement is the in-toto statement of an attestation.
	Statement json.RawMessage `json:"-"`
	Authority string          `json:"authority,omitempty"`
	Signer    Signer          `json:"signer"`
	// Time is when it was signed, as a log or a timestamp authority has it, and the earliest if several do; zero when
	// nobody vouches for one.
	Time time.Time `json:"time,omitzero"`
	// TimeSource is "transparency log" or "timestamp authority"; empty without a time.
	TimeSource string `json:"timeSource,omitempty"`
	// LogIndex is the entry's number in the log, nil without one.
	LogIndex *int64 `json:"logIndex,omitempty"`
	// Repository is the one that the signer named, empty when none.
	Repository string `json:"repository,omitempty"`
	// Annotations are what the signer added to a signature.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Signer is who made a signature.
type Signer struct {
	// KeyID is "sha256:" and the digest of the public key (PKIX, DER); empty for a certificate.
	KeyID string `json:"keyId,omitempty"`
	// Subject and Issuer are those of the certificate, empty for a key.
	Subject string `json:"subject,omitempty"`
	Issuer  string `json:"issuer,omitempty"`
	// Extensions are what Fulcio knows of the CI run, by the names of
	// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: sourceRepositoryURI, buildSignerURI, …
	Extensions map[string]string `json:"extensions,omitempty"`
}
