package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/verify"
)

// The predicates that conditions read.
const (
	predicateTest       = "https://in-toto.io/attestation/test-result/v0.1"
	predicateProvenance = "https://slsa.dev/provenance/v1"
)

// attested asks the authorities that were content for attestations of a type. The error is an *unmetError when there
// are none.
func (e *evaluation) attested(ctx context.Context, what, predicateType string) ([]verify.Verified, error) {
	var all []verify.Verified
	why := "nobody who verifies anything is an authority here"
	for _, m := range e.matches {
		if m.signers.static != nil {
			continue
		}
		good, err := e.Verifier.Attestations(ctx, m.authority, predicateType)
		good, err = e.judge(good, err)
		var wrong *verify.Error
		switch {
		case err == nil:
			all = append(all, good...)
		case errors.As(err, &wrong), errors.Is(err, errRepository):
			why = err.Error()
		default:
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, &unmetError{"no " + what + ": " + why}
	}
	e.used = append(e.used, all...)
	return all, nil
}

// smoke looks for the runs that a test-result attestation tells of. A test is named by words, among them the
// architecture and the engine, as "linux/arm64 (wazero interpreter, qemu)".
// https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
func (e *evaluation) smoke(ctx context.Context) (string, error) {
	want := e.clause.require.Smoke
	all, err := e.attested(ctx, "test result", predicateTest)
	if err != nil {
		return "", err
	}
	var passed, failed [][]string
	for _, v := range all {
		var s struct {
			Predicate struct {
				Result      string   `json:"result"`
				PassedTests []string `json:"passedTests"`
				FailedTests []string `json:"failedTests"`
			} `json:"predicate"`
		}
		if json.Unmarshal(v.Statement, &s) != nil {
			continue
		}
		for _, name := range s.Predicate.PassedTests {
			passed = append(passed, words(name))
		}
		for _, name := range s.Predicate.FailedTests {
			failed = append(failed, words(name))
		}
	}
	var missing []string
	for _, arch := range want.Architectures {
		if ran(failed, arch, "") {
			return unmet("a run on %s failed", arch)
		}
		engines := want.Engines
		if len(engines) == 0 {
			engines = []string{""}
		}
		for _, engine := range engines {
			if !ran(passed, arch, engine) {
				missing = append(missing, strings.TrimSpace(arch+" "+engine))
			}
		}
	}
	if len(missing) > 0 {
		return unmet("no run is attested on %s", strings.Join(missing, ", "))
	}
	return "ran on " + strings.Join(want.Architectures, ", "), nil
}

func words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" /:,;()", r) })
}

func ran(tests [][]string, arch, engine string) bool {
	return slices.ContainsFunc(tests, func(test []string) bool {
		for _, word := range append(words(engine), arch) {
			if !slices.Contains(test, word) {
				return false
			}
		}
		return true
	})
}

// provenance is what conditions read of https://slsa.dev/spec/v1.1/provenance.
type provenance struct {
	BuildDefinition struct {
		ResolvedDependencies []struct {
			URI string `json:"uri"`
		} `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	} `json:"runDetails"`
}

// provenances reads the provenance of all authorities that were content.
func (e *evaluation) provenances(ctx context.Context) ([]provenance, error) {
	if e.provenance != nil {
		return e.provenance, nil
	}
	all, err := e.attested(ctx, "provenance", predicateProvenance)
	if err != nil {
		return nil, err
	}
	list := []provenance{}
	for _, v := range all {
		var s struct {
			Predicate provenance `json:"predicate"`
		}
		if json.Unmarshal(v.Statement, &s) == nil {
			list = append(list, s.Predicate)
		}
	}
	e.provenance = list
	return list, nil
}

// extension is what certificates say, which Fulcio has from the identity provider and no signer can choose.
func (e *evaluation) extension(name string) []string {
	var all []string
	for _, v := range e.used {
		if s := v.Signer.Extensions[name]; s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// builder wants the builder's identity.
func (e *evaluation) builder(ctx context.Context) (string, error) {
	return e.named(ctx, "builder", e.clause.require.Builder, e.extension("buildSignerURI"), builders)
}

// source wants the repository of the source.
func (e *evaluation) source(ctx context.Context) (string, error) {
	return e.named(ctx, "source", e.clause.require.SourceRepository, e.extension("sourceRepositoryURI"), sources)
}

// named wants one of the certificates to name one of the list, and where they name none, some provenance: a signer can
// write what it likes into provenance, and nothing into its certificate.
func (e *evaluation) named(ctx context.Context, what string, list, certified []string, read func([]provenance) []string) (string, error) {
	from, names := "certificate", certified
	if len(names) == 0 {
		all, err := e.provenances(ctx)
		if err != nil {
			return "", err
		}
		from, names = "provenance", read(all)
	}
	for _, name := range names {
		if fits(name, list) || fits(strings.TrimSuffix(name, ".git"), list) {
			return fmt.Sprintf("the %s names %s", from, name), nil
		}
	}
	if len(names) == 0 {
		return unmet("the %s names no %s", from, what)
	}
	return unmet("the %s names the %s %s", from, what, names[0])
}

func builders(list []provenance) []string {
	var all []string
	for _, p := range list {
		if id := p.RunDetails.Builder.ID; id != "" {
			all = append(all, id)
		}
	}
	return all
}

// sources are the repositories that provenance names: the dependencies that git fetches, the first of which is the
// source itself.
func sources(list []provenance) []string {
	var all []string
	for _, p := range list {
		for _, d := range p.BuildDefinition.ResolvedDependencies {
			if uri, ok := strings.CutPrefix(d.URI, "git+"); ok {
				// git+https://host/path@refs/heads/main, without what follows the path.
				if i := strings.LastIndexByte(uri, '@'); i > strings.LastIndex(uri, "//")+2 && strings.Contains(uri[:i], ".") {
					uri = uri[:i]
				}
				all = append(all, strings.TrimSuffix(uri, ".git"))
				break
			}
		}
	}
	return all
}
