package policy

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/verify"
)

const testDigest = "sha256:5504f2a95018e3d8a52d80d9e1a128c6ea337581808ff9fe96f5628ce2336350"

func testNow() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// evidence is what lies beside an artifact, already verified: signatures and attestations by the authority's name.
type fakeEvidence struct {
	signatures   map[string][]verify.Verified
	attestations map[string][]verify.Verified
	err          error // instead of an answer
	asked        []string
}

func (f *fakeEvidence) Signatures(_ context.Context, a verify.Authority) ([]verify.Verified, error) {
	f.asked = append(f.asked, a.Name)
	if f.err != nil {
		return nil, f.err
	}
	if all := f.signatures[a.Name]; len(all) > 0 {
		return all, nil
	}
	return nil, &verify.Error{Digest: testDigest, What: "signature", Kind: verify.ErrNoSignature}
}

func (f *fakeEvidence) Attestations(_ context.Context, a verify.Authority, predicateType string) ([]verify.Verified, error) {
	f.asked = append(f.asked, a.Name+" "+predicateType)
	if f.err != nil {
		return nil, f.err
	}
	var all []verify.Verified
	for _, v := range f.attestations[a.Name] {
		if v.PredicateType == predicateType {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil, &verify.Error{Digest: testDigest, What: "attestation", PredicateType: predicateType, Kind: verify.ErrNoAttestation}
	}
	return all, nil
}

type fakeFacts struct {
	imports     []Import
	annotations map[string]string
	configs     map[string]json.RawMessage
	err         error
}

func (f fakeFacts) Imports(context.Context) ([]Import, error) { return f.imports, f.err }

func (f fakeFacts) Annotations(context.Context) (map[string]string, error) {
	return f.annotations, f.err
}

func (f fakeFacts) Configs(context.Context) (map[string]json.RawMessage, error) {
	return f.configs, f.err
}

// keyPolicy has an authority "k" with a key, and requirements.
func keyPolicy(t testing.TB, require, more string) string {
	t.Helper()
	text := policyText("  authorities:\n  - name: k\n    key:\n      data: |\n" + indent(8, testKey(t, elliptic.P256())) + "\n" + more)
	if require == "" {
		return text
	}
	return strings.Replace(text, "  name: p\n", "  name: p\n  annotations:\n    wpk.dev/require: |\n"+indent(6, require)+"\n", 1)
}

func signedBy(v verify.Verified) *fakeEvidence {
	v.Digest = testDigest
	return &fakeEvidence{signatures: map[string][]verify.Verified{"k": {v}}}
}

// with adds attestations by the authority "k".
func (f *fakeEvidence) with(predicateType, predicate string) *fakeEvidence {
	if f.attestations == nil {
		f.attestations = map[string][]verify.Verified{}
	}
	statement := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicateType":%q,"predicate":%s}`, predicateType, predicate)
	f.attestations["k"] = append(f.attestations["k"], verify.Verified{PredicateType: predicateType, Statement: json.RawMessage(statement)})
	return f
}

func evaluate(t *testing.T, text string, v Verifier, f Facts, change func(*Request)) (Report, error) {
	t.Helper()
	p, err := Parse([]byte(text), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := Request{
		Policy: p, Reference: "ghcr.io/acme/app:1.0.0", Repository: "ghcr.io/acme/app", Tag: "1.0.0", Digest: testDigest,
		Now: testNow(), Verifier: v, Trust: &noTrust{}, Facts: f,
	}
	if change != nil {
		change(&r)
	}
	report, err := Evaluate(t.Context(), r)
	var failed *FailedError
	if err != nil && errors.As(err, &failed) != errors.Is(err, verify.ErrPolicy) {
		t.Errorf("%v is not what it says", err)
	}
	return report, err
}

// expect is the outcome of a request, and a part of the text of the report or the error.
func expect(t *testing.T, name string, report Report, err error, want Outcome, part string) {
	t.Helper()
	var b strings.Builder
	if textErr := report.Text(&b); textErr != nil {
		t.Error(textErr)
	}
	if (err != nil) != (want == Fail) || report.Outcome != want || !strings.Contains(b.String(), part) {
		t.Errorf("%s: want %s with %q, got %v and\n%s", name, want, part, err, b.String())
	}
	if err != nil && (!errors.Is(err, verify.ErrPolicy) || strings.Contains(err.Error(), "\n")) {
		t.Errorf("%s: %q", name, err)
	}
}

// Several policies must all be met, and of one a single authority is enough.
func TestEvaluate(t *testing.T) {
	second := func(glob, authorities string) string {
		return "---\n" + strings.NewReplacer("name: p", "name: q", "ghcr.io/acme/**", glob).Replace(policyText(authorities))
	}
	const fail = "  authorities:\n  - static: {action: fail, message: not here}\n"
	signed, unsigned := signedBy(verify.Verified{Signer: verify.Signer{KeyID: "sha256:ab"}}), &fakeEvidence{}
	for _, c := range []struct {
		name, text string
		evidence   *fakeEvidence
		want       Outcome
		part       string
	}{
		{"a good signature", keyPolicy(t, "", ""), signed, Pass, "pass    authority k: signed by key sha256:ab"},
		{"none", keyPolicy(t, "", ""), unsigned, Fail, "fail    authority k: " + testDigest + ": no signature"},
		{"warned", keyPolicy(t, "", "  mode: warn\n"), unsigned, Warn, "warn    policy p"},
		{"static pass", policyText(staticPass), unsigned, Pass, "static: nothing is verified"},
		{"static fail", policyText(fail), unsigned, Fail, "static: nothing passes: not here"},
		{"one authority is enough", keyPolicy(t, "", "  - static: {action: fail}\n"), signed, Pass, "skipped authority authority-1"},
		{"a second policy", keyPolicy(t, "", "") + second("ghcr.io/**", fail), signed, Fail, "fail    policy q"},
		{"a policy for others", keyPolicy(t, "", "") + second("quay.io/**", fail), signed, Pass, "skipped policy q"},
		{"a warning beside", keyPolicy(t, "", "") + second("ghcr.io/**", fail+"  mode: warn\n"), signed, Warn, "pass    policy p"},
		{"a failure beside a warning", second("ghcr.io/**", fail+"  mode: warn\n") + "---\n" + policyText(fail), signed, Fail, "fail    policy p"},
		{"for another image", strings.Replace(policyText(staticPass), "acme", "other", 1), signed, Fail, "no policy of policy.yaml is for it"},
		{"for nearly this one", strings.Replace(policyText(staticPass), "acme/**", "acme/app", 1), signed, Fail, "ghcr.io/acme/app would be, if it ended with **"},
		{"by its tag", strings.Replace(policyText(staticPass), "acme/**", "acme/app:1.*", 1), signed, Pass, "in a cluster, which names images by digest"},
		{"by its digest", strings.Replace(policyText(staticPass), "acme/**", "acme/app@"+testDigest, 1), signed, Pass, "pass    policy p"},
	} {
		report, err := evaluate(t, c.text, c.evidence, fakeFacts{}, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
}

func TestEvaluateNoMatch(t *testing.T) {
	text := strings.Replace(policyText(staticPass), "acme", "other", 1)
	report, err := evaluate(t, text, &fakeEvidence{}, fakeFacts{}, func(r *Request) { r.AllowUnmatched = true })
	expect(t, "allowed", report, err, Pass, "no policy of policy.yaml is for it")
	report, err = evaluate(t, strings.Replace(policyText(staticPass), "ghcr.io/acme/**", "'**'", 1), &fakeEvidence{}, fakeFacts{}, func(r *Request) { r.Repository, r.Tag = "", "" })
	expect(t, "no name", report, err, Fail, "no policy is for an artifact without a repository's name")
	report, err = evaluate(t, strings.Replace(policyText(staticPass), "ghcr.io/acme/**", "'*'", 1), &fakeEvidence{}, fakeFacts{}, func(r *Request) { r.Repository = "docker.io/library/alpine" })
	expect(t, "Docker Hub", report, err, Pass, "is for *")
}

// What could not be looked at is neither met nor unmet, in whatever mode.
func TestEvaluateFailsClosed(t *testing.T) {
	down := errors.New("the registry is down")
	for name, c := range map[string]struct {
		text string
		v    *fakeEvidence
		f    fakeFacts
	}{
		"evidence":    {keyPolicy(t, "", "  mode: warn\n"), &fakeEvidence{err: down}, fakeFacts{}},
		"facts":       {keyPolicy(t, "imports: {}", "  mode: warn\n"), signedBy(verify.Verified{}), fakeFacts{err: down}},
		"annotations": {keyPolicy(t, "minVersion: 1.0.0", ""), signedBy(verify.Verified{}), fakeFacts{err: down}},
	} {
		report, err := evaluate(t, c.text, c.v, c.f, nil)
		if !errors.Is(err, down) || errors.Is(err, verify.ErrPolicy) || report.Outcome != "" {
			t.Errorf("%s: got %v and %q", name, err, report.Outcome)
		}
	}
	p := policyText("  authorities:\n" + anyone)
	if _, err := evaluate(t, p, &fakeEvidence{}, fakeFacts{}, nil); !errors.Is(err, errNoTrust) {
		t.Errorf("without roots: got %v", err)
	}
}

func TestEvaluateAttestations(t *testing.T) {
	text := keyPolicy(t, "", "    attestations:\n    - {name: sbom, predicateType: spdxjson}\n    - {name: test, predicateType: 'https://t.example/v1'}\n")
	signed := signedBy(verify.Verified{})
	report, err := evaluate(t, text, signed, fakeFacts{}, nil)
	expect(t, "a signature is no attestation", report, err, Fail, "fail    attestation sbom (spdxjson)")
	one := signedBy(verify.Verified{}).with("https://spdx.dev/Document", "{}")
	report, err = evaluate(t, text, one, fakeFacts{}, nil)
	expect(t, "one of two", report, err, Fail, "pass    attestation sbom")
	report, err = evaluate(t, text, one.with("https://t.example/v1", "{}"), fakeFacts{}, nil)
	expect(t, "both", report, err, Pass, "pass    attestation test")
	if len(report.Verified) != 2 {
		t.Errorf("rests on %d pieces", len(report.Verified))
	}
}

// Attack 4: a signature that was copied to another repository.
func TestRequireRepository(t *testing.T) {
	for _, c := range []struct {
		name, repository, signed string
		want                     Outcome
		part                     string
	}{
		{"its own", "same", "ghcr.io/acme/app", Pass, "signed for ghcr.io/acme/app"},
		{"copied", "same", "ghcr.io/acme/old", Fail, "signed for another repository: ghcr.io/acme/old"},
		{"nameless", "same", "", Fail, "the signer has named none"},
		{"a mirror of the one", "registry.example/src/app", "registry.example/src/app", Pass, "pass    repository"},
		{"a pattern", "registry.example/src/*", "registry.example/src/app", Pass, "pass    repository"},
		{"beyond a pattern", "registry.example/src/*", "registry.example/src/a/b", Fail, "another repository"},
	} {
		text := keyPolicy(t, "repository: "+c.repository, "")
		report, err := evaluate(t, text, signedBy(verify.Verified{Repository: c.signed}), fakeFacts{}, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
	report, err := evaluate(t, required("repository: same"), &fakeEvidence{}, fakeFacts{}, nil)
	expect(t, "static", report, err, Fail, "nothing is signed for a repository")
}

// Attack 11: going back to an old version whose signature is good.
func TestRequireAge(t *testing.T) {
	day := 24 * time.Hour
	created := func(s string) fakeFacts {
		return fakeFacts{annotations: map[string]string{annotationCreated: s}}
	}
	for _, c := range []struct {
		name  string
		at    time.Time
		facts fakeFacts
		want  Outcome
		part  string
	}{
		{"new", testNow().Add(-29 * day), fakeFacts{}, Pass, "pass    maxAge: signed at 2026-04-02"},
		{"old", testNow().Add(-31 * day), fakeFacts{}, Fail, "more than 30d ago"},
		{"from the future", testNow().Add(time.Hour), fakeFacts{}, Fail, "in the future"},
		{"a little ahead", testNow().Add(time.Minute), fakeFacts{}, Pass, "pass    maxAge"},
		{"no time at all", time.Time{}, fakeFacts{}, Fail, "its age is not known"},
		{"made lately", time.Time{}, created("2026-04-20T00:00:00Z"), Pass, "made, by its annotation, at 2026-04-20"},
		{"made long ago", time.Time{}, created("2020-04-20T00:00:00Z"), Fail, "more than 30d ago"},
		{"old, and says it is new", testNow().Add(-31 * day), created("2026-04-20T00:00:00Z"), Fail, "more than 30d ago"},
	} {
		report, err := evaluate(t, keyPolicy(t, "maxAge: 30d", ""), signedBy(verify.Verified{Time: c.at}), c.facts, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
	report, err := evaluate(t, required("maxAge: 30d"), &fakeEvidence{}, created("2026-04-20T00:00:00Z"), nil)
	expect(t, "unsigned", report, err, Fail, "nobody has signed it")
	report, err = evaluate(t, keyPolicy(t, "maxAge: 30d", ""), signedBy(verify.Verified{Time: testNow()}), fakeFacts{}, func(r *Request) { r.Now = time.Time{} })
	expect(t, "no clock", report, err, Fail, "the present is not known")
}

// Attack 11 once more: a tag that was moved back to an old version.
func TestRequireVersion(t *testing.T) {
	version := func(s string) fakeFacts {
		return fakeFacts{annotations: map[string]string{annotationVersion: s}}
	}
	for _, c := range []struct {
		name, require, tag string
		facts              fakeFacts
		want               Outcome
		part               string
	}{
		{"newer", "", "x", version("1.10.0"), Pass, "has 1.10.0"},
		{"the same", "", "x", version("v1.9.0"), Pass, "has v1.9.0"},
		{"older under a new tag", "", "2.0.0", version("1.8.9"), Fail, "the annotation org.opencontainers.image.version has 1.8.9, which is below 1.9.0"},
		{"before the release", "", "x", version("1.9.0-rc.1"), Fail, "below 1.9.0"},
		{"a tag alone", "", "2.0.0", fakeFacts{}, Fail, "a tag is signed by nobody"},
		{"a tag that is believed", "\ninsecureTrustTag: true", "2.0.0", fakeFacts{}, Pass, "the tag has 2.0.0"},
		{"an old tag that is believed", "\ninsecureTrustTag: true", "1.0.0", fakeFacts{}, Fail, "the tag has 1.0.0, which is below"},
		{"the annotation comes first", "\ninsecureTrustTag: true", "2.0.0", version("1.0.0"), Fail, "below"},
		{"no version", "", "2.0.0", version("latest"), Fail, "no version of the form"},
	} {
		report, err := evaluate(t, keyPolicy(t, "minVersion: 1.9.0"+c.require, ""), signedBy(verify.Verified{}), c.facts, func(r *Request) { r.Tag = c.tag })
		expect(t, c.name, report, err, c.want, c.part)
	}
	signed := signedBy(verify.Verified{Annotations: map[string]string{annotationVersion: "1.8.0"}})
	report, err := evaluate(t, keyPolicy(t, "minVersion: 1.9.0", ""), signed, fakeFacts{}, nil)
	expect(t, "by the signature", report, err, Fail, "the signature's annotation has 1.8.0")
}

func TestRequireImports(t *testing.T) {
	imports := fakeFacts{imports: []Import{
		{"wasi_snapshot_preview1.fd_write", "streams"}, {"wasi:http/outgoing-handler@0.2.0", "http"},
	}}
	for _, c := range []struct {
		require string
		want    Outcome
		part    string
	}{
		{"imports: {capabilities: [streams, http]}", Pass, "all 2 imports are allowed"},
		{"imports: {capabilities: [streams]}", Fail, "not allowed: wasi:http/outgoing-handler@0.2.0 (http)"},
		{"imports: {capabilities: [streams], names: ['wasi:http/*']}", Pass, "pass    imports"},
		{"imports: {names: ['wasi:http/*']}", Fail, "fd_write (streams)"},
		{"imports: {}", Fail, "not allowed"},
	} {
		report, err := evaluate(t, keyPolicy(t, c.require, ""), signedBy(verify.Verified{}), imports, nil)
		expect(t, c.require, report, err, c.want, c.part)
	}
}

func TestRequireSmoke(t *testing.T) {
	const require = "smoke: {architectures: [amd64, s390x]}"
	for _, c := range []struct {
		name, require, predicate string
		want                     Outcome
		part                     string
	}{
		{"both", require, `{"result":"PASSED","passedTests":["linux/amd64 compiler","linux/s390x interpreter"]}`, Pass, "ran on amd64, s390x"},
		{"one", require, `{"result":"PASSED","passedTests":["linux/amd64 compiler"]}`, Fail, "no run is attested on s390x"},
		{"failed", require, `{"result":"FAILED","passedTests":["linux/amd64"],"failedTests":["linux/s390x"]}`, Fail, "a run on s390x failed"},
		{"a word within a word", require, `{"passedTests":["linux/amd64","linux/s390xx"]}`, Fail, "no run is attested on s390x"},
		{"of no shape", require, `[1]`, Fail, "no run is attested on amd64, s390x"},
		{"the engine", "smoke: {architectures: [amd64], engines: [compiler]}", `{"passedTests":["linux/amd64 compiler"]}`, Pass, "ran on amd64"},
		{"an engine of two words", "smoke: {architectures: [arm64], engines: [wazero interpreter]}", `{"passedTests":["linux/arm64 (wazero interpreter, qemu)"]}`, Pass, "ran on arm64"},
		{"half of an engine", "smoke: {architectures: [arm64], engines: [wazero compiler]}", `{"passedTests":["linux/arm64 (wazero interpreter, qemu)"]}`, Fail, "arm64 wazero compiler"},
		{"another engine", "smoke: {architectures: [amd64], engines: [compiler]}", `{"passedTests":["linux/amd64 interpreter"]}`, Fail, "amd64 compiler"},
	} {
		report, err := evaluate(t, keyPolicy(t, c.require, ""), signedBy(verify.Verified{}).with(predicateTest, c.predicate), fakeFacts{}, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
	report, err := evaluate(t, keyPolicy(t, require, ""), signedBy(verify.Verified{}), fakeFacts{}, nil)
	expect(t, "none", report, err, Fail, "no test result: ")
	report, err = evaluate(t, required(require), &fakeEvidence{}, fakeFacts{}, nil)
	expect(t, "static", report, err, Fail, "nobody who verifies anything")
}

func TestRequireOrigin(t *testing.T) {
	made := func(uri, builder string) string {
		return fmt.Sprintf(`{"buildDefinition":{"resolvedDependencies":[{"uri":%q}]},"runDetails":{"builder":{"id":%q}}}`, uri, builder)
	}
	const require = "sourceRepository: https://github.com/acme/app\nbuilder: 'https://github.com/acme/*'"
	certified := func(source, builder string) *fakeEvidence {
		return signedBy(verify.Verified{Signer: verify.Signer{Subject: "s", Issuer: "i", Extensions: map[string]string{"sourceRepositoryURI": source, "buildSignerURI": builder}}})
	}
	for _, c := range []struct {
		name     string
		evidence *fakeEvidence
		want     Outcome
		part     string
	}{
		{"by provenance", signedBy(verify.Verified{}).with(predicateProvenance, made("git+https://github.com/acme/app.git@refs/tags/v1", "https://github.com/acme/ci")), Pass, "the provenance names https://github.com/acme/app"},
		{"from elsewhere", signedBy(verify.Verified{}).with(predicateProvenance, made("git+https://github.com/evil/app@main", "https://github.com/acme/ci")), Fail, "names the source https://github.com/evil/app"},
		{"by another builder", signedBy(verify.Verified{}).with(predicateProvenance, made("git+https://github.com/acme/app", "https://github.com/evil/ci")), Fail, "names the builder https://github.com/evil/ci"},
		{"without provenance", signedBy(verify.Verified{}), Fail, "no provenance"},
		{"empty provenance", signedBy(verify.Verified{}).with(predicateProvenance, "{}"), Fail, "the provenance names no builder"},
		{"by certificate", certified("https://github.com/acme/app", "https://github.com/acme/ci/.github/workflows/r.yml@refs/tags/v1"), Pass, "the certificate names https://github.com/acme/app"},
		{"a certificate from elsewhere, with good provenance", certified("https://github.com/evil/app", "https://github.com/acme/ci").with(predicateProvenance, made("git+https://github.com/acme/app", "https://github.com/acme/ci")), Fail, "the certificate names the source https://github.com/evil/app"},
	} {
		report, err := evaluate(t, keyPolicy(t, require, ""), c.evidence, fakeFacts{}, nil)
		expect(t, c.name, report, err, c.want, c.part)
	}
}

// The report is one line for each rule, and its JSON has the same.
func TestReport(t *testing.T) {
	text := keyPolicy(t, "maxAge: 1d\nimports: {capabilities: [streams]}", "")
	report, err := evaluate(t, text, signedBy(verify.Verified{Time: testNow().Add(-48 * time.Hour), Signer: verify.Signer{Subject: "a\nb", Issuer: "i"}}), fakeFacts{}, nil)
	var failed *FailedError
	if !errors.As(err, &failed) || err.Error() != `ghcr.io/acme/app:1.0.0: the policy is not met: policy "p": maxAge: signed at 2026-04-29 12:00:00 UTC, more than 1d ago` {
		t.Errorf("got %v", err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"outcome":"fail"`, `{"name":"imports","outcome":"pass","why":"all 0 imports are allowed"}`, `"mode":"enforce"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in %s", want, data)
		}
	}
	var b strings.Builder
	if err := report.Text(&b); err != nil || strings.Count(b.String(), "\n") != 5 {
		t.Errorf("got %v and\n%s", err, b.String())
	}
}
