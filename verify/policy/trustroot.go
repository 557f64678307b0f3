package policy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// rootSource is a TrustRoot: one of its fields is set.
type rootSource struct {
	file       string // a trusted_root.json beside the policy file
	material   root.TrustedMaterial
	repository *tufFiles
	scope      scope
}

func (r *rootSource) load(t Trust) (root.TrustedMaterial, error) {
	switch {
	case r.file != "":
		return t.File(r.file)
	case r.repository != nil:
		return r.repository.load()
	}
	return r.material, nil
}

// trustRoot checks a TrustRoot. With the annotation wpk.dev/trusted-root a file is read in its place, and what only a
// cluster can use may stand in the spec.
func (s scope) trustRoot(o trustRoot) (*rootSource, error) {
	if o.Metadata.Name == "" {
		return nil, s.errorf("metadata.name", "is missing")
	}
	if err := s.annotations(o.Metadata.Annotations, annotationRoot); err != nil {
		return nil, err
	}
	given := 0
	for _, is := range []bool{o.Spec.Remote != nil, o.Spec.Repository != nil, o.Spec.SigstoreKeys != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, s.errorf("spec", "want exactly one of remote, repository and sigstoreKeys")
	}
	r := &rootSource{scope: s, file: o.Metadata.Annotations[annotationRoot]}
	var err error
	switch {
	case r.file != "":
	case o.Spec.SigstoreKeys != nil:
		r.material, err = s.sigstoreKeys(*o.Spec.SigstoreKeys)
	case o.Spec.Repository != nil:
		r.repository, err = s.tufRepository(*o.Spec.Repository)
	default:
		err = s.errorf("spec.remote", "wpk fetches no roots for a policy: add the annotation %s: FILE, or use repository or sigstoreKeys", annotationRoot)
	}
	return r, err
}

func (s scope) sigstoreKeys(k sigstoreKeys) (root.TrustedMaterial, error) {
	const path = "spec.sigstoreKeys"
	if len(k.CertificateAuthorities) == 0 && len(k.TimestampAuthorities) == 0 {
		return nil, s.errorf(path, "want certificateAuthorities or timestampAuthorities")
	}
	var cas []root.CertificateAuthority
	var tsas []root.TimestampingAuthority
	for i, ca := range k.CertificateAuthorities {
		chain, err := s.chain(fmt.Sprintf("%s.certificateAuthorities[%d]", path, i), ca)
		if err != nil {
			return nil, err
		}
		cas = append(cas, &root.FulcioCertificateAuthority{Root: chain.root, Intermediates: chain.intermediates, URI: ca.URI})
	}
	for i, ca := range k.TimestampAuthorities {
		chain, err := s.chain(fmt.Sprintf("%s.timestampAuthorities[%d]", path, i), ca)
		if err != nil {
			return nil, err
		}
		tsas = append(tsas, &root.SigstoreTimestampingAuthority{Root: chain.root, Intermediates: chain.intermediates, Leaf: chain.leaf, URI: ca.URI})
	}
	logs, err := s.logs(path+".tLogs", k.TLogs)
	if err != nil {
		return nil, err
	}
	ctLogs, err := s.logs(path+".ctLogs", k.CTLogs)
	if err != nil {
		return nil, err
	}
	return root.NewTrustedRoot(root.TrustedRootMediaType01, cas, ctLogs, tsas, logs)
}

type chain struct {
	leaf          *x509.Certificate
	intermediates []*x509.Certificate
	root          *x509.Certificate
}

// chain reads the certificates of an authority: the root last, a leaf of a timestamp authority first.
func (s scope) chain(path string, ca certificateAuthority) (chain, error) {
	path += ".certChain"
	data, err := s.base64(path, ca.CertChain)
	if err != nil {
		return chain{}, err
	}
	var c chain
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return chain{}, s.errorf(path, "%v", err)
		case !cert.IsCA && c.leaf != nil:
			return chain{}, s.errorf(path, "more than one certificate in it is of no authority")
		case !cert.IsCA:
			c.leaf = cert
		case cert.CheckSignatureFrom(cert) == nil && c.root != nil:
			return chain{}, s.errorf(path, "more than one root is in it")
		case cert.CheckSignatureFrom(cert) == nil:
			c.root = cert
		default:
			c.intermediates = append(c.intermediates, cert)
		}
	}
	if c.root == nil {
		return chain{}, s.errorf(path, "no root, which signs itself, is in it")
	}
	return c, nil
}

// logs reads the keys of logs. A log's name is the digest of its key, as of Rekor v1 and CT logs:
// https://www.rfc-editor.org/rfc/rfc6962#section-3.2
func (s scope) logs(path string, all []transparencyLog) (map[string]*root.TransparencyLog, error) {
	logs := map[string]*root.TransparencyLog{}
	for i, l := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		if err := s.oneOf(at+".hashAlgorithm", l.HashAlgorithm, "sha256", "sha-256"); err != nil {
			return nil, err
		}
		data, err := s.base64(at+".publicKey", l.PublicKey)
		if err != nil {
			return nil, err
		}
		key, err := parseKey(data)
		if err != nil {
			return nil, s.errorf(at+".publicKey", "%v", err)
		}
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return nil, s.errorf(at+".publicKey", "%v", err)
		}
		id := sha256.Sum256(der)
		logs[hex.EncodeToString(id[:])] = &root.TransparencyLog{
			BaseURL: l.BaseURL, ID: id[:], HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: signatureHash(key),
			ValidityPeriodStart: time.Unix(0, 0), // the format has no time, and the verifier wants one
		}
	}
	return logs, nil
}

// tufRepository checks what can be without asking for the time, which TUF does.
func (s scope) tufRepository(r tufRepository) (*tufFiles, error) {
	const path = "spec.repository"
	trusted, err := s.base64(path+".root", r.Root)
	if err != nil {
		return nil, err
	}
	if !json.Valid(trusted) {
		return nil, s.errorf(path+".root", "is no JSON")
	}
	mirror, err := s.base64(path+".mirrorFS", r.MirrorFS)
	if err != nil {
		return nil, err
	}
	files, err := readMirror(mirror)
	if err != nil {
		return nil, s.errorf(path+".mirrorFS", "%v", err)
	}
	target := r.TrustedRootTarget
	if target == "" {
		target = "trusted_root.json"
	}
	if r.Targets != "" && r.Targets != "targets" {
		return nil, s.errorf(path+".targets", "want targets, where TUF has them, not %q", r.Targets)
	}
	return &tufFiles{root: trusted, files: files, target: target}, nil
}

func (s scope) base64(path, text string) ([]byte, error) {
	if text == "" {
		return nil, s.errorf(path, "is missing")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, s.errorf(path, "is no base64: %v", err)
	}
	return data, nil
}

// signatureHash is what a log with such a key signs its promises with.
func signatureHash(key crypto.PublicKey) crypto.Hash {
	if k, ok := key.(*ecdsa.PublicKey); ok {
		switch k.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
	}
	return crypto.SHA256
}
