package registry

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// client runs another program and returns what it prints.
func client(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), wpktest.Need(t, name), args...) // #nosec G204 -- a tool of the tests
	cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir(), "DOCKER_CONFIG="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestOtherClientsFindEvidence: what Attach writes is found by oras, crane and
// regctl, in a registry without the API and in a layout, and carried by regctl.
func TestOtherClientsFindEvidence(t *testing.T) {
	places := evidencePlaces()
	s := places["distribution"](t)
	must(t, Attach(t.Context(), s, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))
	remote := s.Target.(*remoteTarget)
	name := remote.name("1.0")
	listed, err := Referrers(t.Context(), s.Target, s.Descriptor)
	must(t, err)
	bundle := ""
	for _, r := range listed {
		if r.ArtifactType == evidence.MediaTypeBundle {
			bundle = r.Digest.String()
		}
	}
	layout := places["layout"](t)
	folder := layout.Target.(*Store).dir
	must(t, Attach(t.Context(), layout, AttachOptions{}, signature(1), attestation(1), bundlePiece(1)))

	t.Run("oras", func(t *testing.T) {
		for _, args := range [][]string{{"--plain-http", name}, {"--oci-layout", folder + ":1.0"}} {
			out := client(t, "oras", append([]string{"discover", "--format", "json", "--artifact-type", evidence.MediaTypeBundle}, args...)...)
			if !strings.Contains(out, bundle) || !strings.Contains(out, evidence.PredicateSignature) {
				t.Errorf("oras discover %v:\n%s", args, out)
			}
		}
	})
	t.Run("crane", func(t *testing.T) {
		out := client(t, "crane", "manifest", "--insecure", remote.name(s.tag("")))
		if !strings.Contains(out, bundle) || !strings.Contains(out, evidence.MediaTypeBundle) {
			t.Errorf("crane manifest:\n%s", out)
		}
		layer := describe(signature(1).Content, "").Digest.String()
		if out = client(t, "crane", "config", "--insecure", remote.name(s.tag(".sig"))); !strings.Contains(out, layer) {
			t.Errorf("crane config:\n%s", out)
		}
	})
	t.Run("regctl", func(t *testing.T) {
		insecure := []string{"--host", "reg=" + remote.repo.Reference.Registry + ",tls=disabled"}
		for _, at := range []string{name, "ocidir://" + folder + ":1.0"} {
			out := client(t, "regctl", append(insecure, "artifact", "tree", at)...)
			if !strings.Contains(out, bundle) || !strings.Contains(out, evidence.MediaTypeBundle) {
				t.Errorf("regctl artifact tree %s:\n%s", at, out)
			}
		}
		there := filepath.Join(t.TempDir(), "copied")
		client(t, "regctl", append(insecure, "image", "copy", "--referrers", "--digest-tags", name, "ocidir://"+there+":1.0")...)
		assertPieces(t, Subject{Target: mustStore(t, there), Descriptor: s.Descriptor}, signature(1), attestation(1), bundlePiece(1))
		client(t, "regctl", append(insecure, "image", "copy", "--referrers", "--digest-tags", "ocidir://"+folder+":1.0", remote.repo.Reference.Registry+"/copied/b:1.0")...)
		copied := mustOpen(t, remote.repo.Reference.Registry+"/copied/b", fast(t))
		assertPieces(t, Subject{Target: copied, Descriptor: s.Descriptor}, signature(1), attestation(1), bundlePiece(1))
	})
	t.Run("oras cp", func(t *testing.T) {
		there := filepath.Join(t.TempDir(), "copied")
		client(t, "oras", "cp", "-r", "--from-plain-http", "--to-oci-layout", name, there+":1.0")
		assertPieces(t, Subject{Target: mustStore(t, there), Descriptor: s.Descriptor}, bundlePiece(1))
	})
}
