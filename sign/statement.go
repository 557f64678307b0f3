package sign

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/wpkdev/wpk/internal/evidence"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"
)

// ErrStatement is what should be an in-toto statement and is none.
var ErrStatement = errors.New("not an in-toto statement")

// statement is the in-toto statement that signs a subject and says nothing more of it. Its repository is the name of
// the subject, so that the signature is of no use for a copy elsewhere when a verifier wants it so.
// https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
func statement(s Subject) ([]byte, error) {
	sum, err := digest.Parse(s.Digest)
	if err != nil {
		return nil, fmt.Errorf("cannot sign %q: %w", s.Digest, err)
	}
	type resource struct {
		Name        string            `json:"name,omitempty"`
		Digest      map[string]string `json:"digest"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	return json.Marshal(struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     struct{}   `json:"predicate"`
	}{
		Type:          statementType,
		Subject:       []resource{{s.Repository, map[string]string{sum.Algorithm().String(): sum.Encoded()}, s.Annotations}},
		PredicateType: evidence.PredicateSignature,
	})
}

// simplePayload is the payload of the simple signing format.
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md#json-data-format
func simplePayload(s Subject) ([]byte, error) {
	sum, err := digest.Parse(s.Digest)
	if err != nil {
		return nil, fmt.Errorf("cannot sign %q: %w", s.Digest, err)
	}
	type identity struct {
		Reference string `json:"docker-reference"`
	}
	type image struct {
		Digest string `json:"docker-manifest-digest"`
	}
	type critical struct {
		Identity identity `json:"identity"`
		Image    image    `json:"image"`
		Type     string   `json:"type"`
	}
	return json.Marshal(struct {
		Critical critical          `json:"critical"`
		Optional map[string]string `json:"optional"`
	}{critical{identity{s.Repository}, image{sum.String()}, "cosign container image signature"}, s.Annotations})
}

// predicateType checks that an attestation is a statement about something.
func predicateType(raw []byte) (string, error) {
	var s struct {
		Type    string `json:"_type"`
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%w: %w", ErrStatement, err)
	}
	switch {
	case s.Type != statementType:
		return "", fmt.Errorf("%w of version 1: its _type is %q", ErrStatement, s.Type)
	case len(s.Subject) == 0 || len(s.Subject[0].Digest) == 0:
		return "", fmt.Errorf("%w: it has no subject with a digest", ErrStatement)
	case s.PredicateType == "":
		return "", fmt.Errorf("%w: it has no predicateType", ErrStatement)
	case s.PredicateType == evidence.PredicateSignature:
		return "", fmt.Errorf("%w but a signature: its predicateType is %s", ErrStatement, s.PredicateType)
	}
	return s.PredicateType, nil
}

func dsse(raw []byte) sgsign.Content {
	return &sgsign.DSSEData{Data: raw, PayloadType: payloadType}
}
