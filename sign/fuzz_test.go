package sign

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/sigstore/rekor/pkg/tle"

	"github.com/wpkdev/wpk/internal/sigstore"
)

// What Fulcio answers is a certificate for the key that was sent, or an error.
func FuzzReadCertificates(f *testing.F) {
	signer, err := sigstore.Generate(sigstore.P256)
	if err != nil {
		f.Fatal(err)
	}
	key, err := sigstore.NewKey(signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"]}}}`))
	f.Add([]byte(`{"signedCertificateDetachedSct":{"chain":{"certificates":["x","y"]}}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if cert, err := readCertificates(answer, key); err == nil {
			t.Errorf("a certificate for a key that nobody has seen: %x", cert.leaf)
		}
	})
}

// What Rekor answers is an entry that the library can read without looking for what is not there, or an error.
func FuzzReadEntry(f *testing.F) {
	f.Add([]byte(`{"00":{"body":"e30=","integratedTime":1,"logID":"00","logIndex":0,"verification":{"signedEntryTimestamp":"AA==",` +
		`"inclusionProof":{"logIndex":0,"treeSize":1,"rootHash":"00","hashes":[],"checkpoint":"x"}}}}`))
	f.Add([]byte(`{"00":{}}`))
	f.Fuzz(func(_ *testing.T, answer []byte) {
		_, entry, err := readEntry(&http.Response{Body: io.NopCloser(bytes.NewReader(answer))})
		if err == nil {
			_, _ = tle.GenerateTransparencyLogEntry(entry)
		}
	})
}
