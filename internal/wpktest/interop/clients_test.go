package interop

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// clients are the programs of others that read what wpk pushed.
type clients struct {
	crane, skopeo string
}

func needClients(t *testing.T) clients {
	t.Helper()
	return clients{wpktest.Need(t, "crane"), wpktest.Need(t, "skopeo")}
}

func (c clients) craneRun(t *testing.T, args ...string) []byte {
	t.Helper()
	return output(t, command(t, c.crane, args...), nil)
}

func (c clients) skopeoRun(t *testing.T, args ...string) []byte {
	t.Helper()
	// No policy file need be on the machine; digests are compared here.
	return output(t, command(t, c.skopeo, append([]string{"--insecure-policy"}, args...)...), nil)
}

// agree checks that both clients find the digest and the module under ref.
func (c clients) agree(t *testing.T, ref, digest, module string) {
	t.Helper()
	if got := strings.TrimSpace(string(c.craneRun(t, "digest", ref))); got != digest {
		t.Errorf("crane finds %s under %s, want %s", got, ref, digest)
	}
	manifest := c.craneRun(t, "manifest", ref)
	if got := sum(manifest); got != digest {
		t.Errorf("crane's manifest of %s has the digest %s, want %s", ref, got, digest)
	}
	if raw := c.skopeoRun(t, "inspect", "--tls-verify=false", "--raw", "docker://"+ref); !bytes.Equal(raw, manifest) {
		t.Errorf("skopeo and crane read different manifests of %s:\n%s\n%s", ref, raw, manifest)
	}
	c.platforms(t, ref, manifest, module)
	c.skopeoCopy(t, ref, digest)
}

// platforms pulls the image that engines on these CPUs choose, by both clients,
// and looks for the module in it.
func (c clients) platforms(t *testing.T, ref string, manifest []byte, module string) {
	t.Helper()
	var index ocispec.Index
	if err := json.Unmarshal(manifest, &index); err != nil {
		t.Fatal(err)
	}
	if index.MediaType != ocispec.MediaTypeImageIndex || len(index.Manifests) < 10 {
		t.Errorf("%s is a %s of %d images, want an index for every architecture", ref, index.MediaType, len(index.Manifests))
	}
	for _, platform := range []string{"linux/amd64", "linux/s390x", "wasi/wasm"} {
		c.validate(t, ref, index, platform)
		files := c.craneRun(t, "export", "--platform", platform, ref, "-")
		if !tarHas(t, files, module) {
			t.Errorf("crane finds no file with the module's digest for %s in %s", platform, ref)
		}
		oneOS, arch, _ := strings.Cut(platform, "/")
		var config ocispec.Image
		out := c.skopeoRun(t, "--override-os", oneOS, "--override-arch", arch,
			"inspect", "--tls-verify=false", "--config", "docker://"+ref)
		if err := json.Unmarshal(out, &config); err != nil {
			t.Fatal(err)
		}
		// Newer versions of skopeo prefer the zstd twin, whose config says
		// wasi/wasm: that is what makes Podman choose a Wasm runtime.
		got := config.OS + "/" + config.Architecture
		if got != platform && got != "wasi/wasm" || len(config.Config.Entrypoint) == 0 {
			t.Errorf("skopeo's config of %s for %s: %s", ref, platform, out)
		}
	}
}

// validate lets crane check every digest and size below the image for a
// platform. It cannot take the whole index: of a layer that is not gzip,
// crane 0.22 leaves the download open, and waits for ever at the fifth.
func (c clients) validate(t *testing.T, ref string, index ocispec.Index, platform string) {
	t.Helper()
	for _, m := range index.Manifests {
		if m.Platform.OS+"/"+m.Platform.Architecture == platform && len(m.Annotations) == 0 {
			repository := ref[:strings.LastIndex(ref, ":")]
			c.craneRun(t, "validate", "--remote", repository+"@"+string(m.Digest))
			return
		}
	}
	t.Errorf("no image for %s in %s", platform, ref)
}

// skopeoCopy takes everything to an OCI layout, and looks that nothing changed.
func (c clients) skopeoCopy(t *testing.T, ref, digest string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	c.skopeoRun(t, "copy", "--quiet", "--src-tls-verify=false", "--all", "docker://"+ref, "oci:"+dir+":copied")
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 1 || string(index.Manifests[0].Digest) != digest {
		t.Errorf("skopeo's copy of %s is %s, want %s", ref, data, digest)
	}
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(h[:])
}

// tarHas tells whether a tar archive has a file with that digest.
func tarHas(t *testing.T, archive []byte, digest string) bool {
	t.Helper()
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if sum(data) == digest {
			return true
		}
	}
}
