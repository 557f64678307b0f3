package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// requirements are the conditions of the annotation wpk.dev/require, which a cluster leaves alone.
type requirements struct {
	Smoke            *smokeRequired  `yaml:"smoke"`
	Imports          *importsAllowed `yaml:"imports"`
	MaxAge           string          `yaml:"maxAge"`
	MinVersion       string          `yaml:"minVersion"`
	InsecureTrustTag bool            `yaml:"insecureTrustTag"`
	Repository       []string        `yaml:"repository"`
	SourceRepository []string        `yaml:"sourceRepository"`
	Builder          []string        `yaml:"builder"`

	maxAge       time.Duration    // of MaxAge
	minVersion   string           // of MinVersion, in the form of x/mod/semver
	repositories []repositoryGlob // of Repository
}

// smokeRequired are the runs that a test-result attestation must tell of.
type smokeRequired struct {
	Architectures []string `yaml:"architectures"`
	Engines       []string `yaml:"engines"`
}

// importsAllowed are all that a module may import: a capability as wpk inspect names it, or an import by its name, in
// which * stands for anything.
type importsAllowed struct {
	Capabilities []string `yaml:"capabilities"`
	Names        []string `yaml:"names"`
}

// sameRepository stands for the repository that the artifact is taken from.
const sameRepository = "same"

type repositoryGlob struct {
	text string
	glob glob // nil for sameRepository
}

// requirements reads the annotation; nil when there is none.
func (s scope) requirements(annotations map[string]string, text *text) (*requirements, error) {
	value, ok := annotations[annotationRequire]
	if !ok {
		return nil, nil
	}
	const path = "metadata.annotations." + annotationRequire
	var r requirements
	s, err := text.decode(s, path, value, &r)
	if err != nil {
		return nil, err
	}
	if r.Smoke != nil && len(r.Smoke.Architectures) == 0 {
		return nil, s.errorf("smoke.architectures", "is missing")
	}
	if r.MaxAge != "" {
		if r.maxAge, err = parseAge(r.MaxAge); err != nil {
			return nil, s.errorf("maxAge", "%v", err)
		}
	}
	if r.MinVersion != "" {
		if r.minVersion = parseVersion(r.MinVersion); r.minVersion == "" {
			return nil, s.errorf("minVersion", "%q is no version of the form 1.2.3 (https://semver.org)", r.MinVersion)
		}
	}
	if r.InsecureTrustTag && r.MinVersion == "" {
		return nil, s.errorf("insecureTrustTag", "is for minVersion, which is missing")
	}
	for i, name := range r.Repository {
		g, ok := parseGlob(canonical(name))
		if name == sameRepository {
			g = nil
		}
		if !ok || strings.ContainsAny(name, "@") {
			return nil, s.errorf(fmt.Sprintf("repository[%d]", i), "want host/repository, without tag or digest, not %q", name)
		}
		r.repositories = append(r.repositories, repositoryGlob{name, g})
	}
	return &r, s.someSet(r)
}

// someSet refuses lists that are there and empty, which would allow nothing or everything.
func (s scope) someSet(r requirements) error {
	for name, list := range map[string][]string{"repository": r.Repository, "sourceRepository": r.SourceRepository, "builder": r.Builder} {
		for i, item := range list {
			if item == "" {
				return s.errorf(fmt.Sprintf("%s[%d]", name, i), "is empty")
			}
		}
		if list != nil && len(list) == 0 {
			return s.errorf(name, "is empty")
		}
	}
	return nil
}

// parseAge reads 36h, 90d or 12w.
func parseAge(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	if s != "" {
		unit := map[byte]time.Duration{'h': time.Hour, 'd': day, 'w': 7 * day}[s[len(s)-1]]
		n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
		if err == nil && n > 0 && unit > 0 {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("%q is no age: want a number of hours, days or weeks, as 36h, 90d or 12w", s)
}

// parseVersion returns a semantic version in the form of x/mod/semver, "" for anything else. All three numbers must be
// there: what "2" is below or above is not clear.
func parseVersion(s string) string {
	v := "v" + strings.TrimPrefix(s, "v")
	core, _, _ := strings.Cut(v, "+")
	core, _, _ = strings.Cut(core, "-")
	if !semver.IsValid(v) || strings.Count(core, ".") != 2 {
		return ""
	}
	return v
}

// fits tells whether a name is one of those listed, in which * stands for anything.
func fits(name string, list []string) bool {
	for _, pattern := range list {
		if matchAny(pattern, name) {
			return true
		}
	}
	return false
}

// matchAny is a pattern with * for any characters; its time is the product of both lengths.
func matchAny(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
