package interop

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// rustPrograms are real ones: ours on packages that many depend on, with the
// distribution's Rust and with a newer one, and one of others.
var rustPrograms = []struct {
	name  string // "/" and the Rust follow when there are two
	newer bool   // needs a Rust newer than Debian 12's
	src   string // "" = the fixture has it
	home  string // the fixture with the dependencies
	args  []string
	stdin string
	want  string
}{
	{
		name: "logsum", src: "rust-app", home: "rust-app", args: []string{"(?P<key>/[a-z]+)", "--top", "2", "--label", "überall"},
		stdin: logLines, want: logSummary,
	},
	{
		name: "logsum/newer", newer: true, src: "rust-app", home: "rust-app", args: []string{"(?P<key>/[a-z]+)", "--top", "2", "--label", "überall"},
		stdin: logLines, want: logSummary,
	},
	{
		name: "hexyl", newer: true, home: "hexyl", args: []string{"--plain", "--length", "32"},
		stdin: "wpk packs\x00\xff modules\n", want: "  77 70 6b 20 70 61 63 6b   73 00 ff 20 6d 6f 64 75  \n  6c 65 73 0a                                        \n",
	},
}

const logLines = "GET /a 200\nGET /bb 404\nPOST /a 200\nsomething else\nGET /c 500\nGET /bb 200\nGET /a 200\n"

const logSummary = `{"label":"überall","lines":7,"matches":6,"sha256":"2d37dd8d70d4841b960a38693b47acb361cbd5f1962d98855e6bbed3ddcf3e5e",` +
	`"top":[{"key":"/a","count":3},{"key":"/bb","count":2}]}` + "\n"

// TestRust builds each program where its last build was, if there was one, and
// from nothing in another folder. Both give one artifact, and it runs everywhere.
func TestRust(t *testing.T) {
	for _, p := range rustPrograms {
		t.Run(p.name, func(t *testing.T) {
			home := wpktest.Fixture(t, p.home)
			if p.newer {
				rust := filepath.Join(wpktest.Fixture(t, "rust-wasip1"), "bin")
				t.Setenv("PATH", rust+string(os.PathListSeparator)+os.Getenv("PATH"))
			}
			t.Setenv("CARGO_HOME", home)
			t.Setenv("CARGO_NET_OFFLINE", "true")
			src := filepath.Join(home, "src")
			if p.src != "" {
				src = filepath.Join("..", "..", "..", "testdata", p.src)
			}
			kept := filepath.Join(filepath.Dir(filepath.Dir(home)), "rust-work", p.name)
			again := filepath.Join(kept, "src")
			if err := os.RemoveAll(again); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(again, os.DirFS(src)); err != nil {
				t.Fatal(err)
			}
			w := newWpk(t)
			ref := "localhost/" + p.name + ":1"
			one := w.buildIn(t, filepath.Join(kept, "cache"), again, ref)
			two := w.buildIn(t, t.TempDir(), wpktest.CopyDir(t, src), ref)
			if one.Digest != two.Digest {
				t.Errorf("%s in one folder, %s in another (modules %s, %s)", one.Digest, two.Digest, one.Module.Digest, two.Module.Digest)
			}
			out := w.run(t, []byte(p.stdin), append([]string{"run", ref, "--"}, p.args...)...)
			if string(out) != p.want {
				t.Errorf("%s prints %q, want %q", p.name, out, p.want)
			}
			w.smoke(t, ref, p.args, []byte(p.stdin), out)
		})
	}
}

// buildIn builds with a cache folder of its own.
func (w wpk) buildIn(t *testing.T, cache, dir, ref string) (res buildResult) {
	t.Helper()
	// Not command's five minutes: these are some hundred thousand lines to compile.
	cmd := exec.CommandContext(t.Context(), binary, "build", "--json", "--no-source-annotations", dir, "-t", ref)
	cmd.Env = append(os.Environ(), "WPK_DATA_DIR="+w.store, "WPK_CACHE_DIR="+cache)
	if out := output(t, cmd, nil); json.Unmarshal(out, &res) != nil {
		t.Fatalf("no JSON of the kind expected:\n%s", out)
	}
	return res
}

// TestRustMissing looks at the error of a machine without Rust.
func TestRustMissing(t *testing.T) {
	cmd := command(t, binary, "build", filepath.Join("..", "..", "..", "testdata", "rust-app"))
	cmd.Env = []string{"PATH=" + t.TempDir(), "HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), `missing tool "rustc"`) || !strings.Contains(string(out), "hint: ") {
		t.Errorf("says %s", out)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("got %v, want exit code 3", err)
	}
}
