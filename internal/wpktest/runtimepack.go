package wpktest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// Runtime returns the folder that scripts/runtimes.sh made for a language:
// "pack" in it has the files of the real runtime pack, "layout" the artifact,
// tagged with the language.
func Runtime(t testing.TB, language string) string {
	t.Helper()
	place, err := RuntimePlace(language)
	if err != nil {
		Lacking(t, "the %s runtime is not here; `make runtimes` makes it", language)
	}
	return place
}

// RuntimePlace is [Runtime] for those who have no test at hand.
func RuntimePlace(language string) (string, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	for !isFile(filepath.Join(root, "go.mod")) {
		root = filepath.Dir(root)
	}
	out, err := exec.Command(filepath.Join(root, "scripts", "runtimes.sh"), "-n", language).Output()
	return strings.TrimSpace(string(out)), err
}

// tinyRuntime has the exports of the ABI and does nothing: (module (memory
// (export "memory") 1) (func (export "_start") (export "wpk_init")) (func
// (export "wpk_blob") (param i32))).
const tinyRuntime = "\x00asm\x01\x00\x00\x00" +
	"\x01\x08\x02\x60\x00\x00\x60\x01\x7f\x00" +
	"\x03\x03\x02\x00\x01" +
	"\x05\x03\x01\x00\x01" +
	"\x07\x29\x04\x06memory\x02\x00\x06_start\x00\x00\x08wpk_init\x00\x00\x08wpk_blob\x00\x01" +
	"\x0a\x07\x02\x02\x00\x0b\x02\x00\x0b"

// RuntimePack makes a pack whose runtime does nothing, for a language that
// does not exist. It is the same at every call with the same version.
func RuntimePack(t testing.TB, version string) *runtimepack.Pack {
	t.Helper()
	sum := sha256.Sum256([]byte(version))
	facts := "language\ttiny\nversion\t" + version + "\nabi\t1\ntool\tcc\t1\n" +
		"source\ttiny\t" + version + "\tsha256:" + hex.EncodeToString(sum[:]) + "\tpkg:generic/tiny@" + version + "\ttiny.tar\n"
	p, err := runtimepack.Build(t.Context(), runtimepack.BuildOptions{
		Language: "tiny",
		Dir:      filepath.Join(t.TempDir(), "pack"),
		Recipes:  fstest.MapFS{"tiny/recipe.sh": {Data: []byte("exit 1\n")}},
		Exec: func(_ context.Context, c runtimepack.Command) error {
			out := c.Args[len(c.Args)-1]
			return os.CopyFS(out, fstest.MapFS{
				"runtime.wasm":      {Data: []byte(tinyRuntime), Mode: 0o600},
				"library/a.tiny":    {Data: []byte("one " + version + "\n"), Mode: 0o600},
				"licences/tiny/MIT": {Data: []byte("free\n"), Mode: 0o600},
				"metadata":          {Data: []byte(facts), Mode: 0o600},
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
