package wpktest

import (
	"crypto/sha256"
	_ "embed" // for the list of versions
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed sbom/requirements.txt
var sbomRequirements []byte

//go:embed sbom/validate.py
var sbomValidate string

// ValidateSBOM fails the test when one of the files, given as pairs of "spdx" or "cyclonedx" and a file, is not valid by
// the validators of the formats' own projects, which scripts/sbom-validators.sh has installed.
func ValidateSBOM(t testing.TB, pairs ...string) {
	t.Helper()
	sum := sha256.Sum256(sbomRequirements)
	packages := filepath.Join(cacheDir(), "python", "sbom-"+hex.EncodeToString(sum[:])[:12])
	if _, err := os.Stat(packages); err != nil {
		Lacking(t, "%v; scripts/sbom-validators.sh installs it", err)
	}
	c := exec.Command("python3", append([]string{"-c", sbomValidate}, pairs...)...)
	c.Env = append(os.Environ(), "PYTHONPATH="+packages, "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
