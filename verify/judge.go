package verify

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/wpkdev/wpk/internal/evidence"
)

// maxAhead is how far a signed time may be ahead of ours: clocks differ, and a machine's time zone may be wrong. One
// that is farther ahead is a time of somebody who moved a clock.
const maxAhead = 24 * time.Hour

// judge is an [Authority] that is ready for use.
type judge struct {
	Authority
	keys     []*publicKey
	matchers []matcher
}

func newJudge(a Authority) (*judge, error) {
	j := &judge{Authority: a}
	switch {
	case len(a.Keys) == 0 && len(a.Identities) == 0:
		return nil, fmt.Errorf("%w: neither a key nor an identity is given", ErrRequest)
	case a.Roots == nil && len(a.Identities) > 0:
		return nil, fmt.Errorf("%w: certificates need a trusted root", ErrRequest)
	case a.Roots == nil && (a.Log || a.Timestamp):
		return nil, fmt.Errorf("%w: logs and timestamps need a trusted root", ErrRequest)
	}
	for _, key := range a.Keys {
		k, err := newPublicKey(key)
		if err != nil {
			return nil, err
		}
		j.keys = append(j.keys, k)
	}
	for _, id := range a.Identities {
		m, err := newMatcher(id)
		if err != nil {
			return nil, err
		}
		j.matchers = append(j.matchers, m)
	}
	if j.Roots == nil {
		j.Roots = &root.BaseTrustedMaterial{}
	}
	return j, nil
}

// claim decides about one piece of evidence. What is cheap comes first.
func (j *judge) claim(c *claim, digest string, r Request) (v Verified, fail *failure) {
	defer func() { // see readClaim
		if recover() != nil {
			v, fail = Verified{}, &failure{ErrInvalid, errPanic}
		}
	}()
	names, about := c.about(digest)
	if !about {
		return v, failf(ErrInvalid, "it is about another artifact%s", c.others())
	}
	v = Verified{
		Digest: r.Digest, Form: string(c.form), Authority: j.Name, Annotations: c.annotations,
	}
	if c.predicateType != evidence.PredicateSignature {
		v.PredicateType, v.Statement = c.predicateType, c.statement
	}
	content, err := c.entity.VerificationContent()
	if err != nil {
		return v, &failure{ErrInvalid, err}
	}
	var good *outcome
	if content.Certificate() != nil {
		good, fail = j.byCertificate(c)
	} else {
		good, fail = j.byKey(c, content.PublicKey().Hint())
	}
	if fail != nil {
		return v, fail
	}
	v.Signer, v.LogIndex = good.signer, c.logIndex(good.roots)
	if fail = v.setTime(good.times, r.Now); fail != nil {
		return v, fail
	}
	var named bool
	if v.Repository, named = pick(names, r.Repository); !named {
		if v.Repository == "" {
			return v, failf(ErrPolicy, "it names no repository, want %s", quote(r.Repository))
		}
		return v, failf(ErrPolicy, "it was made for repository %s, not for %s", quote(v.Repository), quote(r.Repository))
	}
	return v, nil
}

// about returns how the subjects with a digest are named, and whether there are any.
func (c *claim) about(digest string) (names []string, about bool) {
	for _, s := range c.subjects {
		if s.sha256 == digest {
			names, about = append(names, repositoryOf(s.repository)), true
		}
	}
	return names, about
}

// others names the first artifact that a claim is about instead, if it is one.
func (c *claim) others() string {
	if len(c.subjects) == 0 {
		return ", or about none"
	}
	if raw, err := hex.DecodeString(c.subjects[0].sha256); err != nil || len(raw) != 32 {
		return ""
	}
	return ", sha256:" + c.subjects[0].sha256
}

// pick returns the wanted name, or the first, and whether it is good.
func pick(names []string, wanted string) (string, bool) {
	if wanted == "" {
		return names[0], true
	}
	wanted = repositoryOf(wanted)
	for _, name := range names {
		if name == wanted {
			return name, true
		}
	}
	return names[0], false
}

// repositoryOf strips the tag or digest that some signers leave, and takes Docker Hub's two names for one.
func repositoryOf(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	if rest, ok := strings.CutPrefix(name, "index.docker.io/"); ok {
		name = "docker.io/" + rest
	}
	return name
}

// outcome is a signature that is good, by whomever.
type outcome struct {
	signer Signer
	times  []sigstore.TimestampVerificationResult
	roots  root.TrustedMaterial // that it was verified by
}

