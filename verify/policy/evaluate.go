package policy

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/wpkdev/wpk/verify"
)

// Verifier answers which evidence beside the artifact is good in the eyes of an authority. Its errors are those of
// [verify.Signatures] and [verify.Attestations]; any other one ends the evaluation.
type Verifier interface {
	Signatures(ctx context.Context, a verify.Authority) ([]verify.Verified, error)
	Attestations(ctx context.Context, a verify.Authority, predicateType string) ([]verify.Verified, error)
}

// Trust finds keys and roots that a policy names and does not hold.
type Trust interface {
	// Default is believed where a policy names no root.
	Default(ctx context.Context) (root.TrustedMaterial, error)
	// File reads a trusted_root.json. A relative path is meant from the folder of the policy file.
	File(path string) (root.TrustedMaterial, error)
	// Key asks a key management service for a public key.
	Key(ctx context.Context, uri string) (crypto.PublicKey, error)
}

// Facts tell what is in the artifact itself. They are asked only by policies that need them, and after somebody who
// may has signed it.
type Facts interface {
	// Imports are those of the module.
	Imports(ctx context.Context) ([]Import, error)
	// Annotations are those of the manifest or index that the digest names.
	Annotations(ctx context.Context) (map[string]string, error)
	// Configs are the configs of the images, by platform: linux/arm64, linux/arm/v7.
	Configs(ctx context.Context) (map[string]json.RawMessage, error)
}

// Import is something that a module wants of its host.
type Import struct {
	Name       string // as wpk inspect prints it: wasi_snapshot_preview1.fd_write, wasi:cli/stdout@0.2.0
	Capability string // as wpk inspect has it: files, sockets, …
}

// Request is an artifact and what is known of it.
type Request struct {
	Policy *Policy
	// Reference is the name that was asked for, for messages.
	Reference string
	// Repository is host/repository without tag. Policies are for names, so that one is needed.
	Repository string
	Tag        string // may be empty
	Digest     string
	Now        time.Time
	Verifier   Verifier
	Trust      Trust
	Facts      Facts
	// AllowUnmatched lets an artifact pass that no policy is for.
	AllowUnmatched bool
}

// Evaluate holds an artifact against the policies. All that are for it must be met; of one, a single authority is
// enough. The report is there whenever the error is nil or a [*FailedError]; with any other error nothing is known.
func Evaluate(ctx context.Context, r Request) (Report, error) {
	report := Report{Reference: r.Reference, Digest: r.Digest, Outcome: Pass}
	name := newImage(r.Repository, r.Tag, r.Digest)
	matched := 0
	for _, c := range r.Policy.clauses {
		p := Verdict{Name: c.name, Line: c.line, Mode: c.mode, Outcome: Skipped}
		pattern, pinned := c.matches(name)
		if pattern == "" || r.Repository == "" {
			report.Policies = append(report.Policies, p)
			continue
		}
		matched++
		p.Image = pattern
		if !pinned {
			p.Notes = append(p.Notes, fmt.Sprintf("in a cluster, which names images by digest, %s is not for this one", pattern))
		}
		e := &evaluation{Request: r, clause: c, now: r.Now}
		if err := e.run(ctx, &p); err != nil {
			return Report{}, fmt.Errorf("policy %q: %w", c.name, err)
		}
		report.Verified = append(report.Verified, e.used...)
		report.add(p)
	}
	if matched == 0 {
		report.Message = r.unmatched()
		if !r.AllowUnmatched {
			report.Outcome = Fail
		}
	}
	if report.Outcome == Fail {
		return report, &FailedError{report}
	}
	return report, nil
}

// add takes the worst outcome for that of all.
func (r *Report) add(p Verdict) {
	r.Policies = append(r.Policies, p)
	if p.Outcome == Fail || p.Outcome == Warn && r.Outcome == Pass {
		r.Outcome = p.Outcome
	}
}

// unmatched says why no policy is for the artifact, and which one nearly is.
func (r Request) unmatched() string {
	if r.Repository == "" {
		return "no policy is for an artifact without a repository's name"
	}
	for _, c := range r.Policy.clauses {
		for _, g := range c.images {
			if wider, ok := parseGlob(strings.TrimRight(g.text, "*") + "**"); ok && wider.match(newImage(r.Repository, r.Tag, r.Digest).pinned) {
				return fmt.Sprintf("no policy of %s is for it; %s would be, if it ended with **", r.Policy.File, g.text)
			}
		}
	}
	return "no policy of " + r.Policy.File + " is for it"
}

// evaluation is one policy on one artifact.
type evaluation struct {
	Request
	clause  *clause
	now     time.Time
	matches []match
	used    []verify.Verified
	// provenance is what the authorities attest, once it was asked for.
	provenance []provenance
}

// match is an authority that is content, and what it has verified.
type match struct {
	signers      *signers
	authority    verify.Authority
	signatures   []verify.Verified
	attestations map[string][]verify.Verified
}

// all is what an authority has verified, signatures first.
func (m match) all() []verify.Verified {
	list := append([]verify.Verified(nil), m.signatures...)
	for _, w := range m.signers.attestations {
		list = append(list, m.attestations[w.name]...)
	}
	return list
}

