package sign

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wpkdev/wpk/internal/evidence"
)

// signed is one signature with what vouches for it.
type signed struct {
	bundle *protobundle.Bundle
	cert   *certificate // nil for a key
}

// bundle signs a statement and wraps it.
func (s *Signer) bundle(ctx context.Context, statement []byte, predicate string) (evidence.Piece, error) {
	made, err := s.sign(ctx, dsse(statement))
	if err != nil {
		return evidence.Piece{}, err
	}
	return bundlePiece(made, predicate)
}

func bundlePiece(made signed, predicate string) (evidence.Piece, error) {
	raw, err := protojson.Marshal(made.bundle)
	if err != nil {
		return evidence.Piece{}, err
	}
	// protojson puts in spaces at random, on purpose: the same bundle shall be the same bytes.
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return evidence.Piece{}, err
	}
	return evidence.Piece{
		Form: evidence.Bundle, MediaType: evidence.MediaTypeBundle, Content: compact.Bytes(),
		Annotations: map[string]string{
			evidence.AnnotationBundleContent:   evidence.ContentEnvelope,
			evidence.AnnotationBundlePredicate: predicate,
		},
	}, nil
}

// simpleSigning makes the layer of a .sig manifest.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
func (s *Signer) simpleSigning(ctx context.Context, subject Subject) (evidence.Piece, error) {
	payload, err := simplePayload(subject)
	if err != nil {
		return evidence.Piece{}, err
	}
	made, err := s.sign(ctx, &sgsign.PlainData{Data: payload})
	if err != nil {
		return evidence.Piece{}, err
	}
	annotations, err := made.annotations()
	if err != nil {
		return evidence.Piece{}, err
	}
	annotations[evidence.AnnotationSignature] = base64.StdEncoding.EncodeToString(made.bundle.GetMessageSignature().GetSignature())
	// There is place for one.
	if all := made.bundle.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps(); len(all) > 0 {
		if annotations[evidence.AnnotationTimestamp], err = timestampJSON(all[0].GetSignedTimestamp()); err != nil {
			return evidence.Piece{}, err
		}
	}
	return evidence.Piece{
		Form: evidence.SimpleSigning, MediaType: evidence.MediaTypeSimpleSigning, Content: payload, Annotations: annotations,
	}, nil
}

// envelopePiece makes the layer of an .att manifest. Its bytes are those whose digest the log has. A timestamp is of
// the whole envelope, other than in a bundle, where it is of the signature.
func (s *Signer) envelopePiece(ctx context.Context, made signed, predicate string) (evidence.Piece, error) {
	envelope, err := json.Marshal(made.bundle.GetDsseEnvelope())
	if err != nil {
		return evidence.Piece{}, err
	}
	annotations, err := made.annotations()
	if err != nil {
		return evidence.Piece{}, err
	}
	annotations[evidence.AnnotationSignature] = ""
	annotations[evidence.AnnotationPredicate] = predicate
	if len(s.o.Services.Timestamps) > 0 {
		token, err := s.timestamp(ctx, envelope)
		if err != nil {
			return evidence.Piece{}, err
		}
		if annotations[evidence.AnnotationTimestamp], err = timestampJSON(token); err != nil {
			return evidence.Piece{}, err
		}
	}
	return evidence.Piece{
		Form: evidence.Envelope, MediaType: evidence.MediaTypeEnvelope, Content: envelope, Annotations: annotations,
	}, nil
}

// annotations are those of a legacy layer: the certificate and the log's entry.
func (m signed) annotations() (map[string]string, error) {
	a := map[string]string{}
	if m.cert != nil {
		a[evidence.AnnotationCertificate] = certificatePEM(m.cert.leaf)
		if chain := certificatePEM(m.cert.chain...); chain != "" {
			a[evidence.AnnotationChain] = chain
		}
	}
	for _, entry := range m.bundle.GetVerificationMaterial().GetTlogEntries() {
		if entry.GetInclusionPromise() == nil { // Rekor v2 makes none
			continue
		}
		raw, err := logEntryJSON(entry)
		if err != nil {
			return nil, err
		}
		a[evidence.AnnotationLogEntry] = raw
		break // there is place for one
	}
	return a, nil
}

// logEntryJSON is an entry of Rekor v1 with its promise of inclusion, as cosign writes it.
func logEntryJSON(e *protorekor.TransparencyLogEntry) (string, error) {
	type payload struct {
		Body           string `json:"body"`
		IntegratedTime int64  `json:"integratedTime"`
		LogIndex       int64  `json:"logIndex"`
		LogID          string `json:"logID"`
	}
	raw, err := json.Marshal(struct {
		SignedEntryTimestamp []byte
		Payload              payload
	}{
		e.GetInclusionPromise().GetSignedEntryTimestamp(),
		payload{
			base64.StdEncoding.EncodeToString(e.GetCanonicalizedBody()),
			e.GetIntegratedTime(), e.GetLogIndex(), hex.EncodeToString(e.GetLogId().GetKeyId()),
		},
	})
	return string(raw), err
}

func timestampJSON(token []byte) (string, error) {
	raw, err := json.Marshal(struct{ SignedRFC3161Timestamp []byte }{token})
	return string(raw), err
}

func certificatePEM(ders ...[]byte) string {
	var b bytes.Buffer
	for _, der := range ders {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	return b.String()
}
