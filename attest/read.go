package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/build"
)

// Limits of what is read of a provenance, which anybody may have written.
const (
	maxStatement = 16 << 20
	maxList      = 10_000
)

// The errors of [ReadProvenance].
var (
	ErrPredicate  = errors.New("not a JSON object")
	ErrStatement  = errors.New("not an in-toto statement with SLSA provenance 1.0")
	ErrBuildType  = errors.New("it was not wpk that has built")
	ErrProvenance = errors.New("not what wpk writes")
)

// Recorded is what a provenance says. The names of files in it lie below the source's repository.
type Recorded struct {
	Subjects []string // digests of what it is about
	Recipe   Recipe
	Source   RecordedSource
	Module   Module
	Builder  Builder
	// Facts have tools, flags, environment, language, target, what varies and what is not known.
	Facts build.Facts
}

// RecordedSource is where to get the sources again.
type RecordedSource struct {
	URL      string // https URL of the git repository; "" = it has no public name
	Revision string // of the commit, hexadecimal; "" = there is none
	Folder   string // of the project below the repository's
	Dirty    bool   // the sources were others than those of the revision
}

// ReadProvenance reads a statement that [Provenance] has made. Whether its signature is good is not its business, so
// everything in it is taken for hostile: paths that leave the sources and URLs that are not https are refused.
func ReadProvenance(raw []byte) (*Recorded, error) {
	if len(raw) > maxStatement {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrStatement, len(raw), maxStatement)
	}
	var s statement
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if s.Type != StatementType || s.PredicateType != PredicateProvenance {
		return nil, ErrStatement
	}
	var p provenance
	if err := json.Unmarshal(s.Predicate, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if p.BuildDefinition.BuildType != BuildType {
		return nil, fmt.Errorf("%w: the build type is %q", ErrBuildType, p.BuildDefinition.BuildType)
	}
	r := &Recorded{Recipe: p.BuildDefinition.ExternalParameters.Recipe}
	for _, subject := range s.Subject {
		r.Subjects = append(r.Subjects, "sha256:"+subject.Digest["sha256"])
	}
	r.fill(&p)
	return r, r.check()
}

func (r *Recorded) fill(p *provenance) {
	in := p.BuildDefinition.InternalParameters
	r.Facts = build.Facts{Language: in.Language, Target: in.Target, Flags: in.Flags, Env: in.Env, Varies: in.Varies, Unknown: in.Unknown}
	for _, t := range in.Tools {
		found := build.Tool{Name: t.Name, Version: t.Version}
		if sum := t.Digest["sha256"]; sum != "" {
			found.Digest = "sha256:" + sum
		}
		r.Facts.Tools = append(r.Facts.Tools, found)
	}
	r.Builder = Builder{ID: p.RunDetails.Builder.ID, Version: p.RunDetails.Builder.Version["wpk"], Platform: in.Platform}
	if m := p.RunDetails.Metadata; m != nil {
		r.Builder.Invocation = m.InvocationID
	}
	if s := p.BuildDefinition.ExternalParameters.Source; s != nil {
		r.Source = RecordedSource{URL: strings.TrimPrefix(s.URI, "git+"), Revision: s.Digest["gitCommit"], Folder: s.Folder, Dirty: in.Dirty}
	}
	if len(p.RunDetails.Byproducts) > 0 {
		b := p.RunDetails.Byproducts[0]
		r.Module.Digest = "sha256:" + b.Digest["sha256"]
		if size, ok := b.Annotations["size"].(float64); ok && size >= 0 && size < 1<<40 {
			r.Module.Size = int64(size)
		}
	}
}

// optionName is the form of a flag's name, revisionForm that of a commit by SHA-1 or SHA-256.
var (
	optionName   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`) })
	revisionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`) })
)

func (r *Recorded) check() error {
	if len(r.Subjects) == 0 || len(r.Subjects) > maxList {
		return fmt.Errorf("%w: %d subjects", ErrProvenance, len(r.Subjects))
	}
	for _, d := range append(slices.Clone(r.Subjects), r.Module.Digest) {
		if _, err := digest.Parse(d); err != nil {
			return fmt.Errorf("%w: the digest %q", ErrProvenance, d)
		}
	}
	if r.Recipe.Command != "build" && r.Recipe.Command != "pack" {
		return fmt.Errorf("%w: the command %q", ErrProvenance, r.Recipe.Command)
	}
	count := len(r.Facts.Tools) + len(r.Facts.Flags) + len(r.Facts.Env)
	for name, values := range r.Recipe.Options {
		if count += len(values); !optionName().MatchString(name) {
			return fmt.Errorf("%w: the option %q", ErrProvenance, name)
		}
	}
	if count > maxList {
		return fmt.Errorf("%w: more than %d entries", ErrProvenance, maxList)
	}
	for _, p := range []string{r.Recipe.WorkingDirectory, path.Join(r.Recipe.WorkingDirectory, r.Recipe.Operand), r.Source.Folder} {
		if !localPath(p) {
			return fmt.Errorf("%w: the path %q leaves the sources", ErrProvenance, p)
		}
	}
	return r.Source.check()
}

func (s RecordedSource) check() error {
	if s.Revision != "" && !revisionForm().MatchString(s.Revision) {
		return fmt.Errorf("%w: the revision %q", ErrProvenance, s.Revision)
	}
	if s.URL != "" && !strings.HasPrefix(s.URL, "https://") {
		return fmt.Errorf("%w: the repository %q is not at an https URL", ErrProvenance, s.URL)
	}
	return nil
}

// localPath reports whether a slash-separated path stays where it begins, on every system.
func localPath(p string) bool {
	return p == "" || p == "." || !strings.ContainsAny(p, "\\:\x00") && !path.IsAbs(p) && filepath.IsLocal(filepath.FromSlash(p))
}
