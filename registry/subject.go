package registry

import (
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Subject is an artifact in a target, about which something is said: by a
// signature, an attestation or any other referrer.
type Subject struct {
	Target     Target
	Descriptor ocispec.Descriptor
	// Name is what comes before the tags that lie beside the artifact:
	// "host/repository:" in the local store, where names are whole references
	// (see [Ref.StorePrefix]), and empty elsewhere.
	Name string
}

// StorePrefix is the [Subject.Name] of a reference in the local store.
func (r Ref) StorePrefix() string { return r.Host + "/" + r.Repository + ":" }

// The ends of the tags of cosign's scheme. The tag without any is the one by
// which the distribution specification lists referrers where a registry does not.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
const (
	suffixSignatures   = ".sig"
	suffixAttestations = ".att"
	suffixSBOM         = ".sbom"
	suffixReferrers    = ""
)

func cosignSuffixes() []string { return []string{suffixSignatures, suffixAttestations, suffixSBOM} }

// evidenceTag is the tag beside an artifact with this suffix.
func evidenceTag(sum digest.Digest, suffix string) string {
	return sum.Algorithm().String() + "-" + sum.Encoded() + suffix
}

func (s Subject) tag(suffix string) string { return s.Name + evidenceTag(s.Descriptor.Digest, suffix) }

// EvidenceName recognizes names of the local store or of a layout under which no
// artifact lies but what is said about one: a tag of cosign's scheme or the list
// of its referrers. It returns what comes before that tag, and the digest of the
// artifact.
func EvidenceName(name string) (prefix string, subject digest.Digest, ok bool) {
	tag := name
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		prefix, tag = name[:i+1], name[i+1:]
	}
	algorithm, rest, _ := strings.Cut(tag, "-")
	encoded, suffix, found := strings.Cut(rest, ".")
	if found && suffix != "sig" && suffix != "att" && suffix != "sbom" {
		return "", "", false
	}
	sum := digest.NewDigestFromEncoded(digest.Algorithm(algorithm), encoded)
	if sum.Validate() != nil {
		return "", "", false
	}
	return prefix, sum, true
}
