package sigstore

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// The bounds of a key file, in bytes. Checking a large RSA key takes time that grows with the cube of its size, so that
// the second is just above what a key of [maxRSA] bits takes.
const (
	MaxKeyFile = 64 << 10
	maxKeyDER  = 10 << 10
)

// The PEM types of private keys that cosign has encrypted, now and before version 2.
const (
	pemEncrypted    = "ENCRYPTED SIGSTORE PRIVATE KEY"
	pemEncryptedOld = "ENCRYPTED COSIGN PRIVATE KEY"
)

// ErrPassword is a password that does not open a key file.
var ErrPassword = errors.New("wrong password")

// EncryptPrivateKey writes a key as cosign does: PKCS #8 in a secret box whose key scrypt makes of the password.
func EncryptPrivateKey(key crypto.Signer, password []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, &KeyError{"the private key cannot be written", err}
	}
	box, err := encrypted.Encrypt(der, password)
	if err != nil {
		return nil, &KeyError{"the private key cannot be encrypted", err}
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemEncrypted, Bytes: box}), nil
}

// ParsePrivateKey reads a key file: cosign's encrypted PEM, or a plain PEM in PKCS #8, PKCS #1 or SEC 1. password is
// asked for an encrypted one only, and its error is returned as it is.
func ParsePrivateKey(file []byte, password func() ([]byte, error)) (crypto.Signer, error) {
	block, err := onlyBlock(file)
	if err != nil {
		return nil, err
	}
	der := block.Bytes
	var key any
	switch block.Type {
	case pemEncrypted, pemEncryptedOld:
		if der, err = decrypt(der, password); err != nil {
			return nil, err
		}
		key, err = parseDER(der, x509.ParsePKCS8PrivateKey)
	case "PRIVATE KEY":
		key, err = parseDER(der, x509.ParsePKCS8PrivateKey)
	case "RSA PRIVATE KEY":
		key, err = parseDER(der, func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) })
	case "EC PRIVATE KEY":
		key, err = parseDER(der, func(b []byte) (any, error) { return x509.ParseECPrivateKey(b) })
	default:
		return nil, &KeyError{Reason: fmt.Sprintf("not a private key but %s", named(block.Type))}
	}
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, &KeyError{Reason: fmt.Sprintf("a key of kind %T, which cannot sign", key)}
	}
	_, err = HashFor(signer.Public())
	return signer, err
}

// ParsePublicKey reads a public key: PEM in PKIX or, for RSA, PKCS #1.
func ParsePublicKey(file []byte) (crypto.PublicKey, error) {
	block, err := onlyBlock(file)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "PUBLIC KEY":
		key, err = parseDER(block.Bytes, x509.ParsePKIXPublicKey)
	case "RSA PUBLIC KEY":
		key, err = parseDER(block.Bytes, func(b []byte) (any, error) { return x509.ParsePKCS1PublicKey(b) })
	default:
		return nil, &KeyError{Reason: fmt.Sprintf("not a public key but %s", named(block.Type))}
	}
	if err != nil {
		return nil, err
	}
	_, err = HashFor(key)
	return key, err
}

// MarshalPublicKey writes a public key as PEM, in PKIX.
func MarshalPublicKey(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, &KeyError{"the public key cannot be written", err}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// onlyBlock is the block of a PEM file. openssl writes the parameters of a curve before its key.
func onlyBlock(file []byte) (*pem.Block, error) {
	if len(file) > MaxKeyFile {
		return nil, &KeyError{Reason: fmt.Sprintf("a key file of more than %d KiB", MaxKeyFile>>10)}
	}
	block, rest := pem.Decode(file)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, &KeyError{Reason: "not a PEM file"}
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, &KeyError{Reason: "there is more than one key in the file"}
	case block.Headers["DEK-Info"] != "":
		return nil, &KeyError{Reason: "encrypted in openssl's old way; take the password off with openssl pkcs8 -topk8 -nocrypt, then wpk key import"}
	}
	return block, nil
}

func parseDER(der []byte, parse func([]byte) (any, error)) (any, error) {
	if len(der) > maxKeyDER {
		return nil, &KeyError{Reason: fmt.Sprintf("a key of more than %d bits", maxRSA)}
	}
	key, err := parse(der)
	if err != nil {
		return nil, &KeyError{"the key is damaged", err}
	}
	return key, nil
}

// decrypt opens a secret box. The library takes three sets of scrypt's parameters and no others, of which the most
// demanding needs 128 MiB. What fails after they were checked here is the password, or a damaged file: the box cannot
// tell which.
func decrypt(box []byte, password func() ([]byte, error)) ([]byte, error) {
	var head struct {
		KDF struct {
			Name   string `json:"name"`
			Params struct {
				N, R, P int
			} `json:"params"`
		} `json:"kdf"`
		Cipher struct {
			Name  string `json:"name"`
			Nonce []byte `json:"nonce"`
		} `json:"cipher"`
	}
	if err := json.Unmarshal(box, &head); err != nil {
		return nil, &KeyError{"the encrypted key is damaged", err}
	}
	kdf := head.KDF.Params
	known := kdf.N == 1<<15 || kdf.N == 1<<16 || kdf.N == 1<<17
	if head.KDF.Name != "scrypt" || !known || kdf.R != 8 || kdf.P != 1 {
		return nil, &KeyError{Reason: "the encrypted key asks for a key derivation that is not used"}
	}
	if head.Cipher.Name != "nacl/secretbox" || len(head.Cipher.Nonce) != 24 {
		return nil, &KeyError{Reason: "the key is encrypted with a cipher that is not used"}
	}
	secret, err := password()
	if err != nil {
		return nil, err
	}
	der, err := encrypted.Decrypt(box, secret)
	if err != nil {
		return nil, ErrPassword
	}
	return der, nil
}

// named is a PEM type for a message; it comes from a file.
func named(pemType string) string {
	if len(pemType) > 64 {
		pemType = pemType[:64]
	}
	return fmt.Sprintf("%q", pemType)
}
