package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// almanacPage is what testdata/js-almanac makes of 2027.yaml.
const almanacPage = `<h1>Tage &amp; Nächte 🌍</h1>
<h2>2027-01</h2>
<ul>
<li><strong>January 3, 2027</strong>: perihelion</li>
</ul>
<h2>2027-03</h2>
<ul>
<li><strong>March 1, 2027</strong>: a <em>first</em> of March</li>
<li><strong>March 20, 2027</strong>: equinox (<em>sun</em>, <em>spring</em>)</li>
</ul>
`

// jsAlmanac is a project as a person has it: sources, and the packages that npm installed.
func jsAlmanac(t *testing.T, dir string) string {
	t.Helper()
	packages := wpktest.Npm(t, "almanac")
	for from, to := range map[string]string{
		"../../../testdata/js-almanac/src":      "src",
		filepath.Join(packages, "node_modules"): "node_modules",
	} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join(packages, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// newJavaScript is a wpk that uses the real JavaScript runtime.
func newJavaScript(t *testing.T) wpk {
	t.Helper()
	w := newWpk(t)
	w.run(t, nil, "toolchain", "install", "oci:"+filepath.Join(wpktest.Runtime(t, "javascript"), "layout")+":javascript")
	return w
}

// TestJavaScriptPackages builds an application on npm packages that people know: commander and chalk, js-yaml, zod,
// handlebars, lodash, marked.
func TestJavaScriptPackages(t *testing.T) {
	w := newJavaScript(t)
	const ref = "localhost:5000/interop/js-almanac:1.0"
	dir := jsAlmanac(t, t.TempDir())
	first := w.build(t, dir, program{}, ref)
	// Without a cache: nothing remembered may hide a difference.
	other := newJavaScript(t)
	other.env = append(other.env, "WPK_CACHE_DIR="+t.TempDir())
	second := other.build(t, jsAlmanac(t, filepath.Join(t.TempDir(), "a", "deeper", "folder")), program{}, ref)
	if first.Digest != second.Digest {
		t.Errorf("%s in one folder, %s in another", first.Digest, second.Digest)
	}
	input, err := os.ReadFile("../../../testdata/js-almanac/2027.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if out := w.run(t, input, "run", ref, "page"); string(out) != almanacPage {
		t.Errorf("almanac page wrote\n%s", out)
	}
	if !testing.Short() {
		w.smoke(t, ref, []string{"page"}, input, []byte(almanacPage))
	}
	plain := w.build(t, dir, program{build: []string{"--no-snapshot"}}, "localhost:5000/interop/js-almanac:plain")
	if out := w.run(t, input, "run", "localhost:5000/interop/js-almanac:plain", "page"); string(out) != almanacPage || plain.Digest == first.Digest {
		t.Errorf("without a snapshot almanac page wrote\n%s", out)
	}

	if err := os.RemoveAll(filepath.Join(dir, "node_modules", "marked")); err != nil {
		t.Fatal(err)
	}
	w.refuses(t, 3, "in "+dir+": npm ci", "build", dir)
}

// TestJavaScriptWithoutRuntime asks a wpk for JavaScript that has no runtime.
func TestJavaScriptWithoutRuntime(t *testing.T) {
	newWpk(t).refuses(t, 3, "hint: wpk toolchain build javascript", "build", "../../../testdata/js-hello")
}

// refuses runs wpk, which must end with this code and say this.
func (w wpk) refuses(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	if said, got := w.fails(t, os.Environ(), args...); got != code || !strings.Contains(said, says) {
		t.Errorf("wpk %s: exit code %d\n%s\nwant exit code %d and %q", strings.Join(args, " "), got, said, code, says)
	}
}
