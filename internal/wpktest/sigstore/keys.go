package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files in the stack's folder that servers read.
const (
	chainFile          = "fulcio-chain.pem"
	rootFile           = "fulcio-root.pem"
	authorityFile      = "fulcio.key"
	certificateLogFile = "ct.pub"
	logConfigFile      = "ct.cfg"
	rekor1File         = "rekor1.key"
	rekor1PublicFile   = "rekor1.pub"
	rekor2File         = "rekor2.key"
)

// keys are those of the stack's servers, and the certificates of its authority. As with the public instance an
// intermediate one issues.
type keys struct {
	certificateLog, rekor1, rekor2 crypto.Signer
	root, intermediate             *x509.Certificate
}

func newKeys(dir string) (*keys, error) {
	var signers [4]*ecdsa.PrivateKey
	for i := range signers {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		signers[i] = key
	}
	_, rekor2, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &keys{certificateLog: signers[2], rekor1: signers[3], rekor2: rekor2}
	if k.root, err = newAuthority("Fulcio root for tests", nil, signers[0], signers[0]); err != nil {
		return nil, err
	}
	if k.intermediate, err = newAuthority("Fulcio for tests", k.root, signers[1], signers[0]); err != nil {
		return nil, err
	}
	return k, k.write(dir, signers[1])
}

func (k *keys) write(dir string, authority crypto.Signer) error {
	for name, key := range map[string]crypto.Signer{authorityFile: authority, rekor1File: k.rekor1, rekor2File: k.rekor2} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		if err := writePEM(filepath.Join(dir, name), "PRIVATE KEY", der); err != nil {
			return err
		}
	}
	for name, key := range map[string]crypto.Signer{certificateLogFile: k.certificateLog, rekor1PublicFile: k.rekor1} {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return err
		}
		if err := writePEM(filepath.Join(dir, name), "PUBLIC KEY", der); err != nil {
			return err
		}
	}
	if err := writePEM(filepath.Join(dir, rootFile), "CERTIFICATE", k.root.Raw); err != nil {
		return err
	}
	return writePEM(filepath.Join(dir, chainFile), "CERTIFICATE", k.intermediate.Raw, k.root.Raw)
}

// writeLogConfig writes what ct_server reads, protobuf in its text form: the only way to give it a key that is not
// encrypted is within that file.
func (k *keys) writeLogConfig(dir, tree string) error {
	der, err := x509.MarshalECPrivateKey(k.certificateLog.(*ecdsa.PrivateKey))
	if err != nil {
		return err
	}
	var escaped strings.Builder
	for _, b := range der {
		fmt.Fprintf(&escaped, `\%03o`, b)
	}
	text := fmt.Sprintf(`config {
  log_id: %s
  prefix: "test"
  roots_pem_file: "%s"
  ext_key_usages: "CodeSigning"
  private_key { [type.googleapis.com/keyspb.PrivateKey] { der: "%s" } }
}
`, tree, rootFile, escaped.String())
	return os.WriteFile(filepath.Join(dir, logConfigFile), []byte(text), 0o600)
}

// newAuthority makes a certificate that issues others, of its own when there is no parent.
func newAuthority(name string, parent *x509.Certificate, key, issuing crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"wpk tests"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if parent == nil {
		parent = template
	} else {
		template.MaxPathLenZero = true
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), issuing)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
