package verify

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
)

// Where the time of a signature is from.
const (
	TimeOfLog       = "transparency log"
	TimeOfAuthority = "timestamp authority"
)

// setTime takes the earliest of the times: by then the signature was there.
func (v *Verified) setTime(times []sigstore.TimestampVerificationResult, now time.Time) *failure {
	for _, t := range times {
		if !now.IsZero() && t.Timestamp.After(now.Add(maxAhead)) {
			return failf(ErrInvalid, "it was made in the future, %s", t.Timestamp.UTC().Format(time.RFC3339))
		}
		if !v.Time.IsZero() && !t.Timestamp.Before(v.Time) {
			continue
		}
		v.Time, v.TimeSource = t.Timestamp.UTC(), TimeOfAuthority
		if t.Type == "Tlog" {
			v.TimeSource = TimeOfLog
		}
	}
	return nil
}

// logIndex is the number of the only entry, if its log is known and the entry good. Of several entries nobody can
// tell which ones were.
func (c *claim) logIndex(roots root.TrustedMaterial) *int64 {
	entries, err := c.entity.TlogEntries()
	if err != nil || len(entries) != 1 {
		return nil
	}
	if _, known := roots.RekorLogs()[hex.EncodeToString([]byte(entries[0].LogKeyID()))]; !known {
		return nil
	}
	if _, err := sigstore.VerifyTlogEntry(c.entity, roots, 1, false); err != nil {
		return nil
	}
	index := entries[0].LogIndex()
	return &index
}

// stampedRoots are trusted roots whose timestamps may be of an envelope as a whole: cosign asks for the time of the
// layer of an .att manifest, not of the signature in it.
type stampedRoots struct {
	root.TrustedMaterial
	content []byte
}

func (r stampedRoots) TimestampingAuthorities() []root.TimestampingAuthority {
	var all []root.TimestampingAuthority
	for _, a := range r.TrustedMaterial.TimestampingAuthorities() {
		all = append(all, stampedAuthority{a, r.content})
	}
	return all
}

type stampedAuthority struct {
	root.TimestampingAuthority
	content []byte
}

func (a stampedAuthority) Verify(stamp, signature []byte) (*root.Timestamp, error) {
	t, err := a.TimestampingAuthority.Verify(stamp, signature)
	if err != nil {
		t, err = a.TimestampingAuthority.Verify(stamp, a.content)
	}
	return t, err
}

func (j *judge) keyIDs() string {
	var ids []string
	for _, k := range j.keys {
		ids = append(ids, k.id)
	}
	return strings.Join(ids, " or ")
}

func (j *judge) allowed() string {
	var all []string
	for _, id := range j.Identities {
		all = append(all, id.describe())
	}
	return strings.Join(all, " or ")
}
