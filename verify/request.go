package verify

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/wpkdev/wpk/internal/evidence"
)

// Request is what to verify, and against whom.
type Request struct {
	// Digest is that of the artifact: "sha256:" and 64 hexadecimal digits. Evidence about any other one fails.
	Digest string
	// Evidence is what lies beside the artifact.
	Evidence []evidence.Piece
	// Skipped is how many further pieces were not read, for errors.
	Skipped   int
	Authority Authority
	// PredicateType is that of the attestations that are wanted; empty for all of them.
	PredicateType string
	// Repository must be the one that the signer has named; empty for any or none.
	Repository string
	// Now is the present, which no signed time may lie beyond. The zero time checks nothing.
	Now time.Time
}

// Signatures returns the signatures of the artifact that are good; there is at least one. An attestation is none,
// whoever signed it: what an [evidence.Bundle] holds counts when the signed statement itself says that it is a
// signature. The error is an [*Error], [ErrRequest], or that of the context.
func Signatures(ctx context.Context, r Request) ([]Verified, error) {
	return collect(ctx, r, "signature", ErrNoSignature, func(c *claim) bool {
		return c.form == evidence.SimpleSigning || c.form == evidence.Bundle && c.predicateType == evidence.PredicateSignature
	})
}

// Attestations returns the attestations about the artifact that are good; there is at least one. The error is an
// [*Error], [ErrRequest], or that of the context.
func Attestations(ctx context.Context, r Request) ([]Verified, error) {
	return collect(ctx, r, "attestation", ErrNoAttestation, func(c *claim) bool {
		switch {
		case c.form == evidence.SimpleSigning, c.predicateType == evidence.PredicateSignature:
			return false
		}
		return r.PredicateType == "" || c.predicateType == r.PredicateType
	})
}

// collect verifies the pieces that are of the wanted kind.
func collect(ctx context.Context, r Request, what string, none error, wanted func(*claim) bool) ([]Verified, error) {
	digest, err := parseDigest(r.Digest)
	if err != nil {
		return nil, err
	}
	judge, err := newJudge(r.Authority)
	if err != nil {
		return nil, err
	}
	failed := &Error{Digest: r.Digest, What: what, PredicateType: r.PredicateType, Authority: r.Authority.Name, Skipped: r.Skipped, Kind: none}
	var good []Verified
	for _, p := range r.Evidence {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !couldBe(p.Form, what) {
			continue
		}
		c, err := readClaim(p)
		if err != nil {
			failed.note(&failure{ErrInvalid, err})
			continue
		}
		if !wanted(c) {
			continue
		}
		v, fail := judge.claim(c, digest, r)
		if fail != nil {
			failed.note(fail)
			continue
		}
		good = append(good, v)
	}
	if len(good) > 0 {
		return good, nil
	}
	return nil, failed
}

// couldBe tells whether a form of evidence can hold what is looked for at all.
func couldBe(f evidence.Form, what string) bool {
	switch f {
	case evidence.SimpleSigning:
		return what == "signature"
	case evidence.Envelope:
		return what == "attestation"
	}
	return f == evidence.Bundle
}

// parseDigest takes SHA-256 only: it is what all formats of signatures name artifacts by.
func parseDigest(s string) (string, error) {
	encoded, ok := strings.CutPrefix(s, "sha256:")
	if raw, err := hex.DecodeString(encoded); !ok || err != nil || len(raw) != 32 || strings.ToLower(encoded) != encoded {
		return "", fmt.Errorf("%w: digest %s: want sha256: and 64 hexadecimal digits", ErrRequest, quote(s))
	}
	return encoded, nil
}

// quote is %q of the beginning of foreign text.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
