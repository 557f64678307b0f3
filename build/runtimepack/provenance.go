package runtimepack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The statement in provenance.json, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, with the
// predicate of https://slsa.dev/spec/v1.0/provenance. It has no time and names no machine, so that it is the same
// wherever a pack is made.
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	buildType     = "https://github.com/wpkdev/wpk/blob/main/docs/toolchains.md#recipes"
	builderID     = "https://github.com/wpkdev/wpk"

	maxProvenance = 4 << 20
)

// The fields that a pack's provenance has.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

// A resource is a ResourceDescriptor of in-toto:
// https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md
type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest"`
}

type provenance struct {
	BuildDefinition buildDefinition `json:"buildDefinition"`
	RunDetails      runDetails      `json:"runDetails"`
}

type buildDefinition struct {
	BuildType            string             `json:"buildType"`
	ExternalParameters   externalParameters `json:"externalParameters"`
	InternalParameters   internalParameters `json:"internalParameters"`
	ResolvedDependencies []resource         `json:"resolvedDependencies"`
}

// externalParameters are what a user chose.
type externalParameters struct {
	Language string   `json:"language"`
	Recipe   resource `json:"recipe"`
}

// internalParameters are what shaped the result beside the sources.
type internalParameters struct {
	Tools []Tool   `json:"tools"`
	Flags []string `json:"flags,omitempty"`
}

type runDetails struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
}

// newStatement tells how the files came to be. Sums are their digests by name.
func newStatement(m *metadata, r *Recipe, sums map[string]string) statement {
	s := statement{Type: statementType, PredicateType: predicateType}
	for name, sum := range sums {
		s.Subject = append(s.Subject, resource{Name: name, Digest: digestSet(sum)})
	}
	slices.SortFunc(s.Subject, func(a, b resource) int { return cmp.Compare(a.Name, b.Name) })
	d := &s.Predicate.BuildDefinition
	d.BuildType = buildType
	d.ExternalParameters = externalParameters{m.Language, resource{Name: "recipe", Digest: digestSet(r.Digest())}}
	d.InternalParameters = internalParameters{m.Tools, m.flags}
	for i, source := range m.Sources {
		d.ResolvedDependencies = append(d.ResolvedDependencies, resource{m.archives[i].file, m.archives[i].uri, digestSet(source.Digest)})
	}
	for _, f := range r.Files {
		d.ResolvedDependencies = append(d.ResolvedDependencies, resource{Name: "recipes/" + f.Path, Digest: digestSet(f.Digest)})
	}
	s.Predicate.RunDetails.Builder.ID = builderID
	return s
}

func digestSet(sum string) map[string]string {
	algorithm, hex, _ := strings.Cut(sum, ":")
	return map[string]string{algorithm: hex}
}

// subjects reads which files a provenance is about, with their digests. As the specification wants it, fields that are
// not known are none of its business.
func subjects(raw []byte) (map[string]string, error) {
	var s statement
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.Type != statementType || s.PredicateType != predicateType {
		return nil, errors.New("not an in-toto statement with SLSA provenance")
	}
	if len(s.Subject) > maxList {
		return nil, fmt.Errorf("more than %d subjects", maxList)
	}
	sums := map[string]string{}
	for _, r := range s.Subject {
		sum := "sha256:" + r.Digest["sha256"]
		if _, twice := sums[r.Name]; twice || !digestForm().MatchString(sum) {
			return nil, fmt.Errorf("subject %q: named twice, or without a SHA-256 digest", r.Name)
		}
		sums[r.Name] = sum
	}
	return sums, nil
}
