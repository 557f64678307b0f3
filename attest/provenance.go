package attest

import (
	"strings"

	"github.com/wpkdev/wpk/build"
)

// BuildType names what the parameters in a provenance of wpk mean; docs/attest.md explains them.
const BuildType = "https://github.com/wpkdev/wpk/blob/main/docs/attest.md#build-type-v1"

// provenance is SLSA's predicate: https://slsa.dev/spec/v1.0/provenance
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

// externalParameters are what a person or a pipeline chose.
type externalParameters struct {
	Recipe
	Source *source `json:"source,omitempty"` // absent when the sources have no revision
}

// source is where the sources come from, without what was changed since.
type source struct {
	URI    string            `json:"uri,omitempty"` // "git+https://…"; absent for a repository without a public name
	Digest map[string]string `json:"digest"`
	Folder string            `json:"folder,omitempty"` // the project's, below the repository's
}

// internalParameters are what shaped the result beside.
type internalParameters struct {
	Language     string   `json:"language,omitempty"`
	Target       string   `json:"target,omitempty"`
	Tools        []tool   `json:"tools,omitempty"`
	Flags        []string `json:"flags,omitempty"`
	Env          []string `json:"env,omitempty"`
	Platform     string   `json:"platform,omitempty"`
	Dirty        bool     `json:"dirty"`        // the sources were not what the revision has
	Reproducible bool     `json:"reproducible"` // nothing is known that would make another build differ
	Varies       []string `json:"varies,omitempty"`
	Unknown      []string `json:"unknown,omitempty"`
}

type tool struct {
	Name    string            `json:"name"`
	Version string            `json:"version,omitempty"`
	Digest  map[string]string `json:"digest,omitempty"`
}

type runDetails struct {
	Builder    builder    `json:"builder"`
	Metadata   *metadata  `json:"metadata,omitempty"`
	Byproducts []resource `json:"byproducts,omitempty"`
}

type builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version,omitempty"`
}

// metadata has no times: a build that is done again is the same statement.
type metadata struct {
	InvocationID string `json:"invocationId,omitempty"`
}

// Provenance is the statement that tells how an artifact was built, in the form of SLSA 1.0.
func Provenance(b Build) ([]byte, error) {
	module, err := digestSet(b.Module.Digest)
	if err != nil {
		return nil, err
	}
	f := &b.Facts
	p := provenance{
		BuildDefinition: buildDefinition{
			BuildType:          BuildType,
			ExternalParameters: externalParameters{Recipe: b.Recipe, Source: sourceOf(f.Source)},
			InternalParameters: internalParameters{
				Language: f.Language, Target: f.Target, Flags: f.Flags, Env: f.Env, Platform: b.Builder.Platform,
				Dirty: f.Source.Dirty, Reproducible: len(f.Varies) == 0, Varies: f.Varies, Unknown: f.Unknown,
			},
			ResolvedDependencies: resolved(f),
		},
		RunDetails: runDetails{
			Builder: builder{ID: b.Builder.ID, Version: map[string]string{"wpk": b.Builder.Version}},
			Byproducts: []resource{{
				Name: b.programName() + ".wasm", MediaType: "application/wasm", Digest: module, Annotations: map[string]any{"size": b.Module.Size},
			}},
		},
	}
	for _, t := range f.Tools {
		p.BuildDefinition.InternalParameters.Tools = append(p.BuildDefinition.InternalParameters.Tools, tool{t.Name, t.Version, splitDigest(t.Digest)})
	}
	if b.Builder.Invocation != "" {
		p.RunDetails.Metadata = &metadata{b.Builder.Invocation}
	}
	raw, err := marshal(p)
	if err != nil {
		return nil, err
	}
	return Statement(b.Subject, PredicateProvenance, raw)
}

func sourceOf(s build.Source) *source {
	if s.Revision == "" {
		return nil
	}
	found := &source{Digest: map[string]string{"gitCommit": s.Revision}, Folder: s.Folder}
	if s.URL != "" {
		found.URI = "git+" + s.URL
	}
	return found
}

// resolved are what went into the build: the source first, then tools, then what is linked.
func resolved(f *build.Facts) []resource {
	all := []resource{}
	if s := sourceOf(f.Source); s != nil {
		all = append(all, resource{Name: "source", URI: s.URI, Digest: s.Digest})
	}
	for _, t := range f.Tools {
		if d := splitDigest(t.Digest); d != nil {
			r := resource{Name: t.Name, Digest: d, Annotations: map[string]any{"kind": "tool"}}
			if t.Version != "" {
				r.Annotations["version"] = t.Version
			}
			all = append(all, r)
		}
	}
	for _, d := range f.Dependencies {
		r := resource{Name: d.Name, URI: d.PURL, Digest: digestsOf(d), Annotations: map[string]any{"kind": string(d.Kind)}}
		for key, value := range map[string]string{"relation": string(d.Relation), "note": d.Note} {
			if value != "" {
				r.Annotations[key] = value
			}
		}
		all = append(all, r)
	}
	return all
}

// splitDigest is the digest of a program, nil when it is not known.
func splitDigest(s string) map[string]string {
	if algorithm, value, ok := strings.Cut(s, ":"); ok {
		return map[string]string{algorithm: value}
	}
	return nil
}

// digestsOf are a dependency's digests by the names of
// https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/digest_set.md
func digestsOf(d build.Dependency) map[string]string {
	set := map[string]string{}
	for name, value := range map[string]string{"sha256": d.SHA256, "sha512": d.SHA512, "dirHash": d.DirHash} {
		if value != "" {
			set[name] = value
		}
	}
	if len(set) == 0 {
		return nil
	}
	return set
}
