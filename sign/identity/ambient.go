package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ErrNone is a machine without an identity of its own.
var ErrNone = errors.New("this machine has no identity of its own")

// NotGrantedError is a CI job that could have an identity, and was not given one.
type NotGrantedError struct{ Service, Setting string }

// Error implements error.
func (e *NotGrantedError) Error() string {
	return "this job of " + e.Service + " was given no identity"
}

// Ambient is the identity of the machine or job that wpk runs in.
type Ambient struct {
	Getenv func(string) string
	// Google tells whether this is a machine of Google's.
	Google func() bool
	// MetadataHost is where such a machine asks; empty is Google's own name for it.
	MetadataHost string
}

// Token asks, in this order: $SIGSTORE_ID_TOKEN (GitLab and any other), GitHub Actions, Buildkite, Google. Without any
// of them it is [ErrNone].
func (a Ambient) Token(ctx context.Context) (Token, error) {
	switch {
	case a.Getenv("SIGSTORE_ID_TOKEN") != "":
		t, err := Parse(a.Getenv("SIGSTORE_ID_TOKEN"))
		if err != nil {
			return Token{}, fmt.Errorf("$SIGSTORE_ID_TOKEN: %w", err)
		}
		return t, nil
	case a.Getenv("GITLAB_CI") == "true":
		return Token{}, &NotGrantedError{"GitLab", "id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}"}
	case a.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "":
		return a.github(ctx)
	case a.Getenv("GITHUB_ACTIONS") == "true":
		return Token{}, &NotGrantedError{"GitHub Actions", "permissions: {id-token: write}"}
	case a.Getenv("BUILDKITE_AGENT_ACCESS_TOKEN") != "" && a.Getenv("BUILDKITE_JOB_ID") != "":
		return a.buildkite(ctx)
	case a.Getenv("GCE_METADATA_HOST") != "" || a.Google != nil && a.Google():
		return a.google(ctx)
	}
	return Token{}, ErrNone
}

// github asks GitHub's token service.
// https://docs.github.com/en/actions/reference/security/oidc
func (a Ambient) github(ctx context.Context) (Token, error) {
	const name = "GitHub Actions"
	address := a.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL")
	u, err := url.Parse(address)
	if err == nil {
		err = secure(address)
	}
	if err != nil {
		return Token{}, &ProviderError{Provider: name, Err: bare(err)}
	}
	q := u.Query()
	q.Set("audience", Audience)
	u.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Token{}, &ProviderError{Provider: name, Err: bare(err)}
	}
	r.Header.Set("Authorization", "Bearer "+a.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
	return fromJSON(ctx, name, r, "value")
}

// buildkite asks the agent's service.
// https://buildkite.com/docs/agent/v3/cli-oidc
func (a Ambient) buildkite(ctx context.Context) (Token, error) {
	const name = "Buildkite"
	endpoint := a.Getenv("BUILDKITE_AGENT_ENDPOINT")
	if endpoint == "" {
		endpoint = "https://agent.buildkite.com/v3"
	}
	address, err := url.JoinPath(endpoint, "jobs", url.PathEscape(a.Getenv("BUILDKITE_JOB_ID")), "oidc/tokens")
	if err == nil {
		err = secure(address)
	}
	if err != nil {
		return Token{}, &ProviderError{Provider: name, Err: bare(err)}
	}
	body := []byte(`{"audience":"` + Audience + `"}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Token{}, &ProviderError{Provider: name, Err: bare(err)}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Token "+a.Getenv("BUILDKITE_AGENT_ACCESS_TOKEN"))
	return fromJSON(ctx, name, r, "token")
}

// google asks the metadata server, which is on the machine's own link and speaks plain HTTP. Its answer is the token.
// https://cloud.google.com/compute/docs/instances/verifying-instance-identity
func (a Ambient) google(ctx context.Context) (Token, error) {
	const name = "Google's metadata server"
	host := a.MetadataHost
	if host == "" {
		host = a.Getenv("GCE_METADATA_HOST")
	}
	if host == "" {
		host = "metadata.google.internal"
	}
	u := url.URL{
		Scheme: "http", Host: host,
		Path:     "/computeMetadata/v1/instance/service-accounts/default/identity",
		RawQuery: url.Values{"audience": {Audience}, "format": {"full"}}.Encode(),
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Token{}, &ProviderError{Provider: name, Err: bare(err)}
	}
	r.Header.Set("Metadata-Flavor", "Google")
	body, err := ask(ctx, newClient(), name, r)
	if err != nil {
		return Token{}, err
	}
	return provided(name, string(body))
}

// fromJSON sends a request whose answer has the token under a key.
func fromJSON(ctx context.Context, provider string, r *http.Request, key string) (Token, error) {
	body, err := ask(ctx, newClient(), provider, r)
	if err != nil {
		return Token{}, err
	}
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return Token{}, &ProviderError{Provider: provider, Err: ErrToken}
	}
	text, _ := answer[key].(string)
	return provided(provider, text)
}

func provided(provider, text string) (Token, error) {
	t, err := Parse(strings.TrimSpace(text))
	if err != nil {
		return Token{}, &ProviderError{Provider: provider, Err: err}
	}
	return t, nil
}
