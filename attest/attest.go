// Package attest makes in-toto statements of facts: how an artifact was built (SLSA provenance), what is inside (SPDX
// and CycloneDX), and on which architectures it ran (test result). It also reads provenance again.
//
// All of it is pure: the same facts give the same bytes, in any folder, on any day. It signs nothing and prints nothing.
package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/build"
)

// StatementType is the type of every statement: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md
const StatementType = "https://in-toto.io/Statement/v1"

// The types of the predicates that this package makes.
const (
	PredicateProvenance = "https://slsa.dev/provenance/v1"                  // https://slsa.dev/spec/v1.0/provenance
	PredicateSPDX       = "https://spdx.dev/Document"                       // https://spdx.github.io/spdx-spec/v2.3/
	PredicateCycloneDX  = "https://cyclonedx.org/bom"                       // https://cyclonedx.org/docs/1.6/json/
	PredicateTestResult = "https://in-toto.io/attestation/test-result/v0.1" // https://github.com/in-toto/attestation/blob/v1.1.0/spec/predicates/test-result.md
)

// ErrSubject is a subject whose digest is none.
var ErrSubject = errors.New("not a SHA-256 digest")

// Subject is what a statement is about.
type Subject struct {
	Name   string // the repository, as "host/repository"; may be empty
	Digest string // "sha256:…", of a manifest or an index
}

// Build is all that is known of how an artifact came to be.
type Build struct {
	Subject Subject
	Module  Module
	Facts   build.Facts
	Recipe  Recipe
	Builder Builder
	// Time is what the documents say that they were made at. It is part of them, so it must not be the present: the
	// time of the sources' commit does.
	Time time.Time
}

// Module is the WebAssembly module in the artifact.
type Module struct {
	Digest string // "sha256:…"
	Size   int64
}

// Recipe is what a person has asked for, enough to do it again.
type Recipe struct {
	Command          string              `json:"command"`                    // wpk's verb: "build" or "pack"
	WorkingDirectory string              `json:"workingDirectory,omitempty"` // where wpk ran, below the repository; "" = at its top
	Operand          string              `json:"operand,omitempty"`          // the project or file, relative to WorkingDirectory
	Options          map[string][]string `json:"options,omitempty"`          // the flags by their names, with all of their values
	SourceDateEpoch  string              `json:"sourceDateEpoch,omitempty"`  // SOURCE_DATE_EPOCH, when it was set
}

// Builder is who built.
type Builder struct {
	ID         string // a URI of who is trusted with the build, see https://slsa.dev/spec/v1.0/provenance#builder.id
	Version    string // wpk's
	Platform   string // the machine's, as "linux/amd64"
	Invocation string // a URI of the CI run; may be empty
}

// resource is a ResourceDescriptor:
// https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/resource_descriptor.md
type resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	MediaType   string            `json:"mediaType,omitempty"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

type statement struct {
	Type          string          `json:"_type"`
	Subject       []resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Statement puts a predicate, which is any JSON object, into a statement about a subject.
func Statement(s Subject, predicateType string, predicate []byte) ([]byte, error) {
	set, err := digestSet(s.Digest)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(predicate, &object); err != nil {
		return nil, fmt.Errorf("the predicate is %w: %w", ErrPredicate, err)
	}
	if object == nil {
		return nil, fmt.Errorf("the predicate is %w", ErrPredicate)
	}
	return marshal(statement{StatementType, []resource{{Name: s.Name, Digest: set}}, predicateType, predicate})
}

// digestSet is a digest as statements have it.
func digestSet(s string) (map[string]string, error) {
	d, err := digest.Parse(s)
	if err != nil || d.Algorithm() != digest.SHA256 {
		return nil, fmt.Errorf("%q: %w", s, ErrSubject)
	}
	return map[string]string{"sha256": d.Encoded()}, nil
}

// marshal is compact JSON that leaves "<" and "&" as they are: fields in the order of the type, maps sorted.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// programName is what the artifact is called in documents.
func (b *Build) programName() string {
	name := b.Facts.Name
	if name == "" {
		name = b.Subject.Name[strings.LastIndexByte(b.Subject.Name, '/')+1:]
	}
	if name == "" {
		name = "module"
	}
	return name
}

// purl is the artifact's package URL:
// https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
func (b *Build) purl() string {
	name := b.Subject.Name[strings.LastIndexByte(b.Subject.Name, '/')+1:]
	if name == "" {
		name = b.programName()
	}
	purl := "pkg:oci/" + strings.ToLower(name) + "@" + strings.Replace(b.Subject.Digest, ":", "%3A", 1)
	if b.Subject.Name != "" {
		purl += "?repository_url=" + strings.ReplaceAll(b.Subject.Name, "/", "%2F")
	}
	return purl
}

// created is Time as the documents write it.
func (b *Build) created() string { return b.Time.UTC().Format("2006-01-02T15:04:05Z") }
