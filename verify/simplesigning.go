package verify

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// typeSimpleSigning is what every payload says of itself.
const typeSimpleSigning = "cosign container image signature"

// readSimpleSigning turns a layer of a .sig manifest into a bundle whose message is the payload.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#payloads
func readSimpleSigning(p evidence.Piece) (*claim, error) {
	c := &claim{form: p.Form, payload: p.Content}
	if err := c.readPayload(); err != nil {
		return nil, err
	}
	encoded := p.Annotations[evidence.AnnotationSignature]
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(signature) == 0 {
		return nil, fmt.Errorf("annotation %s is no signature in base64", evidence.AnnotationSignature)
	}
	material, err := readMaterial(p.Annotations)
	if err != nil {
		return nil, err
	}
	hash, algorithm := crypto.SHA256, protocommon.HashAlgorithm_SHA2_256
	if entries := material.GetTlogEntries(); len(entries) > 0 {
		// The log has the digest that the key's algorithm is of, which is not always SHA-256.
		hash, algorithm = loggedHash(entries[0].GetCanonicalizedBody())
	}
	h := hash.New()
	h.Write(p.Content) // a hash never fails
	c.entity, err = newEntity(&protobundle.Bundle{
		MediaType:            mediaTypeBundle01,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: algorithm, Digest: h.Sum(nil)},
			Signature:     signature,
		}},
	})
	return c, err
}

// readPayload reads a payload in the simple signing format of containers.
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md#json-data-format
func (c *claim) readPayload() error {
	var s struct {
		Critical struct {
			Type  string `json:"type"`
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Identity struct {
				Reference string `json:"docker-reference"`
			} `json:"identity"`
		} `json:"critical"`
		Optional map[string]json.RawMessage `json:"optional"`
	}
	if err := json.Unmarshal(c.payload, &s); err != nil {
		return fmt.Errorf("no payload of a signature: %w", err)
	}
	if s.Critical.Type != typeSimpleSigning {
		return fmt.Errorf("unknown type of payload %s", quote(s.Critical.Type))
	}
	digest, ok := strings.CutPrefix(s.Critical.Image.Digest, "sha256:")
	if !ok {
		return errors.New("the payload names no SHA-256 digest")
	}
	c.subjects = []subject{{digest, s.Critical.Identity.Reference}}
	c.annotations = textOnly(s.Optional)
	return nil
}

// loggedHash is the hash function of a log's entry of kind hashedrekord: that of Ed25519ph and P-384 is another.
func loggedHash(body []byte) (crypto.Hash, protocommon.HashAlgorithm) {
	var entry struct {
		Spec struct {
			Data struct {
				Hash struct {
					Algorithm string `json:"algorithm"`
				} `json:"hash"`
			} `json:"data"`
		} `json:"spec"`
	}
	_ = json.Unmarshal(body, &entry) // anything else is SHA-256, and the verifier compares
	switch entry.Spec.Data.Hash.Algorithm {
	case "sha384":
		return crypto.SHA384, protocommon.HashAlgorithm_SHA2_384
	case "sha512":
		return crypto.SHA512, protocommon.HashAlgorithm_SHA2_512
	}
	return crypto.SHA256, protocommon.HashAlgorithm_SHA2_256
}
