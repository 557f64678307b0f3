package verify

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
)

// maxPattern bounds the text of a regular expression.
const maxPattern = 4096

// matcher is an [Identity] that is ready for use.
type matcher struct{ subject, issuer func(string) bool }

func newMatcher(id Identity) (matcher, error) {
	subject, err := whole("subject", id.Subject, id.SubjectPattern)
	if err != nil {
		return matcher{}, err
	}
	issuer, err := whole("issuer", id.Issuer, id.IssuerPattern)
	return matcher{subject, issuer}, err
}

// whole compares with a text, or matches a pattern against the whole string: an expression that may match anywhere
// lets "https://evil.example/acme/app2" pass for "acme/app".
func whole(what, exact, pattern string) (func(string) bool, error) {
	switch {
	case exact != "" && pattern != "":
		return nil, fmt.Errorf("%w: the %s is given both exactly and as a pattern", ErrRequest, what)
	case exact != "":
		return func(s string) bool { return s == exact }, nil
	case pattern == "":
		return nil, fmt.Errorf("%w: an identity without %s would be anybody", ErrRequest, what)
	case len(pattern) > maxPattern:
		return nil, fmt.Errorf("%w: the pattern of the %s is longer than %d bytes", ErrRequest, what, maxPattern)
	}
	// Compiled by itself first: "a)|(b" must not become an expression by being wrapped.
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("%w: the pattern of the %s: %w", ErrRequest, what, err)
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("%w: the pattern of the %s: %w", ErrRequest, what, err)
	}
	return re.MatchString, nil
}

// who is the signer that a certificate names.
func who(c *certificate.Summary) Signer {
	s := Signer{Subject: c.SubjectAlternativeName, Issuer: c.Issuer, Extensions: map[string]string{}}
	e := c.Extensions
	for name, value := range map[string]string{
		"githubWorkflowTrigger": e.GithubWorkflowTrigger, "githubWorkflowSHA": e.GithubWorkflowSHA,
		"githubWorkflowName": e.GithubWorkflowName, "githubWorkflowRepository": e.GithubWorkflowRepository,
		"githubWorkflowRef": e.GithubWorkflowRef,
		"buildSignerURI":    e.BuildSignerURI, "buildSignerDigest": e.BuildSignerDigest,
		"runnerEnvironment":   e.RunnerEnvironment,
		"sourceRepositoryURI": e.SourceRepositoryURI, "sourceRepositoryDigest": e.SourceRepositoryDigest,
		"sourceRepositoryRef": e.SourceRepositoryRef, "sourceRepositoryIdentifier": e.SourceRepositoryIdentifier,
		"sourceRepositoryOwnerURI":            e.SourceRepositoryOwnerURI,
		"sourceRepositoryOwnerIdentifier":     e.SourceRepositoryOwnerIdentifier,
		"buildConfigURI":                      e.BuildConfigURI,
		"buildConfigDigest":                   e.BuildConfigDigest,
		"buildTrigger":                        e.BuildTrigger,
		"runInvocationURI":                    e.RunInvocationURI,
		"sourceRepositoryVisibilityAtSigning": e.SourceRepositoryVisibilityAtSigning,
	} {
		if value != "" {
			s.Extensions[name] = value
		}
	}
	if len(s.Extensions) == 0 {
		s.Extensions = nil
	}
	return s
}

// describe names what a signer must be, for errors.
func (id Identity) describe() string {
	or := func(exact, pattern string) string {
		if exact != "" {
			return exact
		}
		return "/" + pattern + "/"
	}
	return strings.Join([]string{or(id.Subject, id.SubjectPattern), or(id.Issuer, id.IssuerPattern)}, " by ")
}
