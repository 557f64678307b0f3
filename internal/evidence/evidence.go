// Package evidence is what sign makes, registry keeps and verify reads: signatures and attestations in the forms in
// which they lie beside an artifact. It knows the names of the formats and nothing of cryptography or registries.
package evidence

import (
	"github.com/opencontainers/go-digest"
)

// Form says how a piece of evidence is stored.
type Form string

const (
	// SimpleSigning is a layer of the manifest that the tag sha256-….sig names: a payload in the simple signing format,
	// its signature in an annotation.
	// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
	SimpleSigning Form = "sig"
	// Envelope is a layer of the manifest that the tag sha256-….att names: a DSSE envelope around an in-toto statement.
	Envelope Form = "att"
	// Bundle is the only layer of a referrer in the sense of OCI 1.1: a Sigstore bundle of version 0.3.
	// https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
	Bundle Form = "bundle"
)

// The media types of the content of each form.
const (
	MediaTypeSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
	MediaTypeEnvelope      = "application/vnd.dsse.envelope.v1+json"
	MediaTypeBundle        = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// The annotations of a layer of [SimpleSigning] and [Envelope].
const (
	AnnotationSignature   = "dev.cosignproject.cosign/signature" // base64; empty for an envelope
	AnnotationCertificate = "dev.sigstore.cosign/certificate"    // PEM
	AnnotationChain       = "dev.sigstore.cosign/chain"          // PEM
	AnnotationLogEntry    = "dev.sigstore.cosign/bundle"         // JSON: Rekor's entry and promise
	AnnotationTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
	AnnotationPredicate   = "predicateType"
)

// The annotations of the manifest of a [Bundle].
const (
	AnnotationBundleContent   = "dev.sigstore.bundle.content" // ContentEnvelope or ContentMessage
	AnnotationBundlePredicate = "dev.sigstore.bundle.predicateType"

	ContentEnvelope = "dsse-envelope"
	ContentMessage  = "message-signature"
)

// PredicateSignature is the predicate type of a statement that is a signature of its subject and says nothing more.
const PredicateSignature = "https://sigstore.dev/cosign/sign/v1"

// MaxContent bounds one piece of evidence, in bytes. A larger one is skipped before it is fetched.
const MaxContent = 4 << 20

// Piece is one signature or attestation.
type Piece struct {
	Form      Form
	MediaType string
	Content   []byte
	// Annotations are those of the layer; those of the manifest for a [Bundle].
	Annotations map[string]string
	// Manifest is where the piece was found; empty for one that was just made.
	Manifest digest.Digest
}
