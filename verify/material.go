package verify

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/wpkdev/wpk/internal/evidence"
)

// mediaTypeBundle01 is the version of a bundle whose log entries have a promise of inclusion instead of a proof, as
// annotations have them.
const mediaTypeBundle01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"

// maxAnnotation bounds what is decoded of one annotation; manifests are bounded by whoever reads them.
const maxAnnotation = 1 << 20

// readMaterial reads the annotations of a layer: a certificate, an entry of a log, a timestamp. All of them are
// optional. The chain is not read: only certificate authorities of the trusted root are believed, and it has theirs.
func readMaterial(annotations map[string]string) (*protobundle.VerificationMaterial, error) {
	for _, name := range []string{evidence.AnnotationCertificate, evidence.AnnotationLogEntry, evidence.AnnotationTimestamp} {
		if len(annotations[name]) > maxAnnotation {
			return nil, fmt.Errorf("annotation %s is larger than %d bytes", name, maxAnnotation)
		}
	}
	m := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{
		PublicKey: &protocommon.PublicKeyIdentifier{},
	}}
	if text := annotations[evidence.AnnotationCertificate]; text != "" {
		block, _ := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("annotation %s is no certificate in PEM", evidence.AnnotationCertificate)
		}
		m.Content = &protobundle.VerificationMaterial_X509CertificateChain{
			X509CertificateChain: &protocommon.X509CertificateChain{
				Certificates: []*protocommon.X509Certificate{{RawBytes: block.Bytes}},
			},
		}
	}
	if text := annotations[evidence.AnnotationLogEntry]; text != "" {
		entry, err := readLogEntry(text)
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", evidence.AnnotationLogEntry, err)
		}
		m.TlogEntries = []*protorekor.TransparencyLogEntry{entry}
	}
	if text := annotations[evidence.AnnotationTimestamp]; text != "" && text != "null" {
		var t struct {
			SignedRFC3161Timestamp []byte
		}
		if err := json.Unmarshal([]byte(text), &t); err != nil {
			return nil, fmt.Errorf("annotation %s: %w", evidence.AnnotationTimestamp, err)
		}
		m.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: t.SignedRFC3161Timestamp}},
		}
	}
	return m, nil
}

// readLogEntry reads what Rekor v1 has answered, with its promise to include the entry.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#properties
func readLogEntry(text string) (*protorekor.TransparencyLogEntry, error) {
	var e struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           string `json:"body"`
			IntegratedTime int64  `json:"integratedTime"`
			LogIndex       int64  `json:"logIndex"`
			LogID          string `json:"logID"`
		}
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, err
	}
	body, err := base64.StdEncoding.DecodeString(e.Payload.Body)
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := json.Unmarshal(body, &kind); err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	log, err := hex.DecodeString(e.Payload.LogID)
	if err != nil {
		return nil, fmt.Errorf("the log's ID: %w", err)
	}
	if len(e.SignedEntryTimestamp) == 0 {
		return nil, errors.New("the log has not signed it")
	}
	return &protorekor.TransparencyLogEntry{
		LogIndex:          e.Payload.LogIndex,
		LogId:             &protocommon.LogId{KeyId: log},
		KindVersion:       &protorekor.KindVersion{Kind: kind.Kind, Version: kind.Version},
		IntegratedTime:    e.Payload.IntegratedTime,
		InclusionPromise:  &protorekor.InclusionPromise{SignedEntryTimestamp: e.SignedEntryTimestamp},
		CanonicalizedBody: body,
	}, nil
}
