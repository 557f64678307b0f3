package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/wpkdev/wpk/verify"
)

// clockSkew is how far a signed time may lie in the future.
const clockSkew = 5 * time.Minute

// The annotations of https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md that conditions read.
const (
	annotationVersion = "org.opencontainers.image.version"
	annotationCreated = "org.opencontainers.image.created"
)

var errRepository = errors.New("signed for another repository")

// judge leaves out what was signed for another repository than the policy wants, as though it were not there: a
// signature that was copied from elsewhere is good by itself.
func (e *evaluation) judge(all []verify.Verified, err error) ([]verify.Verified, error) {
	if err != nil || e.clause.require == nil || len(e.clause.require.repositories) == 0 {
		return all, err
	}
	var kept []verify.Verified
	named := ""
	for _, v := range all {
		if e.clause.require.inRepository(v.Repository, e.Repository) {
			kept = append(kept, v)
			continue
		}
		named = v.Repository
	}
	if len(kept) > 0 {
		return kept, nil
	}
	if named == "" {
		return nil, fmt.Errorf("%w: the signer has named none", errRepository)
	}
	return nil, fmt.Errorf("%w: %s", errRepository, named)
}

func (r *requirements) inRepository(signed, asked string) bool {
	if signed == "" {
		return false
	}
	for _, g := range r.repositories {
		if g.glob == nil && canonical(signed) == canonical(asked) || g.glob != nil && g.glob.match(canonical(signed)) {
			return true
		}
	}
	return false
}

// requirements evaluates the conditions of the annotation wpk.dev/require, one rule for each.
func (e *evaluation) requirements(ctx context.Context) ([]Rule, error) {
	r := e.clause.require
	var rules []Rule
	for _, one := range []struct {
		name  string
		given bool
		check func(context.Context) (string, error)
	}{
		{"repository", len(r.repositories) > 0, e.repository},
		{"maxAge", r.maxAge > 0, e.age},
		{"minVersion", r.minVersion != "", e.version},
		{"builder", r.Builder != nil, e.builder},
		{"sourceRepository", r.SourceRepository != nil, e.source},
		{"smoke", r.Smoke != nil, e.smoke},
		{"imports", r.Imports != nil, e.imports},
	} {
		if !one.given {
			continue
		}
		rule := Rule{Name: one.name, Outcome: Pass}
		why, err := one.check(ctx)
		var unmet *unmetError
		switch {
		case errors.As(err, &unmet):
			rule.Outcome, why = Fail, unmet.why
		case err != nil:
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		rule.Why = oneLine(why)
		rules = append(rules, rule)
	}
	return rules, nil
}

// unmetError is a condition that is not met, as opposed to one that could not be looked at.
type unmetError struct{ why string }

func (e *unmetError) Error() string { return e.why }

func unmet(format string, args ...any) (string, error) {
	return "", &unmetError{fmt.Sprintf(format, args...)}
}

// repository was decided when the evidence was read. What is left is an authority that verifies nothing.
func (e *evaluation) repository(context.Context) (string, error) {
	if len(e.used) == 0 {
		return unmet("nothing is signed for a repository: the authority is static")
	}
	return "signed for " + e.used[0].Repository, nil
}

// age is that of the newest signature, as a log or a timestamp authority vouches for it; without one, that of the
// artifact as its signed annotation has it.
func (e *evaluation) age(ctx context.Context) (string, error) {
	if e.now.IsZero() {
		return unmet("the present is not known")
	}
	var signed time.Time
	for _, v := range e.used {
		if v.Time.After(signed) {
			signed = v.Time
		}
	}
	what := "signed"
	if signed.IsZero() {
		if len(e.used) == 0 {
			return unmet("nobody has signed it, so that its age is not known")
		}
		annotations, err := e.Facts.Annotations(ctx)
		if err != nil {
			return "", err
		}
		if signed, err = time.Parse(time.RFC3339, annotations[annotationCreated]); err != nil {
			return unmet("its age is not known: neither a log nor a timestamp authority vouches for a time, and the annotation %s has none", annotationCreated)
		}
		what = "made, by its annotation,"
	}
	age := e.now.Sub(signed)
	at := signed.UTC().Format("2006-01-02 15:04:05 MST")
	switch {
	case age < -clockSkew:
		return unmet("%s at %s, which is in the future: is this machine's clock right?", what, at)
	case age > e.clause.require.maxAge:
		return unmet("%s at %s, more than %s ago", what, at, e.clause.require.MaxAge)
	}
	return what + " at " + at, nil
}

// version compares what the signed artifact or its signature says. A tag is signed by nobody: whoever may push can move
// it to an old version.
func (e *evaluation) version(ctx context.Context) (string, error) {
	r := e.clause.require
	annotations, err := e.Facts.Annotations(ctx)
	if err != nil {
		return "", err
	}
	text, from := annotations[annotationVersion], "annotation "+annotationVersion
	for _, v := range e.used {
		if text == "" && v.Annotations[annotationVersion] != "" {
			text, from = v.Annotations[annotationVersion], "signature's annotation"
		}
	}
	switch {
	case len(e.used) == 0:
		return unmet("nobody has signed it, so that its version is not known")
	case text == "" && !r.InsecureTrustTag:
		return unmet("its version is not known: it has no annotation %s, and a tag is signed by nobody (insecureTrustTag: true believes it)", annotationVersion)
	case text == "":
		text, from = e.Tag, "tag"
	}
	v := parseVersion(text)
	switch {
	case v == "":
		return unmet("the %s has %q, which is no version of the form 1.2.3", from, text)
	case semver.Compare(v, r.minVersion) < 0:
		return unmet("the %s has %s, which is below %s", from, text, r.MinVersion)
	}
	return fmt.Sprintf("the %s has %s", from, text), nil
}

// imports holds the module's imports against the list of what is allowed.
func (e *evaluation) imports(ctx context.Context) (string, error) {
	allowed := e.clause.require.Imports
	imports, err := e.Facts.Imports(ctx)
	if err != nil {
		return "", err
	}
	var beyond []string
	for _, i := range imports {
		if !slices.Contains(allowed.Capabilities, i.Capability) && !fits(i.Name, allowed.Names) {
			beyond = append(beyond, fmt.Sprintf("%s (%s)", i.Name, i.Capability))
		}
	}
	if len(beyond) > 0 {
		more := ""
		if len(beyond) > 8 {
			beyond, more = beyond[:8], fmt.Sprintf(" and %d more", len(beyond)-8)
		}
		return unmet("imports what is not allowed: %s%s", strings.Join(beyond, ", "), more)
	}
	return fmt.Sprintf("all %d imports are allowed", len(imports)), nil
}
