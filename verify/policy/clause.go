package policy

import (
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// The two modes of a policy.
const (
	modeEnforce = "enforce"
	modeWarn    = "warn"
)

// clause is one ClusterImagePolicy that was checked.
type clause struct {
	scope       scope
	name        string
	line        int
	mode        string
	images      []imageGlob
	authorities []*signers
	condition   *condition // over what the authorities found; may be nil
	require     *requirements
}

type imageGlob struct {
	text string
	glob glob
}

func (s scope) clause(o imagePolicy, text *text) (*clause, error) {
	c := &clause{scope: s, name: o.Metadata.Name, line: s.place("").Line, mode: o.Spec.Mode}
	if c.name == "" {
		return nil, s.errorf("metadata.name", "is missing")
	}
	if c.mode == "" {
		c.mode = modeEnforce
	}
	if err := s.oneOf("spec.mode", c.mode, modeEnforce, modeWarn); err != nil {
		return nil, err
	}
	if err := s.images(c, o.Spec.Images); err != nil {
		return nil, err
	}
	if len(o.Spec.Match) > 0 {
		s.warnf("spec.match", "selects objects of a cluster; wpk has none, and applies the policy to every image that it is for")
	}
	if len(o.Spec.Authorities) == 0 {
		return nil, s.errorf("spec.authorities", "is missing: nobody could sign; to let images pass unsigned write static: {action: pass}")
	}
	for i, a := range o.Spec.Authorities {
		one, err := s.signers(fmt.Sprintf("spec.authorities[%d]", i), i, a, text)
		if err != nil {
			return nil, err
		}
		for _, other := range c.authorities {
			if other.name == one.name {
				return nil, s.errorf(fmt.Sprintf("spec.authorities[%d].name", i), "an authority before has the name %q too", one.name)
			}
		}
		c.authorities = append(c.authorities, one)
	}
	var err error
	if c.condition, err = s.condition("spec.policy", o.Spec.Policy, true, text); err != nil {
		return nil, err
	}
	if err := s.annotations(o.Metadata.Annotations, annotationRequire); err != nil {
		return nil, err
	}
	c.require, err = s.requirements(o.Metadata.Annotations, text)
	return c, err
}

func (s scope) images(c *clause, images []imagePattern) error {
	if len(images) == 0 {
		return s.errorf("spec.images", "is missing: want a list of glob: PATTERN")
	}
	for i, image := range images {
		path := fmt.Sprintf("spec.images[%d].glob", i)
		g, ok := parseGlob(image.Glob)
		switch {
		case image.Glob == "":
			return s.errorf(path, "is missing")
		case !ok:
			return s.errorf(path, "%q is no pattern: only letters, digits and -_:/.@ may be in it, * for what is between two /, and ** for anything", image.Glob)
		case !strings.HasSuffix(image.Glob, "*") && !strings.Contains(image.Glob, "@"):
			s.warnf(path, "a cluster compares names with a digest, host/repository@sha256:…, which %q never matches; end it with **", image.Glob)
		case image.Glob == "*" || image.Glob == "*/*":
			s.warnf(path, "%q is for Docker Hub's images only; ** is for all", image.Glob)
		}
		c.images = append(c.images, imageGlob{image.Glob, g})
	}
	return nil
}

// annotations refuses one of ours that is misspelt, or stands on the wrong object.
func (s scope) annotations(all map[string]string, known ...string) error {
	for key := range all {
		if !strings.HasPrefix(key, "wpk.dev/") {
			continue
		}
		path := "metadata.annotations." + key
		wrong := s.errorf(path, "unknown annotation")
		wrong.Nearest = strictyaml.Nearest(key, known)
		for _, k := range known {
			if k == key {
				wrong = nil
			}
		}
		if wrong != nil {
			// A dot in a key is no step of a path.
			if p, ok := s.places[path]; ok {
				wrong.Line, wrong.Column = p.Line, p.Column
			}
			return wrong
		}
	}
	return nil
}

// resolve looks up the roots that the authorities name.
func (c *clause) resolve(roots map[string]*rootSource) error {
	var names []string
	for name := range roots {
		names = append(names, name)
	}
	for _, a := range c.authorities {
		for _, r := range []*rootRef{&a.ca, &a.log, &a.timestamp} {
			if r.name == "" {
				continue
			}
			if r.source = roots[r.name]; r.source == nil {
				wrong := c.scope.errorf(r.path, "no %s of this file has the name %q", kindTrustRoot, r.name)
				wrong.Nearest = strictyaml.Nearest(r.name, names)
				return wrong
			}
		}
	}
	return nil
}

// matches tells which of the patterns an image fits, "" for none. pinned is false when a cluster, which knows the
// digest and no tag, would not find so.
func (c *clause) matches(i image) (pattern string, pinned bool) {
	for _, g := range c.images {
		if g.glob.match(i.pinned) {
			return g.text, true
		}
	}
	for _, g := range c.images {
		if i.tagged != "" && g.glob.match(i.tagged) {
			return g.text, false
		}
	}
	return "", false
}
