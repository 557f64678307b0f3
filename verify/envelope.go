package verify

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"

	"github.com/wpkdev/wpk/internal/evidence"
)

// readEnvelope turns a layer of an .att manifest into a bundle.
// https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
func readEnvelope(p evidence.Piece) (*claim, error) {
	var e struct {
		PayloadType string `json:"payloadType"`
		Payload     string `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(p.Content, &e); err != nil {
		return nil, fmt.Errorf("no DSSE envelope: %w", err)
	}
	if len(e.Signatures) != 1 {
		return nil, fmt.Errorf("the envelope has %d signatures, want one", len(e.Signatures))
	}
	payload, err := decode(e.Payload)
	if err != nil {
		return nil, fmt.Errorf("the envelope's payload: %w", err)
	}
	signature, err := decode(e.Signatures[0].Sig)
	if err != nil {
		return nil, fmt.Errorf("the envelope's signature: %w", err)
	}
	c := &claim{form: p.Form, stamped: p.Content}
	if err := c.readStatement(e.PayloadType, payload); err != nil {
		return nil, err
	}
	material, err := readMaterial(p.Annotations)
	if err != nil {
		return nil, err
	}
	c.entity, err = newEntity(&protobundle.Bundle{
		MediaType:            mediaTypeBundle01,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload:     payload,
			PayloadType: e.PayloadType,
			Signatures:  []*protodsse.Signature{{Sig: signature, Keyid: e.Signatures[0].KeyID}},
		}},
	})
	return c, err
}

// decode takes base64 in both alphabets, as the format demands of a reader.
func decode(s string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		raw, err = base64.URLEncoding.DecodeString(s)
	}
	return raw, err
}
