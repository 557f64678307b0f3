package consumers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// copiers are programs that copy artifacts among registries, as a person would
// call them for all that a reference has.
var copiers = []struct {
	name      string
	argv      func(from, to string) []string
	referrers bool // takes signatures and the like along
}{
	{"skopeo", func(from, to string) []string {
		return []string{"skopeo", "copy", "--quiet", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://" + from, "docker://" + to}
	}, false},
	{"crane", func(from, to string) []string { return []string{"crane", "copy", from, to} }, false},
	{"oras", func(from, to string) []string {
		return []string{"oras", "copy", "--recursive", "--from-plain-http", "--to-plain-http", from, to}
	}, true},
	{"regctl", func(from, to string) []string {
		host := func(ref string) string { return "reg=" + ref[:strings.Index(ref, "/")] + ",tls=disabled" }
		return []string{"regctl", "image", "copy", "--host", host(from), "--host", host(to), "--referrers", from, to}
	}, true},
}

// newClients is a machine with clients of registries.
func newClients(t *testing.T) *machine.Machine {
	t.Helper()
	return newMachine(t, machine.Options{Programs: []string{
		filepath.Dir(wpktest.Need(t, "crane")), filepath.Dir(wpktest.Need(t, "regctl")),
	}})
}

// must runs a program of a machine that must not fail, and returns its stdout.
func must(t *testing.T, m *machine.Machine, argv ...string) string {
	t.Helper()
	r := m.Run(t, argv[0], argv[1:]...)
	if r.Code != 0 {
		t.Fatalf("%q: exit code %d\n%s%s", argv, r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// TestCopies copies an artifact with a referrer from one registry to each of
// three kinds, by each program, and reads it there: the same digest, with every
// byte below it, and with its referrer.
func TestCopies(t *testing.T) {
	needWorld(t)
	m, w, p := newClients(t), newWpk(t), programs[0]
	from := wpktest.Distribution(t) + "/copies/c:1.0"
	digest := w.build(t, p, "universal", from)
	note := filepath.Join(t.TempDir(), "note.txt")
	check(t, os.WriteFile(note, []byte("seen\n"), 0o644))
	referrer := strings.TrimSpace(must(t, m, "oras", "attach", "--plain-http", "--disable-path-validation", "--artifact-type", "text/plain",
		"--format", "go-template={{.digest}}", from, note+":text/plain"))
	for name, host := range map[string]string{
		"distribution": wpktest.Distribution(t), "docker-registry": wpktest.DockerRegistry(t), "go-containerregistry": wpktest.NewMemory(t).Host,
	} {
		for _, c := range copiers {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				to := host + "/" + c.name + "/c:1.0"
				must(t, m, c.argv(from, to)...)
				if got := strings.TrimSpace(must(t, m, "crane", "digest", to)); got != digest {
					t.Errorf("the copy is %s, the original %s", got, digest)
				}
				if out := newWpk(t).run(t, "run", to); out != p.stdout() {
					t.Errorf("the copy prints %q", out)
				}
				if c.referrers {
					if out := must(t, m, "oras", "discover", "--plain-http", "--format", "json", to); !strings.Contains(out, `"`+referrer+`"`) {
						t.Errorf("the copy has no referrer %s: %s", referrer, out)
					}
				}
			})
		}
	}
}
