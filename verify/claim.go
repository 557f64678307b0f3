package verify

import (
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"

	"github.com/wpkdev/wpk/internal/evidence"
)

// claim is a piece of evidence that was read, and of which nothing is verified yet.
type claim struct {
	form   evidence.Form
	entity *entity
	// payload is what the signature of a SimpleSigning is of; nil for an envelope, which holds its own.
	payload       []byte
	statement     []byte // an in-toto statement, as signed
	predicateType string
	// subjects are the artifacts that it is about.
	subjects    []subject
	annotations map[string]string
	// stamped is what else a timestamp may be of than the signature; see stampedRoots.
	stamped []byte
}

// subject is an artifact as the signer names it.
type subject struct {
	sha256     string // hexadecimal
	repository string // may be empty
}

var errPanic = errors.New("its bytes broke the parser")

// readClaim turns a piece into what sigstore-go verifies. The parsers below are not ours, and what they are given
// is from anywhere: one that panics has not understood it.
func readClaim(p evidence.Piece) (c *claim, err error) {
	defer func() {
		if recover() != nil {
			c, err = nil, errPanic
		}
	}()
	if len(p.Content) > evidence.MaxContent {
		return nil, fmt.Errorf("larger than %d bytes", evidence.MaxContent)
	}
	switch p.Form {
	case evidence.SimpleSigning:
		return readSimpleSigning(p)
	case evidence.Envelope:
		return readEnvelope(p)
	case evidence.Bundle:
		return readBundle(p)
	}
	return nil, fmt.Errorf("unknown form %s", quote(string(p.Form)))
}

// entity is a bundle in the eyes of sigstore-go's verifier.
type entity struct{ *bundle.Bundle }

// Version is unknown on purpose. For the known ones the verifier takes SHA-256 with the curve P-384 too, and says on
// stderr that it had to.
func (entity) Version() (string, error) { return "", nil }

func newEntity(b *protobundle.Bundle) (*entity, error) {
	checked, err := bundle.NewBundle(b)
	if err != nil {
		return nil, err
	}
	return &entity{checked}, nil
}

// readBundle reads a Sigstore bundle with a DSSE envelope. A bundle that signs bytes and says nothing about them is
// what `cosign sign-blob` makes of files, and no statement about an artifact.
// https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
func readBundle(p evidence.Piece) (*claim, error) {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(p.Content); err != nil {
		return nil, fmt.Errorf("no Sigstore bundle: %w", err)
	}
	envelope := b.GetDsseEnvelope()
	if envelope == nil {
		return nil, errors.New("the bundle signs bytes and holds no statement")
	}
	c := &claim{form: p.Form, entity: &entity{&b}}
	return c, c.readStatement(envelope.GetPayloadType(), envelope.GetPayload())
}
