package policy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wpkdev/wpk/verify"
)

// signers is an authority that was checked.
type signers struct {
	name       string
	path       string
	static     *static
	key        crypto.PublicKey
	kms        string
	identities []verify.Identity
	ignoreSCT  bool
	needLog    bool
	needTime   bool
	// The roots for certificates, logs and timestamps. An empty name stands for the default ones.
	ca, log, timestamp rootRef
	attestations       []*wanted
}

type rootRef struct {
	path, name string
	source     *rootSource
}

// wanted is an attestation that an authority must have made.
type wanted struct {
	name          string
	short         string // as written
	predicateType string
	condition     *condition // may be nil
}

func (s scope) signers(path string, index int, a authority, text *text) (*signers, error) {
	r := &signers{name: a.Name, path: path, static: a.Static}
	if r.name == "" {
		r.name = fmt.Sprintf("authority-%d", index) // policy-controller's name for it
	}
	if err := s.oneKind(path, a); err != nil {
		return nil, err
	}
	if a.SignatureFormat != "" {
		if err := s.oneOf(path+".signatureFormat", a.SignatureFormat, "legacy", "bundle"); err != nil {
			return nil, err
		}
	}
	if len(a.Source) > 0 {
		return nil, s.errorf(path+".source", "wpk reads signatures beside the artifact only; wpk copy --referrers brings them there")
	}
	var err error
	switch {
	case a.Static != nil:
		return r, s.static(path, a)
	case a.Key != nil:
		err = s.key(path+".key", r, *a.Key)
		if a.SignatureFormat == "bundle" {
			s.warnf(path+".signatureFormat", "policy-controller takes bundles of keyless signatures only, and refuses every image by this authority")
		}
	default:
		err = s.keyless(path+".keyless", r, *a.Keyless)
	}
	if err != nil {
		return nil, err
	}
	s.witnesses(path, r, a)
	r.attestations, err = s.attestations(path+".attestations", a.Attestations, text)
	return r, err
}

func (s scope) oneKind(path string, a authority) error {
	given := 0
	for _, is := range []bool{a.Key != nil, a.Keyless != nil, a.Static != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return s.errorf(path, "want exactly one of key, keyless and static")
	}
	return nil
}

func (s scope) static(path string, a authority) error {
	switch {
	case len(a.Attestations) > 0:
		return s.errorf(path+".attestations", "does not go with static, which verifies nothing")
	case a.CTLog != nil:
		return s.errorf(path+".ctlog", "does not go with static, which verifies nothing")
	case a.RFC3161Timestamp != nil:
		return s.errorf(path+".rfc3161timestamp", "does not go with static, which verifies nothing")
	}
	return s.oneOf(path+".static.action", a.Static.Action, "pass", "fail")
}

func (s scope) key(path string, r *signers, k keyRef) error {
	given := 0
	for _, is := range []bool{k.Data != "", k.KMS != "", k.SecretRef != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return s.errorf(path, "want exactly one of data, kms and secretRef")
	case k.SecretRef != nil:
		return s.errorf(path+".secretRef", "a secret is in a cluster only: put the public key into data")
	case k.KMS != "":
		r.kms = k.KMS
		scheme, _, _ := strings.Cut(k.KMS, "://")
		return s.oneOf(path+".kms", scheme, "awskms", "azurekms", "gcpkms", "hashivault")
	}
	var err error
	if r.key, err = parseKey([]byte(k.Data)); err != nil {
		return s.errorf(path+".data", "%v", err)
	}
	return s.hash(path+".hashAlgorithm", r.key, k.HashAlgorithm)
}

// hash compares the algorithm with that of the key, which is the one that wpk verifies with. A cluster takes SHA-256
// unless it is told otherwise.
func (s scope) hash(path string, key crypto.PublicKey, name string) error {
	want := hashName(key)
	given := strings.ToLower(strings.TrimSpace(name))
	switch {
	case given == want || given == "" && want == "sha256" || isEd25519(key):
		return nil
	case given == "" || given == "sha256":
		s.warnf(path, "a cluster verifies with sha256, and signatures of this key have %s; write hashAlgorithm: %s", want, want)
		return nil
	}
	return s.errorf(path, "want %s, which this key signs with, not %q", want, name)
}

// hashName is the algorithm that signatures of a key have. That of Ed25519 hashes by itself, and the field is ignored.
func hashName(key crypto.PublicKey) string {
	if k, ok := key.(*ecdsa.PublicKey); ok {
		switch k.Curve {
		case elliptic.P384():
			return "sha384"
		case elliptic.P521():
			return "sha512"
		}
	}
	return "sha256"
}

func isEd25519(key crypto.PublicKey) bool {
	_, ok := key.(ed25519.PublicKey)
	return ok
}

