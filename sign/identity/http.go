package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxAnswer = 1 << 20
	patience  = 30 * time.Second
)

// ProviderError is somebody who should give a token and does not.
type ProviderError struct {
	Provider string
	Status   int // of the answer, 0 when there was none
	Err      error
}

// Error implements error. It holds nothing of what was answered.
func (e *ProviderError) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("no identity token from %s: status %d", e.Provider, e.Status)
	}
	return fmt.Sprintf("no identity token from %s: %v", e.Provider, e.Err)
}

// Unwrap returns the cause.
func (e *ProviderError) Unwrap() error { return e.Err }

// newClient asks one place and follows no redirect: what is sent are secrets.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       patience,
		Transport:     bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded ends an answer that is too long, with an error of its reader.
type bounded struct{ http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// ask sends a request for a token, and returns the answer's body.
func ask(ctx context.Context, client *http.Client, provider string, r *http.Request) ([]byte, error) {
	resp, err := client.Do(r.WithContext(ctx))
	if err != nil {
		return nil, &ProviderError{Provider: provider, Err: bare(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &ProviderError{Provider: provider, Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &ProviderError{Provider: provider, Status: resp.StatusCode}
	}
	return body, nil
}

// bare takes the address off an error: it can hold what only the provider may know.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

var errNotSecure = errors.New("its address is not https")

// secure refuses to send a secret in the clear to another machine.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return bare(err)
	}
	if u.Scheme == "https" && u.Host != "" {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errNotSecure
}
