package runtimepack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wpkdev/wpk/internal/durable"
)

// tinyRuntime has the exports of the ABI and does nothing:
// (module (memory (export "memory") 1) (func (export "_start") (export "wpk_init")) (func (export "wpk_blob") (param i32))).
var tinyRuntime = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x08\x02\x60\x00\x00\x60\x01\x7f\x00" + // types
	"\x03\x03\x02\x00\x01" + // functions
	"\x05\x03\x01\x00\x01" + // memory
	"\x07\x29\x04\x06memory\x02\x00\x06_start\x00\x00\x08wpk_init\x00\x00\x08wpk_blob\x00\x01" +
	"\x0a\x07\x02\x02\x00\x0b\x02\x00\x0b") // code

const tinyScript = `
set -eu
here=$(dirname "$0")
mkdir -p "$1/library/pkg" "$1/licences/tiny"
cp "$here/runtime.bin" "$1/runtime.wasm"
echo 'print(1)' >"$1/library/pkg/a.py"
echo 'print(2)' >"$1/library/pkg-b.py"
echo 'free' >"$1/licences/tiny/LICENSE"
printf 'language\ttiny\nversion\t1.2\nabi\t1\ntool\tsh\t1\n' >"$1/metadata"
printf 'source\ttiny\t1.2-1\tsha256:%064d\tpkg:deb/debian/tiny@1.2-1?arch=source\ttiny_1.2.orig.tar.xz\n' 7 >>"$1/metadata"
printf 'flag\t-O2\n' >>"$1/metadata"
echo "working in $TMPDIR" >&2
. "$here/../more.sh"
`

// tinyRecipes are recipes for one language whose script ends with more.
func tinyRecipes(more string) fstest.MapFS {
	return fstest.MapFS{
		"README.md":        {Data: []byte("not part of it")},
		"more.sh":          {Data: []byte(more)},
		"tiny/recipe.sh":   {Data: []byte(tinyScript)},
		"tiny/runtime.bin": {Data: tinyRuntime},
		"other/recipe.sh":  {Data: []byte("exit 1")},
	}
}

// execute runs a recipe as package build does.
func execute(ctx context.Context, c Command) error {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, c.Output, c.Output
	return cmd.Run()
}

// buildTiny makes a pack in a new folder with a name of its own.
func buildTiny(t *testing.T, dir, more string) (*Pack, error) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	return Build(t.Context(), BuildOptions{
		Language: "tiny", Dir: dir, Recipes: tinyRecipes(more), Env: os.Environ(), Exec: execute,
		Cache: filepath.Join(t.TempDir(), "cache"),
	})
}

