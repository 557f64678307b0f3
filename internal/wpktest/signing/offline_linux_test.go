package signing

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// With a key, and offline, wpk speaks to the registry and to nobody else: the kernel is asked, not the program.
func TestOffline(t *testing.T) {
	w := newWorld(t)
	w.makeKey(t, "p256")
	host := wpktest.DockerRegistry(t)
	ref := w.push(t, host, "acme/app")
	attested := &statement{"https://example.test/predicate/v1", w.file(t, "predicate.json", []byte(`{"tested": true}`))}
	byKey, byIdentity := way{"p256", 0}, way{"", 1}

	for _, c := range []struct {
		name string
		args []string
	}{
		{"sign", wpk{}.sign(t, w, byKey, both, ref, nil)},
		{"attest", wpk{}.sign(t, w, byKey, both, ref, attested)},
		{"verify", wpk{}.verify(w, byKey, both, ref, nil)},
		{"verify attestation", wpk{}.verify(w, byKey, both, ref, attested)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if seen := w.connections(t, c.args); !slices.Equal(seen, []string{host}) {
				t.Errorf("it connects to %q, and the registry is %s", seen, host)
			}
		})
	}
	t.Run("identity", func(t *testing.T) {
		seen := w.connections(t, wpk{}.sign(t, w, byIdentity, both, ref, nil))
		for _, service := range []string{w.FulcioURL, w.RekorV1URL} { // so the check can fail
			if !slices.Contains(seen, strings.TrimPrefix(service, "http://")) {
				t.Errorf("it connects to %q, and %s is not seen", seen, service)
			}
		}
		// What was signed by identity is verified with the roots of a file as well.
		if seen := w.connections(t, wpk{}.verify(w, byIdentity, both, ref, nil)); !slices.Equal(seen, []string{host}) {
			t.Errorf("to verify it connects to %q, and the registry is %s", seen, host)
		}
	})
}

// connections runs wpk and returns what it and its children connect to, sorted: host:port, or all that strace says of
// an address of another kind.
func (w *world) connections(t *testing.T, argv []string) []string {
	t.Helper()
	strace := wpktest.Need(t, "strace")
	if err := w.command(t, strace, "-f", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("this user may not trace: %v", err) // a right that no set-up can install
	}
	log := filepath.Join(t.TempDir(), "connections")
	w.mustRun(t, append([]string{strace, "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", log}, argv...)...)
	said, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	inet := regexp.MustCompile(`sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)`)
	var seen []string
	for line := range strings.Lines(string(said)) {
		switch m := inet.FindStringSubmatch(line); {
		case m != nil:
			seen = append(seen, m[2]+":"+m[1])
		case strings.Contains(line, "sa_family="):
			seen = append(seen, strings.TrimSpace(line))
		}
	}
	slices.Sort(seen)
	return slices.Compact(seen)
}
