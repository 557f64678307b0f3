package signing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// limit says why a verifier does not believe what a signer has made, as cosign 2.6.5 and 3.1.3 were seen to do, or "".
// A limit that is no more fails the test as well.
func limit(signer party, how way, verifier party) string {
	_, fromCosign := signer.(cosign)
	_, byCosign := verifier.(cosign)
	switch {
	case how.key == "p384" && byCosign:
		return "cosign verifies P-384 with SHA-256, and signs with SHA-384 itself"
	case how.key == "ed25519" && fromCosign && byCosign:
		return "cosign verifies pure Ed25519, and signs Ed25519ph itself"
	}
	return ""
}

// Everyone verifies what anyone has signed or attested, in each form and way, or it is known why not.
func TestMatrix(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []string{"p256", "p384", "rsa", "ed25519"} {
		w.makeKey(t, kind)
	}
	all := []way{{"p256", 0}, {"p256", 1}, {"p256", 2}, {"p384", 0}, {"rsa", 0}, {"rsa", 1}, {"ed25519", 0}, {"", 1}, {"", 2}}
	m := &matrix{world: w, parties: []party{cosign{w.Cosign2, 2}, cosign{w.Cosign3, 3}, wpk{}}}
	attested := &statement{"https://example.test/predicate/v1", w.file(t, "predicate.json", []byte(`{"tested": true}`))}
	for _, registry := range []struct {
		name, host string
		ways       []way
	}{
		{"referrers", wpktest.NewMemory(t).Host, all},
		{"tags only", wpktest.DockerRegistry(t), []way{{"p256", 0}, {"", 1}, {"", 2}}},
	} {
		for _, how := range registry.ways {
			for _, what := range []*statement{nil, attested} {
				t.Run(fmt.Sprintf("%s/%s/%s", registry.name, how, verb(what)), func(t *testing.T) { m.run(t, registry.name, registry.host, how, what) })
			}
		}
	}
	t.Logf("what was seen:\n%s", strings.Join(m.table, "\n"))
}

// Nobody believes what nobody, or another one, has signed.
func TestUnsigned(t *testing.T) {
	w := newWorld(t)
	w.makeKey(t, "p256")
	w.makeKey(t, "rsa")
	ref := w.push(t, wpktest.NewMemory(t).Host, "acme/app")
	for _, signed := range []bool{false, true} {
		if signed {
			w.mustRun(t, wpk{}.sign(t, w, way{"rsa", 0}, both, ref, nil)...)
		}
		for _, verifier := range []party{cosign{w.Cosign2, 2}, cosign{w.Cosign3, 3}, wpk{}} {
			for _, how := range []way{{"p256", 0}, {"", 1}} {
				if out, err := w.run(t, verifier.verify(w, how, both, ref, nil)...); err == nil {
					t.Errorf("%s, %s, signed by another: %t: %s", verifier, how, signed, out)
				}
			}
		}
	}
}

// matrix collects what was seen.
type matrix struct {
	*world
	parties []party
	table   []string
}

func (m *matrix) run(t *testing.T, registry, host string, how way, what *statement) {
	t.Helper()
	for _, signer := range m.parties {
		for _, as := range signer.writes(how) {
			ref := m.push(t, host, "acme/app")
			row := fmt.Sprintf("%-10s %-19s %-7s %-9s %-7s", registry, how, verb(what), signer, as)
			if _, err := m.world.run(t, signer.sign(t, m.world, how, as, ref, what)...); err != nil {
				t.Errorf("%s: %v", row, err)
				continue
			}
			for _, verifier := range m.parties {
				seen := m.verify(t, signer, how, verifier, as, ref, what)
				m.table = append(m.table, fmt.Sprintf("%s -> %-9s %s", row, verifier, seen))
			}
		}
	}
}

// verify returns what is to be said in the table.
func (m *matrix) verify(t *testing.T, signer party, how way, verifier party, from form, ref string, what *statement) string {
	t.Helper()
	_, err := m.world.run(t, verifier.verify(m.world, how, from, ref, what)...)
	known := limit(signer, how, verifier)
	switch {
	case err == nil && known == "":
		return "ok"
	case err == nil:
		t.Errorf("%s believes %s of %s, which is more than was known: %s", verifier, from, signer, known)
		return "ok, unexpectedly"
	case known != "":
		return "no: " + known
	default:
		t.Errorf("%s does not believe %s of %s: %v", verifier, from, signer, err)
		return "NO: " + brief(err)
	}
}

func verb(what *statement) string {
	if what == nil {
		return "sign"
	}
	return "attest"
}
