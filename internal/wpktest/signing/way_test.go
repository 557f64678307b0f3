package signing

import (
	"fmt"
	"testing"
)

// way is how something is signed: with a key of some kind or without one, and which log says so.
type way struct {
	key   string // the kind, or "" for a certificate of Fulcio
	rekor int    // the version, or 0 for no log
}

func (w way) String() string {
	name := w.key
	if name == "" {
		name = "identity"
	}
	if w.rekor == 0 {
		return name
	}
	return fmt.Sprintf("%s, Rekor v%d", name, w.rekor)
}

// form is how it lies beside the artifact.
type form string

const (
	legacy form = "legacy" // the tags .sig and .att
	bundle form = "bundle" // a referrer
	both   form = "both"
)

// statement is what is attested.
type statement struct {
	predicateType string
	predicate     string // a file
}

// party is a program that signs and verifies. Without a statement its methods are about signatures.
type party interface {
	String() string
	// writes are the forms that it can write in a way.
	writes(way) []form
	// sign and verify are command lines.
	sign(*testing.T, *world, way, form, string, *statement) []string
	verify(*world, way, form, string, *statement) []string
}