func TestBuild(t *testing.T) {
	root := t.TempDir()
	one, err := buildTiny(t, filepath.Join(root, "one"), "")
	if err != nil {
		t.Fatal(err)
	}
	two, err := buildTiny(t, filepath.Join(root, "a", "longer", "path"), "")
	if err != nil {
		t.Fatal(err)
	}
	if one.Language != "tiny" || one.Version != "1.2" || one.Tag() != "1.2-abi1" || len(one.Sources) != 1 {
		t.Errorf("config %+v", one.Config)
	}
	for _, name := range append(slices.Clone(described), ProvenanceFile) {
		a, errA := os.ReadFile(one.Path(name))
		b, errB := os.ReadFile(two.Path(name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs between two folders (%v, %v)", name, errA, errB)
		}
		if bytes.Contains(a, []byte(root)) {
			t.Errorf("%s holds the folder's path", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(root, durable.TempPattern)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := one.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := buildTiny(t, one.Dir, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("into a folder with a pack: %v", err)
	}
}

func TestProvenance(t *testing.T) {
	p, err := buildTiny(t, filepath.Join(t.TempDir(), "pack"), "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(p.Path(ProvenanceFile))
	if err != nil {
		t.Fatal(err)
	}
	r, err := FindRecipe(tinyRecipes(""), "tiny")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(tinyRuntime)
	for _, want := range []string{
		`"name": "runtime.wasm"`, hex.EncodeToString(sum[:]), strings.TrimPrefix(r.Digest(), "sha256:"),
		`"uri": "pkg:deb/debian/tiny@1.2-1?arch=source"`, `"name": "recipes/tiny/recipe.sh"`, `"name": "recipes/more.sh"`, `"-O2"`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("the provenance lacks %s:\n%s", want, raw)
		}
	}
	for _, no := range []string{"README", "other"} {
		if bytes.Contains(raw, []byte(no)) {
			t.Errorf("the provenance names %s", no)
		}
	}
}

func TestBuildFails(t *testing.T) {
	format, missing := new(*FormatError), new(*MissingError)
	for name, tt := range map[string]struct {
		more string
		as   any
		text string
	}{
		"exit status":     {"exit 7", new(*exec.ExitError), "7"},
		"missing tools":   {`printf 'tool\tclang\tcompiles C\ntool\tmake\truns the build\n' >"$1/missing"; exit 3`, missing, "also missing: clang"},
		"no metadata":     {`rm "$1/metadata"`, format, "metadata"},
		"no runtime":      {`rm "$1/runtime.wasm"`, format, "runtime.wasm"},
		"no module":       {`echo x >"$1/runtime.wasm"`, format, "runtime.wasm"},
		"no licences":     {`rm -r "$1/licences"`, format, "licences"},
		"a file too many": {`echo >"$1/config.log"`, format, "config.log"},
		"a link":          {`ln -s /etc/passwd "$1/library/passwd"`, format, "a link"},
		"a linked module": {`rm "$1/runtime.wasm"; ln -s "$here/runtime.bin" "$1/runtime.wasm"`, format, "runtime.wasm"},
		"other language":  {`sed -i s/tiny/big/ "$1/metadata"`, format, "made big"},
		"other ABI":       {`sed -i 's/^abi.*/abi\t99/' "$1/metadata"`, format, "abi 99"},
		"unknown fact":    {`printf 'mood\tgood\n' >>"$1/metadata"`, format, "not a fact"},
		"a second ABI":    {`printf 'abi\t1\n' >>"$1/metadata"`, format, "a second abi"},
		"no digest":       {`printf 'source\ta\t1\tmd5:x\tu\tf\n' >>"$1/metadata"`, format, "source"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			_, err := buildTiny(t, filepath.Join(root, "pack"), tt.more)
			if !errors.As(err, tt.as) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want a %T with %q", err, tt.as, tt.text)
			}
			if left, _ := os.ReadDir(root); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestBuildWithoutLibrary(t *testing.T) {
	p, err := buildTiny(t, filepath.Join(t.TempDir(), "pack"), `rm -r "$1/library"`)
	if err != nil {
		t.Fatal(err)
	}
	if has, err := p.Has(LibraryFile); has || err != nil {
		t.Errorf("a library: %v, %v", has, err)
	}
}

func TestBuildEnvironment(t *testing.T) {
	o := BuildOptions{Jobs: 3, Cache: "/c", Env: []string{"PATH=/bin", "CFLAGS=-O0", "HTTPS_PROXY=p", "LANG=de", "WPK_SOURCE=/forged"}}
	got, err := o.environment("/t")
	want := []string{"TMPDIR=/t", "WPK_JOBS=3", "WPK_CACHE=/c", "PATH=/bin", "HTTPS_PROXY=p"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	o.Source = filepath.Join(t.TempDir(), "none")
	if _, err := o.environment("/t"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder of sources that is not there: %v", err)
	}
}

func TestBuildCancelled(t *testing.T) {
	root := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	_, err := Build(ctx, BuildOptions{
		Language: "tiny", Dir: filepath.Join(root, "pack"), Recipes: tinyRecipes(""),
		Exec: func(ctx context.Context, _ Command) error {
			cancel(stop)
			return context.Cause(ctx)
		},
	})
	left, _ := os.ReadDir(root)
	if !errors.Is(err, stop) || len(left) > 0 {
		t.Errorf("%v, left %v", err, left)
	}
}

func TestRecipes(t *testing.T) {
	if got := Languages(tinyRecipes("")); !slices.Equal(got, []string{"other", "tiny"}) {
		t.Errorf("languages %v", got)
	}
	if _, err := FindRecipe(tinyRecipes(""), "ruby"); !errors.Is(err, ErrNoRecipe) {
		t.Errorf("no recipe: %v", err)
	}
	one, _ := FindRecipe(tinyRecipes("a"), "tiny")
	two, _ := FindRecipe(tinyRecipes("b"), "tiny")
	again, _ := FindRecipe(tinyRecipes("a"), "tiny")
	if one.Digest() == two.Digest() || one.Digest() != again.Digest() || len(one.Files) != 3 {
		t.Errorf("digests %s, %s, %s", one.Digest(), two.Digest(), again.Digest())
	}
	for _, language := range Languages(Recipes()) {
		if _, err := FindRecipe(Recipes(), language); err != nil {
			t.Error(err)
		}
	}
}
