package interop

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/smoke"
)

// program is a real program of others and one real use of it.
type program struct {
	name  string
	src   string   // a fixture
	build []string // more arguments of wpk build
	args  []string
	stdin string
	want  string // stdout; "" when check looks at it
	check func(t *testing.T, out []byte)

	runtime string // the language whose runtime pack it needs; "" = none
}

const shop = `{"items":[{"name":"pear","price":12},{"name":"fig","price":30.5},{"name":"nut","price":3}]}`

const compose = `services:
  web: {image: "nginx:1.27", ports: ["80:80"]} # the front
  db:
    image: postgres:17
`

var programs = []program{
	{
		name: "gojq", src: "gojq", build: []string{"--package", "./cmd/gojq"},
		args: []string{"-c", "[.items[] | select(.price > 10) | .name] | sort"}, stdin: shop,
		want: `["fig","pear"]` + "\n",
	},
	{
		name: "yq", src: "yq",
		args: []string{"-o", "json", "-I", "0", ".services.*.image"}, stdin: compose,
		want: "\"nginx:1.27\"\n\"postgres:17\"\n",
	},
	{
		name: "minigzip", src: "zlib", build: []string{"--bin", "minigzip"},
		stdin: strings.Repeat(compose, 500), check: gunzips,
	},
}

// gunzips looks that what minigzip wrote is what Go's gzip reads.
func gunzips(t *testing.T, out []byte) {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || string(got) != strings.Repeat(compose, 500) {
		t.Fatalf("minigzip's output unpacks to %d bytes, %v", len(got), err)
	}
}

// TestAllTheWay builds each program, pushes it to both registries, reads it
// there with clients of others, and runs what comes back.
func TestAllTheWay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: real programs under emulators")
	}
	c := needClients(t)
	registries := []string{wpktest.Distribution(t), wpktest.DockerRegistry(t)}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			w := newWpk(t)
			refs := make([]string, len(registries))
			for i, host := range registries {
				refs[i] = host + "/interop/" + p.name + ":1.0"
			}
			built := w.build(t, wpktest.Fixture(t, p.src), p, refs...)
			for _, ref := range refs {
				w.run(t, nil, "push", ref)
				c.agree(t, ref, built.Digest, built.Module.Digest)
			}
			smokePulled(t, p, refs[0], built)
		})
	}
}

// smokePulled starts from an empty store: what runs came from the registry.
func smokePulled(t *testing.T, p program, ref string, built buildResult) {
	t.Helper()
	w := newWpk(t)
	var pulled struct{ Digest string }
	w.json(t, &pulled, "pull", ref)
	if pulled.Digest != built.Digest {
		t.Fatalf("pulled %s, want %s", pulled.Digest, built.Digest)
	}
	out := w.run(t, []byte(p.stdin), append([]string{"run", ref, "--"}, p.args...)...)
	if p.check != nil {
		p.check(t, out)
	} else if string(out) != p.want {
		t.Errorf("%s prints %q, want %q", p.name, out, p.want)
	}
	w.smoke(t, ref, p.args, []byte(p.stdin), out)
	if p.name == "minigzip" {
		w.smoke(t, ref, []string{"-d"}, out, []byte(p.stdin))
	}
}

// smoke runs ref on every architecture and looks that each wrote what a native
// run did.
func (w wpk) smoke(t *testing.T, ref string, args []string, stdin, want []byte) {
	t.Helper()
	input := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(input, stdin, 0o600); err != nil {
		t.Fatal(err)
	}
	var report smoke.Report
	w.json(t, &report, append([]string{"smoke", ref, "--timeout", "5m", "--stdin", input, "--"}, args...)...)
	if !report.OK || len(report.Cells) != 7 {
		t.Errorf("smoke of %s: %+v", ref, report)
	}
	for _, cell := range report.Cells {
		t.Logf("%-8s %-11s compile %v run %v total %v", cell.Arch, cell.Engine, cell.Compile, cell.Run, cell.Total)
		if cell.Stdout.Digest != sum(want) {
			t.Errorf("%s on %s wrote %d bytes, %s; want %d bytes, %s", ref, cell.Arch, cell.Stdout.Size, cell.Stdout.Digest, len(want), sum(want))
		}
	}
}

// TestSameDigestInAnotherFolder builds real sources in two places.
func TestSameDigestInAnotherFolder(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			src := wpktest.Fixture(t, p.src)
			ref := "localhost:5000/interop/" + p.name + ":1.0"
			first := newWpk(t).build(t, src, p, ref)
			second := newWpk(t).build(t, wpktest.CopyDir(t, src), p, ref)
			if first.Digest != second.Digest {
				t.Errorf("%s in one folder, %s in another (modules %s, %s)",
					first.Digest, second.Digest, first.Module.Digest, second.Module.Digest)
			}
		})
	}
}

// buildResult is what these tests need of wpk build --json.
type buildResult struct {
	Digest string
	Module struct {
		Digest string
		Size   int64
	}
}

func (w wpk) build(t *testing.T, dir string, p program, refs ...string) buildResult {
	t.Helper()
	args := append([]string{"build", dir}, p.build...)
	for _, ref := range refs {
		args = append(args, "-t", ref)
	}
	var res buildResult
	w.json(t, &res, args...)
	return res
}
