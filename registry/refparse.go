package registry

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

const (
	maxRefLength        = 4096
	maxRepositoryLength = 255
	maxTagLength        = 128
)

// ParseRef reads a reference as people write them:
//
//	host[:port]/repository[:tag][@digest]
//	oci:DIR[:tag][@digest]
//	oci-archive:FILE[:tag][@digest]
//
// A name without host belongs to Docker Hub, as docker has it: alpine is
// docker.io/library/alpine:latest. Every failure is a [*RefError].
//
// The grammar is that of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests.
func ParseRef(s string) (Ref, error) {
	p := refParser{input: s}
	switch {
	case s == "":
		return Ref{}, p.fail(0, "it is empty")
	case len(s) > maxRefLength:
		return Ref{}, p.fail(0, "it has %d characters, at most %d are possible", len(s), maxRefLength)
	case strings.HasPrefix(s, layoutPrefix):
		return p.path(Layout, len(layoutPrefix))
	case strings.HasPrefix(s, archivePrefix):
		return p.path(Archive, len(archivePrefix))
	}
	if i := strings.Index(s, "://"); i >= 0 {
		return Ref{}, p.fail(0, "it is an address with scheme %q, write host/repository:tag", s[:i])
	}
	return p.remote()
}

// refParser carries the input so that every error can name the position.
type refParser struct{ input string }

