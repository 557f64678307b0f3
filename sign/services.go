package sign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"
)

const (
	// maxAnswer bounds what a service may answer, in bytes. An entry of a log holds what was sent.
	maxAnswer = 8 << 20
	// patience is how long one request may take.
	patience = 30 * time.Second
)

// Log is a transparency log.
type Log struct {
	URL string
	// Version is Rekor's major version: 1 or 2, 0 is 1.
	Version uint32
}

// dates reports whether a log says when an entry was made. Rekor v2 leaves that to timestamp authorities.
func (l Log) dates() bool { return l.Version != 2 }

// Services are the addresses of what a signer asks.
type Services struct {
	Fulcio string
	// Issuer gives identity tokens to people, through their browser.
	Issuer     string
	Logs       []Log
	Timestamps []string
}

// ChooseServices takes from a signing config what is valid now. A version of Rekor other than 0 is the only one that
// will do. A kind of service that the config does not name stays empty.
func ChooseServices(c *root.SigningConfig, rekorVersion uint32, now time.Time) (Services, error) {
	var s Services
	one := func(all []root.Service, to *string) error {
		if len(all) == 0 {
			return nil
		}
		chosen, err := root.SelectService(all, []uint32{1}, now)
		*to = chosen.URL
		return err
	}
	if err := errors.Join(one(c.FulcioCertificateAuthorityURLs(), &s.Fulcio), one(c.OIDCProviderURLs(), &s.Issuer)); err != nil {
		return s, fmt.Errorf("the signing config: %w", err)
	}
	if all := c.RekorLogURLs(); len(all) > 0 {
		versions := sgsign.RekorAPIVersions
		if rekorVersion != 0 {
			versions = []uint32{rekorVersion}
		}
		logs, err := root.SelectServices(all, c.RekorLogURLsConfig(), versions, now)
		if err != nil {
			return s, fmt.Errorf("the signing config's transparency logs: %w", err)
		}
		for _, l := range logs {
			s.Logs = append(s.Logs, Log{l.URL, l.MajorAPIVersion})
		}
	}
	if all := c.TimestampAuthorityURLs(); len(all) > 0 {
		chosen, err := root.SelectServices(all, c.TimestampAuthorityURLsConfig(), sgsign.TimestampAuthorityAPIVersions, now)
		if err != nil {
			return s, fmt.Errorf("the signing config's timestamp authorities: %w", err)
		}
		for _, t := range chosen {
			s.Timestamps = append(s.Timestamps, t.URL)
		}
	}
	return s, nil
}

// ServiceError is a service that cannot be reached, or that refuses.
type ServiceError struct {
	Service string // "Fulcio", "Rekor" or "the timestamp authority"
	URL     string
	Status  int    // of the answer, 0 when there was none
	Answer  string // what it said, cut to a readable length
	Err     error  // why there was no answer, or what is wrong with it
}

// Error implements error.
func (e *ServiceError) Error() string {
	text := e.Service + " at " + e.URL
	switch {
	case e.Status != 0:
		text = fmt.Sprintf("%s refused (status %d)", text, e.Status)
		if e.Answer != "" {
			text += ": " + e.Answer
		}
	case e.Err != nil:
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *ServiceError) Unwrap() error { return e.Err }

// transport carries a request to one service: bounded, cancelled with its context, and to no other place, whatever the
// answer says. An answer that is no success is an error, but for one that is expected.
type transport struct {
	ctx       context.Context
	service   string
	url       string
	userAgent string
	secret    string // never part of an error
	expect    int
}

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	r = r.Clone(ctx)
	r.Header.Set("User-Agent", t.userAgent)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, t.fail(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, t.fail(err)
	}
	if len(body) > maxAnswer {
		return nil, t.fail(fmt.Errorf("an answer of more than %d MiB", maxAnswer>>20))
	}
	if (resp.StatusCode < 200 || resp.StatusCode > 299) && resp.StatusCode != t.expect {
		return nil, &ServiceError{Service: t.service, URL: t.url, Status: resp.StatusCode, Answer: t.readable(body)}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (t transport) fail(err error) error {
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	return &ServiceError{Service: t.service, URL: t.url, Err: err}
}

// readable cuts what a service said to one line.
func (t transport) readable(body []byte) string {
	const limit = 300
	text := strings.Join(strings.Fields(string(body)), " ")
	if t.secret != "" {
		text = strings.ReplaceAll(text, t.secret, "…")
	}
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

func (s *Signer) transport(ctx context.Context, service, url string) transport {
	agent := s.o.UserAgent
	if agent == "" {
		agent = "wpk"
	}
	return transport{ctx: ctx, service: service, url: url, userAgent: agent}
}

const timestampService = "the timestamp authority"

func (s *Signer) authority(ctx context.Context, url string) *sgsign.TimestampAuthority {
	return sgsign.NewTimestampAuthority(&sgsign.TimestampAuthorityOptions{
		URL: url, Timeout: patience, Transport: s.transport(ctx, timestampService, url),
	})
}

// timestamp asks the first authority for a token over data.
func (s *Signer) timestamp(ctx context.Context, data []byte) ([]byte, error) {
	url := s.o.Services.Timestamps[0]
	token, err := s.authority(ctx, url).GetTimestamp(ctx, data)
	var service *ServiceError
	switch {
	case errors.As(err, &service):
		return nil, service
	case err != nil:
		return nil, &ServiceError{Service: timestampService, URL: url, Err: err}
	}
	return token, nil
}