// parseKey reads the one public key of a PEM text.
func parseKey(data []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("want a public key in PEM: -----BEGIN PUBLIC KEY-----")
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, errors.New("is a private key; wpk key public prints the public one")
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("holds more than one key, of which a cluster would take the first: give each an authority of its own")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if block.Type == "RSA PUBLIC KEY" {
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("is no public key: %w", err)
	}
	switch key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return key, nil
	}
	return nil, fmt.Errorf("keys of type %T sign no artifacts", key)
}

const publicFulcio = "https://fulcio.sigstore.dev"

func (s scope) keyless(path string, r *signers, k keyless) error {
	switch {
	case k.CACert != nil:
		return s.errorf(path+".ca-cert", "policy-controller does not use it, and neither does wpk: put the certificates into a TrustRoot")
	case len(k.Identities) == 0:
		return s.errorf(path+".identities", "is missing: anybody could sign")
	case k.URL != "" && strings.TrimSuffix(k.URL, "/") != publicFulcio && k.TrustRootRef == "":
		s.warnf(path+".url", "without trustRootRef a cluster believes the public good instance, whatever the address")
	}
	for i, id := range k.Identities {
		one, err := s.identity(fmt.Sprintf("%s.identities[%d]", path, i), id)
		if err != nil {
			return err
		}
		r.identities = append(r.identities, one)
	}
	r.ca = rootRef{path: path + ".trustRootRef", name: k.TrustRootRef}
	r.ignoreSCT = k.InsecureIgnoreSCT != nil && *k.InsecureIgnoreSCT
	return nil
}

func (s scope) identity(path string, id identity) (verify.Identity, error) {
	r := verify.Identity{Subject: id.Subject, SubjectPattern: id.SubjectRegExp, Issuer: id.Issuer, IssuerPattern: id.IssuerRegExp}
	for _, one := range []struct{ name, exact, pattern string }{
		{"subject", id.Subject, id.SubjectRegExp}, {"issuer", id.Issuer, id.IssuerRegExp},
	} {
		at := path + "." + one.name + "RegExp"
		switch {
		case one.exact == "" && one.pattern == "":
			return r, s.errorf(path, "want %s or %sRegExp", one.name, one.name)
		case one.exact != "" && one.pattern != "":
			return r, s.errorf(path, "want only one of %s and %sRegExp", one.name, one.name)
		case one.pattern == "":
			continue
		}
		if _, err := regexp.Compile(one.pattern); err != nil {
			return r, s.errorf(at, "%v", err)
		}
		if !strings.HasPrefix(one.pattern, "^") || !strings.HasSuffix(one.pattern, "$") {
			s.warnf(at, "a cluster takes it when any part of the %s matches, wpk when the whole does; write ^(?:%s)$", one.name, one.pattern)
		}
	}
	return r, nil
}

// witnesses says who must vouch for the time: by default a log for a certificate, nobody for a key.
func (s scope) witnesses(path string, r *signers, a authority) {
	if a.CTLog != nil {
		r.log = rootRef{path: path + ".ctlog.trustRootRef", name: a.CTLog.TrustRootRef}
		if a.CTLog.TrustRootRef == "" && a.CTLog.URL != "" && strings.TrimSuffix(a.CTLog.URL, "/") != "https://rekor.sigstore.dev" {
			s.warnf(path+".ctlog.url", "a cluster asks this address for its key; wpk believes the keys of its trusted root only")
		}
	}
	if a.RFC3161Timestamp != nil {
		r.timestamp = rootRef{path: path + ".rfc3161timestamp.trustRootRef", name: a.RFC3161Timestamp.TrustRootRef}
		r.needTime = true
	}
	r.needLog = a.CTLog != nil || a.Keyless != nil && a.RFC3161Timestamp == nil
	if a.CTLog != nil && a.RFC3161Timestamp != nil {
		s.warnf(path+".ctlog", "beside rfc3161timestamp a cluster does not look for an entry in a log; wpk demands both")
	}
	// One trust root is often all that there is: it is for what names no other.
	if r.log.name == "" && a.CTLog == nil {
		r.log = r.ca
	}
	if r.timestamp.name == "" {
		r.timestamp = r.ca
	}
}

func (s scope) attestations(path string, all []attestation, text *text) ([]*wanted, error) {
	var list []*wanted
	for i, a := range all {
		at := fmt.Sprintf("%s[%d]", path, i)
		if a.Name == "" {
			return nil, s.errorf(at+".name", "is missing")
		}
		for _, other := range list {
			if other.name == a.Name {
				return nil, s.errorf(at+".name", "an attestation before has the name %q too", a.Name)
			}
		}
		full, near, ok := predicateType(a.PredicateType)
		if !ok {
			wrong := s.errorf(at+".predicateType", "%q is neither a URI nor one of cosign's short names", a.PredicateType)
			if a.PredicateType == "" {
				wrong = s.errorf(at+".predicateType", "is missing")
			}
			wrong.Nearest = near
			return nil, wrong
		}
		c, err := s.condition(at+".policy", a.Policy, false, text)
		if err != nil {
			return nil, err
		}
		list = append(list, &wanted{name: a.Name, short: a.PredicateType, predicateType: full, condition: c})
	}
	return list, nil
}
