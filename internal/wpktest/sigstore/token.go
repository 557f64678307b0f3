package sigstore

import (
	"net/url"
	"strings"
)

// Token returns a fresh identity token of a person, whose certificate names the address.
func (s *Stack) Token(email string) string {
	return s.token(s.IssuerURL, person(email))
}

func person(email string) map[string]any {
	return map[string]any{"sub": email, "email": email, "email_verified": true}
}

// Workflow is a job of GitHub's Actions; an empty field is what its comment says.
type Workflow struct {
	Repository string // "acme/wasm"
	Path       string // ".github/workflows/release.yml"
	Ref        string // "refs/heads/main"
	Commit     string // forty digits
	Event      string // "push"
}

// Identity is the name in the certificates of the workflow.
func (w Workflow) Identity() string {
	w = w.filled()
	return "https://github.com/" + w.file()
}

// WorkflowToken returns a fresh identity token of a job, as GitHub's issuer gives it.
func (s *Stack) WorkflowToken(w Workflow) string { return s.token(s.WorkflowURL, w.claims()) }

// ActionsEnv is what the environment of a job has, for programs that ask for their token themselves.
// https://docs.github.com/actions/reference/security/oidc
func (s *Stack) ActionsEnv(w Workflow) []string {
	job := url.Values{"repository": {w.Repository}, "path": {w.Path}, "ref": {w.Ref}, "commit": {w.Commit}, "event": {w.Event}}
	return []string{
		"GITHUB_ACTIONS=true",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + requestToken,
		"ACTIONS_ID_TOKEN_REQUEST_URL=" + s.WorkflowURL + "/token?" + job.Encode(),
	}
}

func (s *Stack) token(url string, claims map[string]any) string {
	token, err := s.issuer.sign(url, audience, claims)
	if err != nil {
		panic(err) // no randomness on this machine
	}
	return token
}

// file is the workflow's file at its version.
func (w Workflow) file() string { return w.Repository + "/" + w.Path + "@" + w.Ref }

func (w Workflow) filled() Workflow {
	for field, value := range map[*string]string{
		&w.Repository: "acme/wasm", &w.Path: ".github/workflows/release.yml", &w.Ref: "refs/heads/main",
		&w.Commit: strings.Repeat("0123456789", 4), &w.Event: "push",
	} {
		if *field == "" {
			*field = value
		}
	}
	return w
}

func (w Workflow) claims() map[string]any {
	w = w.filled()
	owner, _, _ := strings.Cut(w.Repository, "/")
	return map[string]any{
		"sub": "repo:" + w.Repository + ":ref:" + w.Ref, "event_name": w.Event, "workflow": "release", "ref": w.Ref, "sha": w.Commit,
		"repository": w.Repository, "repository_id": "1", "repository_owner": owner, "repository_owner_id": "2", "repository_visibility": "public",
		"job_workflow_ref": w.file(), "job_workflow_sha": w.Commit, "workflow_ref": w.file(), "workflow_sha": w.Commit,
		"run_id": "3", "run_attempt": "1", "runner_environment": "github-hosted",
	}
}
