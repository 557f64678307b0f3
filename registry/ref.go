package registry

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

// Transport says what kind of place a reference names.
type Transport uint8

const (
	// Remote is a repository in a registry: host/repository:tag.
	Remote Transport = iota
	// Layout is an OCI layout folder: oci:DIR:tag.
	Layout
	// Archive is an OCI layout in a tar file: oci-archive:FILE:tag.
	Archive
)

const (
	layoutPrefix  = "oci:"
	archivePrefix = "oci-archive:"

	// DefaultTag is what a reference without tag and digest means.
	DefaultTag = "latest"

	dockerHub        = "docker.io"
	dockerHubLegacy  = "index.docker.io"
	dockerHubLibrary = "library/"
)

// Ref is a parsed reference. Use [ParseRef] to make one: its values have been
// checked, and String gives back a reference that parses to the same Ref.
type Ref struct {
	Transport Transport
	// Host and Repository are set for Remote only. Host is in lower case and
	// may carry a port.
	Host, Repository string
	// Tag may be empty when Digest is set, and for Layout and Archive.
	Tag string
	// Digest, when set, is the only thing that is looked up; a Tag beside it is
	// for human readers, as in every other container tool.
	Digest digest.Digest
	// Path is the folder of a Layout or the file of an Archive.
	Path string
}

// RefError says what is wrong with a reference, and where.
type RefError struct {
	// Input is the reference as it was given.
	Input string
	// Offset is the position in Input, in bytes, where the wrong part begins.
	Offset int
	// Reason is the cause in words, with the offending part quoted.
	Reason string
}

// Error implements error.
func (e *RefError) Error() string {
	if e.Offset == 0 {
		return fmt.Sprintf("reference %s: %s", quoteBounded(e.Input), e.Reason)
	}
	return fmt.Sprintf("reference %s, at character %d: %s", quoteBounded(e.Input), e.Offset+1, e.Reason)
}

// String returns the full form: Docker Hub's host and library/ are spelled out,
// and so is the tag latest. It is the name under which the local store keeps an
// artifact.
func (r Ref) String() string {
	var b strings.Builder
	switch r.Transport {
	case Layout:
		b.WriteString(layoutPrefix + r.Path)
	case Archive:
		b.WriteString(archivePrefix + r.Path)
	default:
		b.WriteString(r.Host + "/" + r.Repository)
	}
	if r.Tag != "" {
		b.WriteString(":" + r.Tag)
	}
	if r.Digest != "" {
		b.WriteString("@" + r.Digest.String())
	}
	return b.String()
}

// Reference returns what a Target from [Open] resolves: the digest when there
// is one, else the tag. It is empty for a layout or archive without tag, which
// then must hold exactly one artifact or one called latest.
func (r Ref) Reference() string {
	if r.Digest != "" {
		return r.Digest.String()
	}
	return r.Tag
}

// IsLoopback reports whether a remote reference names this very machine. Only
// then is plain HTTP spoken without being asked for.
func (r Ref) IsLoopback() bool {
	return r.Transport == Remote && isLoopbackHost(r.Host)
}

// quoteBounded quotes foreign text for a message without letting it flood one.
func quoteBounded(s string) string {
	const limit = 200
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.Quote(s)
}
