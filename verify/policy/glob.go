package policy

import (
	"strings"
)

// maxGlob bounds a pattern, for which the time to match grows with its length and that of the name.
const maxGlob = 1024

// glob is a pattern of names as policy-controller has it: "*" stands for any characters but "/", "**" for any at all,
// everything else for itself, and the whole name must match.
type glob []string // the parts: "*", "**", or text

// parseGlob reads a pattern. ok is false when a character is in it that policy-controller refuses.
func parseGlob(s string) (g glob, ok bool) {
	if s == "" || len(s) > maxGlob {
		return nil, false
	}
	switch s { // policy-controller takes these two for names on Docker Hub
	case "*":
		s = dockerHub + "/library/*"
	case "*/*":
		s = dockerHub + "/*/*"
	}
	for s != "" {
		switch i := strings.IndexByte(s, '*'); {
		case strings.HasPrefix(s, "**"):
			g, s = append(g, "**"), s[2:]
		case i == 0:
			g, s = append(g, "*"), s[1:]
		case i < 0:
			g, s = append(g, s), ""
		default:
			g, s = append(g, s[:i]), s[i:]
		}
	}
	for _, part := range g {
		if strings.ContainsFunc(part, func(r rune) bool { return !globRune(r) }) {
			return nil, false
		}
	}
	return g, true
}

func globRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_:/*.@", r)
}

// match tells whether the whole of s fits. Its time is at most the product of both lengths: at[i] says that the parts
// so far can end before s[i].
func (g glob) match(s string) bool {
	at := make([]bool, len(s)+1)
	at[0] = true
	for _, part := range g {
		next := make([]bool, len(s)+1)
		switch part {
		case "*", "**":
			open := false
			for i := range next {
				if i > 0 && s[i-1] == '/' && part == "*" {
					open = false
				}
				open = open || at[i]
				next[i] = open
			}
		default:
			for i := 0; i+len(part) <= len(s); i++ {
				if at[i] && s[i:i+len(part)] == part {
					next[i+len(part)] = true
				}
			}
		}
		at = next
	}
	return at[len(s)]
}

// dockerHub is the host of images without one, in the form in which policy-controller compares it.
const dockerHub = "index.docker.io"

// image is an artifact's name as policies see it.
type image struct {
	tagged string // host/repository:tag, empty without a tag
	pinned string // host/repository@digest: what a cluster compares
}

// newImage names an artifact in a repository.
func newImage(repository, tag, digest string) image {
	repository = canonical(repository)
	i := image{pinned: repository + "@" + digest}
	if tag != "" {
		i.tagged = repository + ":" + tag
	}
	return i
}

// canonical writes Docker Hub's host as policy-controller does.
func canonical(repository string) string {
	if rest, ok := strings.CutPrefix(repository, "docker.io/"); ok {
		return dockerHub + "/" + rest
	}
	return repository
}