// byKey tries the keys. Whether one of them has signed comes first, so that a wrong key is told from a missing entry
// of a log.
func (j *judge) byKey(c *claim, hint string) (*outcome, *failure) {
	if len(j.keys) == 0 {
		return nil, failf(ErrIdentity, "it is made with a key, and only certificates of %s are accepted", j.allowed())
	}
	for _, key := range j.keys {
		roots := keyRoots{j.Roots, key}
		good := &outcome{signer: Signer{KeyID: key.id}, roots: roots}
		_, err := c.verify(roots, sigstore.WithKey(), sigstore.WithNoObserverTimestamps())
		switch {
		case err != nil && key.hints(hint):
			return nil, &failure{ErrInvalid, err}
		case err != nil:
			continue
		}
		for _, options := range j.demands(c, false) {
			var res *sigstore.VerificationResult
			if res, err = c.verify(roots, sigstore.WithKey(), options...); err == nil {
				good.times = res.VerifiedTimestamps
				return good, nil
			}
		}
		if j.Log || j.Timestamp {
			return nil, &failure{ErrInvalid, err}
		}
		return good, nil
	}
	return nil, failf(ErrIdentity, "it is not made with key %s", j.keyIDs())
}

// byCertificate verifies first and looks at the name then: that of a certificate from nowhere means nothing.
func (j *judge) byCertificate(c *claim) (*outcome, *failure) {
	if len(j.matchers) == 0 {
		return nil, failf(ErrIdentity, "it is made with a certificate, and only key %s is accepted", j.keyIDs())
	}
	var res *sigstore.VerificationResult
	var err error
	for _, options := range j.demands(c, true) {
		if res, err = c.verify(j.Roots, sigstore.WithoutIdentitiesUnsafe(), options...); err == nil {
			break
		}
	}
	if err != nil {
		return nil, &failure{ErrInvalid, err}
	}
	good := &outcome{signer: who(res.Signature.Certificate), times: res.VerifiedTimestamps, roots: j.Roots}
	for _, m := range j.matchers {
		if m.subject(good.signer.Subject) && m.issuer(good.signer.Issuer) {
			return good, nil
		}
	}
	return nil, failf(ErrIdentity, "it is by %s of issuer %s, want %s", quote(good.signer.Subject), quote(good.signer.Issuer), j.allowed())
}

// demands are the sets of options of which one must be met, the most telling first. A log that is not demanded is
// still asked for a time.
func (j *judge) demands(c *claim, certificate bool) [][]sigstore.VerifierOption {
	log := []sigstore.VerifierOption{sigstore.WithTransparencyLog(1), sigstore.WithObserverTimestamps(1)}
	stamp := []sigstore.VerifierOption{sigstore.WithSignedTimestamps(1)}
	var sets [][]sigstore.VerifierOption
	switch entries := c.entity.GetVerificationMaterial().GetTlogEntries(); {
	case j.Log && j.Timestamp:
		sets = append(sets, append(log, stamp...))
	case j.Timestamp && len(entries) > 0:
		sets = append(sets, append(log, stamp...), stamp)
	case j.Timestamp:
		sets = append(sets, stamp)
	case j.Log && !certificate:
		// An entry of Rekor v2 has no time, and a key needs none.
		sets = append(sets, log, []sigstore.VerifierOption{sigstore.WithTransparencyLog(1), sigstore.WithNoObserverTimestamps()})
	case j.Log:
		sets = append(sets, log)
	case len(entries) > 0:
		sets = append(sets, log, stamp)
	default:
		sets = append(sets, stamp)
	}
	if certificate && !j.InsecureIgnoreSCT {
		for i := range sets {
			sets[i] = append(sets[i], sigstore.WithSignedCertificateTimestamps(1))
		}
	}
	return sets
}

// verify runs sigstore-go's verifier. The digest of the artifact was compared before, with what the signer has signed;
// here the signature is checked to be of that.
func (c *claim) verify(roots root.TrustedMaterial, who sigstore.PolicyOption, options ...sigstore.VerifierOption) (*sigstore.VerificationResult, error) {
	artifact := sigstore.WithoutArtifactUnsafe()
	if c.payload != nil {
		artifact = sigstore.WithArtifact(bytes.NewReader(c.payload))
	}
	if c.stamped != nil {
		roots = stampedRoots{roots, c.stamped}
	}
	v, err := sigstore.NewVerifier(roots, append(options, sigstore.WithoutStatementPredicate())...)
	if err != nil {
		return nil, err
	}
	return v.Verify(c.entity, sigstore.NewPolicy(artifact, who))
}
