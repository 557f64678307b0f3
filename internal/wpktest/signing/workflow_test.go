package signing

import (
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/sigstore"
)

// A job of GitHub's signs with the identity that its runner offers; whoever verifies can ask for the repository that the
// certificate names, and another repository's is refused.
func TestWorkflow(t *testing.T) {
	w := newWorld(t)
	ref := w.push(t, wpktest.NewMemory(t).Host, "acme/app")
	job := sigstore.Workflow{Repository: "acme/app", Ref: "refs/tags/v1.0"}
	cmd := w.command(t, binary, "sign", "--signing-config", w.SigningConfigV1, "--trusted-root", w.TrustedRoot, ref)
	cmd.Env = append(cmd.Env, w.ActionsEnv(job)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	for repository, good := range map[string]bool{"acme/app": true, "evil/app": false} {
		identity := sigstore.Workflow{Repository: repository, Ref: job.Ref}.Identity()
		for _, argv := range [][]string{
			{binary, "verify", "--trusted-root", w.TrustedRoot, "--identity", identity, "--issuer", w.WorkflowURL, ref},
			{
				w.Cosign3, "verify", "--trusted-root", w.TrustedRoot, "--certificate-identity", identity, "--certificate-oidc-issuer", w.WorkflowURL,
				"--certificate-github-workflow-repository", repository, ref,
			},
		} {
			if _, err := w.run(t, argv...); (err == nil) != good {
				t.Errorf("%s, which should be good: %t: %v", repository, good, err)
			}
		}
	}
}
