package verify

import (
	"encoding/json"
	"fmt"
)

// typeInToto is the payload type of an envelope around an in-toto statement.
const typeInToto = "application/vnd.in-toto+json"

// statementTypes are the versions of the statement: https://github.com/in-toto/attestation/tree/main/spec
func statementTypes() [2]string {
	return [2]string{"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"}
}

// maxSubjects bounds what one statement is about, as sigstore-go does.
const maxSubjects = 1024

// readStatement reads what an in-toto statement is about. The predicate is for whoever asked for the type.
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
func (c *claim) readStatement(payloadType string, payload []byte) error {
	if payloadType != typeInToto {
		return fmt.Errorf("the envelope holds %s, want %s", quote(payloadType), typeInToto)
	}
	var s struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
			// cosign has the annotations of a signature here.
			Annotations map[string]json.RawMessage `json:"annotations"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return fmt.Errorf("no in-toto statement: %w", err)
	}
	if types := statementTypes(); s.Type != types[0] && s.Type != types[1] {
		return fmt.Errorf("unknown type of statement %s", quote(s.Type))
	}
	if len(s.Subject) > maxSubjects {
		return fmt.Errorf("the statement is about more than %d artifacts", maxSubjects)
	}
	c.statement, c.predicateType = payload, s.PredicateType
	for _, one := range s.Subject {
		c.subjects = append(c.subjects, subject{one.Digest["sha256"], one.Name})
		if len(s.Subject) == 1 {
			c.annotations = textOnly(one.Annotations)
		}
	}
	return nil
}

// textOnly keeps the annotations that are text.
func textOnly(m map[string]json.RawMessage) map[string]string {
	texts := map[string]string{}
	for k, raw := range m {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			texts[k] = text
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}
