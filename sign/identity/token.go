// Package identity gets the token that says who somebody is to whoever issues certificates: from the CI service that
// runs this, from a file, or from a person through a browser. A token is as good as a password for some minutes: it is
// sent to nobody but the one who asked for it, and never part of a message.
package identity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Audience is whom a token must be meant for.
const Audience = "sigstore"

// maxToken bounds a token, in bytes.
const maxToken = 64 << 10

var (
	// ErrToken is what should be an identity token and is none.
	ErrToken = errors.New("not an identity token")
	// ErrExpired is a token whose time is over.
	ErrExpired = errors.New("the identity token has expired")
	// ErrUnverified is a token with an address that its issuer has not verified.
	ErrUnverified = errors.New("the identity token's address is not verified by its issuer")
)

// Token is an OpenID Connect identity token. Its claims are not verified here: that is for whoever takes it.
// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
type Token struct {
	raw             string
	subject, issuer string
	expires         time.Time
}

// Parse reads a token as it travels: three parts in base64, with dots between them. No error repeats any of it.
func Parse(raw string) (Token, error) {
	raw = strings.TrimSpace(raw)
	parts := strings.Split(raw, ".")
	if len(raw) > maxToken || len(parts) != 3 {
		return Token{}, fmt.Errorf("%w: want three parts with dots between them", ErrToken)
	}
	for _, p := range parts {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(p); err != nil || p == "" || strings.ContainsAny(p, "\r\n") {
			return Token{}, fmt.Errorf("%w: a part is not in base64", ErrToken)
		}
	}
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Email    string          `json:"email"`
		Verified json.RawMessage `json:"email_verified"`
		Expires  float64         `json:"exp"`
	}
	if json.Unmarshal(payload, &c) != nil {
		return Token{}, fmt.Errorf("%w: its claims are not as they should be", ErrToken)
	}
	t := Token{raw: raw, subject: c.Subject, issuer: c.Issuer}
	if c.Expires > 0 && c.Expires < 1<<40 {
		t.expires = time.Unix(int64(c.Expires), 0)
	}
	if c.Email != "" {
		// Some issuers write the word as a string.
		if v := strings.ToLower(strings.Trim(string(c.Verified), `"`)); v != "true" {
			return Token{}, ErrUnverified
		}
		t.subject = c.Email
	}
	if t.subject == "" || t.issuer == "" {
		return Token{}, fmt.Errorf("%w: it names no subject or no issuer", ErrToken)
	}
	return t, nil
}

// Subject is who is named: an address when there is one, else the issuer's own name for it.
func (t Token) Subject() string { return t.subject }

// Issuer is who says so.
func (t Token) Issuer() string { return t.issuer }

// Check tells whether the token is still good.
func (t Token) Check(now time.Time) error {
	if !t.expires.IsZero() && now.After(t.expires) {
		return fmt.Errorf("%w at %s", ErrExpired, t.expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// Reveal is the token itself.
func (t Token) Reveal() string { return t.raw }

// String and GoString keep a token out of messages.
func (t Token) String() string { return "identity token of " + t.subject }

// GoString implements [fmt.GoStringer].
func (t Token) GoString() string { return t.String() }
