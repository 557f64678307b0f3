package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// writeTrust writes the trusted root and the two signing configurations.
func (s *Stack) writeTrust(ctx context.Context, dir string, keys *keys, certificateLogURL string) error {
	since := time.Now().Add(-time.Hour)
	tsa, err := s.timestampAuthority(ctx, since)
	if err != nil {
		return err
	}
	certificateLog, err := newLog(certificateLogURL, keys.certificateLog.Public(), since)
	if err != nil {
		return err
	}
	rekor1, err := newLog(s.RekorV1URL, keys.rekor1.Public(), since)
	if err != nil {
		return err
	}
	rekor2, err := newLog(s.RekorV2URL, keys.rekor2.Public(), since)
	if err != nil {
		return err
	}
	rekor2.ID = checkpointID("127.0.0.1", keys.rekor2.Public().(ed25519.PublicKey))
	fulcio := &root.FulcioCertificateAuthority{
		Root: keys.root, Intermediates: []*x509.Certificate{keys.intermediate}, ValidityPeriodStart: since, URI: s.FulcioURL,
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{fulcio}, byID(certificateLog),
		[]root.TimestampingAuthority{tsa}, byID(rekor1, rekor2))
	if err != nil {
		return err
	}
	s.TrustedRoot = filepath.Join(dir, "trusted_root.json")
	s.SigningConfigV1, s.SigningConfigV2 = filepath.Join(dir, "signing_config.v1.json"), filepath.Join(dir, "signing_config.v2.json")
	return errors.Join(writeJSON(s.TrustedRoot, trusted),
		s.writeSigningConfig(s.SigningConfigV1, s.RekorV1URL, 1, since), s.writeSigningConfig(s.SigningConfigV2, s.RekorV2URL, 2, since))
}

func newLog(url string, key crypto.PublicKey, since time.Time) (*root.TransparencyLog, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(der)
	return &root.TransparencyLog{
		BaseURL: url, ID: id[:], ValidityPeriodStart: since, HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256,
	}, nil
}

// checkpointID is what Rekor v2 names itself by in its entries: the hash of which the key id of its checkpoints is the
// beginning. https://github.com/C2SP/C2SP/blob/main/signed-note.md#signatures
func checkpointID(origin string, key ed25519.PublicKey) []byte {
	const algorithm = 1 // Ed25519
	sum := sha256.Sum256(slices.Concat([]byte(origin+"\n"), []byte{algorithm}, key))
	return sum[:]
}

func byID(logs ...*root.TransparencyLog) map[string]*root.TransparencyLog {
	m := map[string]*root.TransparencyLog{}
	for _, log := range logs {
		m[hex.EncodeToString(log.ID)] = log
	}
	return m
}

// timestampAuthority asks the authority for its certificates, the leaf's first.
func (s *Stack) timestampAuthority(ctx context.Context, since time.Time) (*root.SigstoreTimestampingAuthority, error) {
	chain, err := get(ctx, s.TimestampURL+"/certchain")
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) < 2 {
		return nil, errors.New("the timestamp authority has no chain of certificates")
	}
	last := len(certs) - 1
	return &root.SigstoreTimestampingAuthority{
		Leaf: certs[0], Intermediates: certs[1:last], Root: certs[last], ValidityPeriodStart: since, URI: s.TimestampURL,
	}, nil
}

func (s *Stack) writeSigningConfig(path, rekor string, version uint32, since time.Time) error {
	service := func(url string, version uint32) []root.Service {
		return []root.Service{{URL: url, MajorAPIVersion: version, ValidityPeriodStart: since, Operator: "wpk tests"}}
	}
	one := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_EXACT, Count: 1}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(s.FulcioURL, 1), service(s.IssuerURL, 1),
		service(rekor, version), one, service(s.TimestampURL, 1), one)
	if err != nil {
		return err
	}
	return writeJSON(path, config)
}

func writeJSON(path string, v json.Marshaler) error {
	b, err := v.MarshalJSON()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}
