package wpktest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"testing"
)

//go:embed npm/*/package.json npm/*/package-lock.json
var npmFolders embed.FS

// Npm returns the folder in which scripts/npm.sh has installed the packages of
// the folder npm/NAME; its node_modules/.bin has their programs.
func Npm(t testing.TB, name string) string {
	t.Helper()
	place, err := NpmPlace(name)
	if err != nil {
		Lacking(t, "%v; scripts/npm.sh internal/wpktest/npm/%s installs it", err, name)
	}
	return place
}

// NpmPlace is [Npm] for those who have no test at hand.
func NpmPlace(name string) (string, error) {
	sum := sha256.New()
	for _, file := range []string{"package.json", "package-lock.json"} {
		b, err := npmFolders.ReadFile(path.Join("npm", name, file))
		if err != nil {
			return "", err
		}
		_, _ = sum.Write(b)
	}
	place := filepath.Join(cacheDir(), "npm", name+"@"+hex.EncodeToString(sum.Sum(nil))[:12])
	_, err := os.Stat(filepath.Join(place, "node_modules"))
	return place, err
}