func (p refParser) fail(offset int, format string, args ...any) error {
	return &RefError{Input: p.input, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// path parses what follows oci: or oci-archive:. A colon makes a tag only after
// the last separator, so C:\images and C:/images keep their drive letter.
func (p refParser) path(transport Transport, start int) (Ref, error) {
	ref := Ref{Transport: transport}
	rest := p.input[start:]
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && isDigestSuffix(rest[i+1:]) {
		d, err := p.digest(start+i+1, rest[i+1:])
		if err != nil {
			return Ref{}, err
		}
		ref.Digest, rest = d, rest[:i]
	}
	name := strings.LastIndexAny(rest, `/\`) + 1
	if i := strings.LastIndexByte(rest[name:], ':'); i >= 0 {
		tag := name + i + 1
		if err := p.tag(start+tag, rest[tag:]); err != nil {
			return Ref{}, err
		}
		ref.Tag, rest = rest[tag:], rest[:tag-1]
	}
	if rest == "" {
		return Ref{}, p.fail(start, "the path is missing")
	}
	if i := strings.IndexByte(rest, 0); i >= 0 {
		return Ref{}, p.fail(start+i, "the path holds a zero byte")
	}
	if strings.Contains(rest[name:], ":") {
		return Ref{}, p.fail(start, "the path %q ends in more than one tag", rest)
	}
	ref.Path = rest
	return ref, nil
}

// isDigestSuffix tells a digest from a path that happens to hold an @.
func isDigestSuffix(s string) bool {
	return strings.Contains(s, ":") && !strings.ContainsAny(s, `/\`)
}

// remote parses [host/]repository[:tag][@digest].
func (p refParser) remote() (Ref, error) {
	var ref Ref
	name, sum, hasDigest := strings.Cut(p.input, "@")
	if hasDigest {
		d, err := p.digest(len(name)+1, sum)
		if err != nil {
			return Ref{}, err
		}
		ref.Digest = d
	}
	slash := strings.LastIndexByte(name, '/')
	if i := strings.LastIndexByte(name[slash+1:], ':'); i >= 0 && !isBareHost(name) {
		tag := slash + 1 + i + 1
		if err := p.tag(tag, name[tag:]); err != nil {
			return Ref{}, err
		}
		ref.Tag, name = name[tag:], name[:tag-1]
	}
	if ref.Tag == "" && !hasDigest {
		ref.Tag = DefaultTag
	}
	host, offset := splitHost(name)
	if err := p.host(host); err != nil {
		return Ref{}, err
	}
	repository := name[offset:]
	if err := p.repository(offset, repository); err != nil {
		return Ref{}, err
	}
	ref.Host, ref.Repository = normalizeHub(strings.ToLower(host), repository)
	if len(ref.Repository) > maxRepositoryLength {
		return Ref{}, p.fail(offset, "the repository has %d characters, at most %d are possible", len(ref.Repository), maxRepositoryLength)
	}
	return ref, nil
}

// splitHost follows docker's rule: the first component is a host when it holds
// a dot or a colon or is localhost. It returns the offset where the repository
// begins.
func splitHost(name string) (host string, offset int) {
	first, _, found := strings.Cut(name, "/")
	if isBareHost(name) {
		return name, len(name)
	}
	if !found {
		return "", 0
	}
	if strings.ContainsAny(first, ".:") || strings.EqualFold(first, "localhost") || first == "" {
		return first, len(first) + 1
	}
	return "", 0
}

// isBareHost recognizes localhost:5000 and 127.0.0.1 without a repository,
// which docker would read as a Docker Hub name that nobody means.
func isBareHost(name string) bool {
	return !strings.Contains(name, "/") && isLoopbackHost(name)
}

// normalizeHub gives Docker Hub names their full form.
func normalizeHub(host, repository string) (string, string) {
	if host == "" || host == dockerHubLegacy {
		host = dockerHub
	}
	if host == dockerHub && !strings.Contains(repository, "/") {
		repository = dockerHubLibrary + repository
	}
	return host, repository
}

// host checks host[:port]; an empty one stands for Docker Hub.
func (p refParser) host(host string) error {
	if strings.HasPrefix(p.input, "/") {
		return p.fail(0, "the host is missing before %q", "/")
	}
	if host == "" {
		return nil
	}
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		port, err := strconv.ParseUint(host[i+1:], 10, 16)
		if err != nil || port == 0 {
			return p.fail(i+1, "%q is not a port", host[i+1:])
		}
		name = host[:i]
	}
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		addr, err := netip.ParseAddr(name[1 : len(name)-1])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return p.fail(0, "%q is not an IPv6 address", name)
		}
		return nil
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return !isHostRune(r) }); i >= 0 {
		return p.fail(i, "%q is not possible in a host name", firstRune(name[i:]))
	}
	if name == "" || strings.Trim(name, ".-") != name || strings.Contains(name, "..") {
		return p.fail(0, "%q is not a host name", name)
	}
	return nil
}

// repository checks the path of components, each in lower case.
func (p refParser) repository(offset int, repository string) error {
	if repository == "" {
		return p.fail(offset, "the repository is missing, write host/repository:tag")
	}
	for component := range strings.SplitSeq(repository, "/") {
		if component == "" {
			return p.fail(offset, "a part of the repository %q is empty", repository)
		}
		if err := p.component(offset, component); err != nil {
			return err
		}
		offset += len(component) + 1
	}
	return nil
}

// component checks one part: letters and digits, separated by ".", "_", "__" or
// any number of "-".
func (p refParser) component(offset int, s string) error {
	for i, r := range s {
		switch {
		case 'A' <= r && r <= 'Z':
			return p.fail(offset+i, "upper case %q in %q: repositories are in lower case", r, s)
		case !isRepositoryRune(r):
			return p.fail(offset+i, "%q is not possible in a repository", r)
		}
	}
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && strings.IndexByte("._-", s[end]) >= 0 {
			end++
		}
		if end == i {
			i++
			continue
		}
		separator := s[i:end]
		legal := separator == "." || separator == "_" || separator == "__" || strings.Trim(separator, "-") == ""
		if i == 0 || end == len(s) || !legal {
			return p.fail(offset+i, "%q cannot stand there in %q", separator, s)
		}
		i = end
	}
	return nil
}

// tag checks a tag: at most 128 of letters, digits, ".", "_" and "-", the first
// one neither "." nor "-".
func (p refParser) tag(offset int, tag string) error {
	if tag == "" {
		return p.fail(offset, "the tag after %q is empty", ":")
	}
	if len(tag) > maxTagLength {
		return p.fail(offset, "the tag has %d characters, at most %d are possible", len(tag), maxTagLength)
	}
	for i, r := range tag {
		if !isTagRune(r) || (i == 0 && (r == '.' || r == '-')) {
			return p.fail(offset+i, "%q cannot stand there in tag %q", r, tag)
		}
	}
	return nil
}

// digest checks algorithm:hex.
func (p refParser) digest(offset int, s string) (digest.Digest, error) {
	d := digest.Digest(s)
	if err := d.Validate(); err != nil {
		return "", p.fail(offset, "%s is not a digest like sha256:… with 64 hexadecimal digits", quoteBounded(s))
	}
	return d, nil
}

func isHostRune(r rune) bool {
	return isTagRune(r) && r != '_'
}

func isRepositoryRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}

func isTagRune(r rune) bool {
	return isRepositoryRune(r) || 'A' <= r && r <= 'Z'
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// isLoopbackHost reports whether host[:port] can only be this machine:
// localhost, 127.0.0.0/8 or ::1. Names are not looked up.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
