package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wpkdev/wpk/verify"
)

// result is what a policy over all authorities is given: policy-controller's PolicyResult.
// https://github.com/sigstore/policy-controller/blob/main/pkg/webhook/validator_result.go
type result struct {
	AuthorityMatches map[string]authorityMatch  `json:"authorityMatches,omitempty"`
	Config           map[string]json.RawMessage `json:"config,omitempty"`
}

type authorityMatch struct {
	Signatures   []signatureResult              `json:"signatures,omitempty"`
	Attestations map[string][]attestationResult `json:"attestations,omitempty"`
	Static       bool                           `json:"static,omitempty"`
}

type signatureResult struct {
	ID              string `json:"id,omitempty"`
	Subject         string `json:"subject,omitempty"`
	Issuer          string `json:"issuer,omitempty"`
	WorkflowTrigger string `json:"githubWorkflowTrigger,omitempty"`
	WorkflowSHA     string `json:"githubWorkflowSha,omitempty"`
	WorkflowName    string `json:"githubWorkflowName,omitempty"`
	WorkflowRepo    string `json:"githubWorkflowRepo,omitempty"`
	WorkflowRef     string `json:"githubWorkflowRef,omitempty"`
}

type attestationResult struct {
	signatureResult
	PredicateType string `json:"predicateType,omitempty"`
	Digest        string `json:"digest,omitempty"`
}

// condition evaluates the policy over what the authorities have found.
func (e *evaluation) condition(ctx context.Context) (Rule, error) {
	c := e.clause.condition
	rule := Rule{Name: "policy (" + c.kind + ")", Outcome: Pass}
	r := result{AuthorityMatches: map[string]authorityMatch{}}
	for _, m := range e.matches {
		r.AuthorityMatches[m.signers.name] = m.result()
	}
	if c.configFile {
		var err error
		if r.Config, err = e.Facts.Configs(ctx); err != nil {
			return rule, fmt.Errorf("%s: %w", rule.Name, err)
		}
	}
	input, err := json.Marshal(r)
	if err != nil {
		return rule, fmt.Errorf("%s: %w", rule.Name, err)
	}
	if err := c.evaluate(ctx, input); err != nil {
		if ctx.Err() != nil {
			return rule, ctx.Err()
		}
		if errors.Is(err, ErrLanguage) {
			return rule, err
		}
		rule.Outcome, rule.Why = Fail, oneLine(err.Error())
	}
	return rule, nil
}

func (m match) result() authorityMatch {
	r := authorityMatch{Static: m.signers.static != nil}
	for _, v := range m.signatures {
		r.Signatures = append(r.Signatures, newSignatureResult(v))
	}
	for _, w := range m.signers.attestations {
		if r.Attestations == nil {
			r.Attestations = map[string][]attestationResult{}
		}
		for _, v := range m.attestations[w.name] {
			// policy-controller gives the predicate's name as the policy has it.
			r.Attestations[w.name] = append(r.Attestations[w.name], attestationResult{newSignatureResult(v), w.short, hash(v.Statement)})
		}
	}
	return r
}

// newSignatureResult has an id that is the same for the same signature, but not the one that a cluster has.
func newSignatureResult(v verify.Verified) signatureResult {
	x := v.Signer.Extensions
	id, _ := json.Marshal(v) // cannot fail: texts and times only
	return signatureResult{
		ID: hash(append(id, v.Statement...)), Subject: v.Signer.Subject, Issuer: v.Signer.Issuer,
		WorkflowTrigger: x["githubWorkflowTrigger"], WorkflowSHA: x["githubWorkflowSHA"], WorkflowName: x["githubWorkflowName"],
		WorkflowRepo: x["githubWorkflowRepository"], WorkflowRef: x["githubWorkflowRef"],
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
