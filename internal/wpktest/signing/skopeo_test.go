package signing

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// skopeo reads signatures by the library that Podman, Buildah and CRI-O read them by.
// https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md
type skopeo []string

// needSkopeo returns the machine's own, or the one of the consumers' tests: the one of Debian 12 has its signatures of
// Sigstore switched off.
func needSkopeo(t *testing.T) skopeo {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "skopeo", "--version").Output(); err == nil {
		var minor int
		if _, err := fmt.Sscanf(string(out), "skopeo version 1.%d.", &minor); err == nil && minor >= 13 {
			return skopeo{"skopeo"}
		}
	}
	const script = "../../../scripts/consumers.sh"
	out, err := exec.CommandContext(t.Context(), script, "-n", "root").Output()
	root := strings.TrimSpace(string(out))
	loaders, _ := filepath.Glob(root + "/lib*/ld-linux*.so.*")
	libraries, _ := filepath.Glob(root + "/usr/lib/*-linux-gnu")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		t.Skip("no skopeo 1.13 or newer, and the consumers' Debian cannot be made here")
	}
	if err != nil || len(loaders) == 0 || len(libraries) == 0 {
		wpktest.Lacking(t, "no skopeo 1.13 or newer; %s has one", script)
	}
	return skopeo{loaders[0], "--library-path", libraries[0], root + "/usr/bin/skopeo"} // its C library may be newer than ours
}

// copies takes an image, or an index with all below it, out of the registry if the policy lets it.
func (s skopeo) copies(t *testing.T, w *world, ref string, how way) error {
	t.Helper()
	requirement := map[string]any{"type": "sigstoreSigned", "signedIdentity": map[string]string{"type": "matchRepository"}}
	if how.key != "" {
		requirement["keyPath"] = w.keys[how.key].public
	} else {
		requirement["fulcio"] = map[string]string{"caPath": w.FulcioChain, "oidcIssuer": w.IssuerURL, "subjectEmail": email}
	}
	if how.rekor != 0 {
		requirement["rekorPublicKeyPath"] = w.RekorV1Key
	}
	host, _, _ := strings.Cut(ref, "/")
	policy, err := json.Marshal(map[string]any{
		"default":    []any{map[string]string{"type": "reject"}},
		"transports": map[string]any{"docker": map[string]any{host: []any{requirement}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "attachments.yaml"), []byte("docker:\n  "+host+":\n    use-sigstore-attachments: true\n"))
	args := append(slices.Clone(s), "--policy", w.file(t, "policy.json", policy), "--registries.d", dir, "copy",
		"--quiet", "--all", "--src-tls-verify=false", "--remove-signatures", "docker://"+ref, "dir:"+filepath.Join(dir, "copied"))
	_, err = w.run(t, args...)
	return err
}

// What the tags say, Podman believes, of one image. Of an index it wants a signature of each image below, also when the
// index itself is signed: who signs one for Podman signs recursively.
func TestSkopeo(t *testing.T) {
	skopeo := needSkopeo(t)
	w := newWorld(t)
	w.makeKey(t, "p256")
	w.makeKey(t, "rsa")
	host := wpktest.DockerRegistry(t)
	for _, signer := range []struct {
		party
		as form
	}{{cosign{w.Cosign3, 3}, legacy}, {wpk{}, both}} {
		for _, how := range []way{{"p256", 0}, {"p256", 1}, {"rsa", 0}, {"", 1}} {
			t.Run(signer.String()+"/"+how.String(), func(t *testing.T) {
				ref := w.push(t, host, "acme/app")
				if err := skopeo.copies(t, w, ref, how); err == nil {
					t.Error("it takes what nobody signed")
				}
				args := signer.sign(t, w, how, signer.as, ref, nil)
				w.mustRun(t, args...)
				if err := skopeo.copies(t, w, ref, how); err == nil {
					t.Error("it takes an index whose images are not signed, so --recursive is needed no more")
				}
				w.mustRun(t, append(args, "--recursive")...)
				if err := skopeo.copies(t, w, ref, how); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