func (e *evaluation) run(ctx context.Context, p *Verdict) error {
	p.Outcome = Pass
	for _, a := range e.clause.authorities {
		rule, m, err := e.authority(ctx, a)
		if err != nil {
			return err
		}
		if m != nil {
			e.matches = append(e.matches, *m)
			e.used = append(e.used, m.all()...)
		}
		p.Rules = append(p.Rules, rule)
	}
	if len(e.matches) == 0 {
		e.conclude(p, false)
		return nil
	}
	// One is enough, so the others are no failures.
	for i := range p.Rules {
		if p.Rules[i].Outcome == Fail {
			p.Rules[i].Outcome = Skipped
		}
	}
	ok := true
	if e.clause.condition != nil {
		rule, err := e.condition(ctx)
		if err != nil {
			return err
		}
		p.Rules = append(p.Rules, rule)
		ok = rule.Outcome == Pass
	}
	if e.clause.require != nil {
		rules, err := e.requirements(ctx)
		if err != nil {
			return err
		}
		for _, rule := range rules {
			ok = ok && rule.Outcome == Pass
		}
		p.Rules = append(p.Rules, rules...)
	}
	e.conclude(p, ok)
	return nil
}

// conclude sets the outcome that the mode gives.
func (e *evaluation) conclude(p *Verdict, ok bool) {
	switch {
	case ok:
		p.Outcome = Pass
	case e.clause.mode == modeWarn:
		p.Outcome = Warn
	default:
		p.Outcome = Fail
	}
}

// authority asks one authority. The match is nil when it is not content.
func (e *evaluation) authority(ctx context.Context, a *signers) (Rule, *match, error) {
	rule := Rule{Name: "authority " + a.name, Outcome: Fail}
	if a.static != nil {
		if a.static.Action == "pass" {
			rule.Outcome, rule.Why = Pass, "static: nothing is verified"
			return rule, &match{signers: a}, nil
		}
		rule.Why = strings.TrimSuffix("static: nothing passes: "+oneLine(a.static.Message), ": ")
		return rule, nil, nil
	}
	v, err := a.verifier(ctx, e.Trust)
	if err != nil {
		return rule, nil, fmt.Errorf("authority %q: %w", a.name, err)
	}
	m := &match{signers: a, authority: v, attestations: map[string][]verify.Verified{}}
	if len(a.attestations) == 0 {
		good, err := e.Verifier.Signatures(ctx, v)
		if m.signatures, err = e.judge(good, err); err != nil {
			return e.refuse(rule, err)
		}
		rule.Outcome, rule.Why = Pass, describe(m.signatures)
		return rule, m, nil
	}
	for _, w := range a.attestations {
		inner, good, err := e.attestation(ctx, v, w)
		if err != nil {
			return rule, nil, err
		}
		rule.Rules = append(rule.Rules, inner)
		if inner.Outcome != Pass {
			rule.Why = inner.Why
			return rule, nil, nil
		}
		m.attestations[w.name] = good
	}
	rule.Outcome = Pass
	return rule, m, nil
}

// attestation looks for one that meets its own condition; others of its type may not.
func (e *evaluation) attestation(ctx context.Context, v verify.Authority, w *wanted) (Rule, []verify.Verified, error) {
	rule := Rule{Name: fmt.Sprintf("attestation %s (%s)", w.name, w.short), Outcome: Fail}
	all, err := e.Verifier.Attestations(ctx, v, w.predicateType)
	all, err = e.judge(all, err)
	if err != nil {
		rule, _, err := e.refuse(rule, err)
		return rule, nil, err
	}
	var good []verify.Verified
	for _, one := range all {
		if w.condition != nil {
			if err := w.condition.evaluate(ctx, one.Statement); err != nil {
				if ctx.Err() != nil {
					return rule, nil, ctx.Err()
				}
				rule.Why = oneLine(err.Error())
				continue
			}
		}
		good = append(good, one)
	}
	if len(good) > 0 {
		rule.Outcome, rule.Why = Pass, describe(good)
	}
	return rule, good, nil
}

// refuse tells evidence that does not count from a failure to look at it.
func (e *evaluation) refuse(rule Rule, err error) (Rule, *match, error) {
	var wrong *verify.Error
	if errors.As(err, &wrong) || errors.Is(err, errRepository) {
		rule.Why = oneLine(err.Error())
		return rule, nil, nil
	}
	return rule, nil, fmt.Errorf("%s: %w", rule.Name, err)
}

// verifier turns an authority into what package verify takes.
func (a *signers) verifier(ctx context.Context, t Trust) (verify.Authority, error) {
	v := verify.Authority{
		Name: a.name, Identities: a.identities, Log: a.needLog, Timestamp: a.needTime, InsecureIgnoreSCT: a.ignoreSCT,
	}
	key := a.key
	if a.kms != "" {
		var err error
		if key, err = t.Key(ctx, a.kms); err != nil {
			return v, err
		}
	}
	if key != nil {
		v.Keys = []crypto.PublicKey{key}
	}
	if len(a.identities) == 0 && !a.needLog && !a.needTime {
		return v, nil
	}
	var err error
	v.Roots, err = a.material(ctx, t)
	return v, err
}

// describe says who has signed, and when.
func describe(all []verify.Verified) string {
	if len(all) == 0 {
		return ""
	}
	v := all[0]
	who := "key " + v.Signer.KeyID
	if v.Signer.Subject != "" {
		who = v.Signer.Subject + " by " + v.Signer.Issuer
	}
	if !v.Time.IsZero() {
		who += v.Time.UTC().Format(", 2006-01-02 15:04:05 MST")
	}
	if len(all) > 1 {
		who += fmt.Sprintf(", and %d more", len(all)-1)
	}
	return "signed by " + oneLine(who)
}

// oneLine is foreign text without line breaks, and not endless.
func oneLine(s string) string {
	const most = 1000
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
