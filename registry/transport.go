package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

const (
	defaultUserAgent = "wpk"
	// headerTimeout is how long a registry may think about a request whose body
	// it has. Some check a whole blob in this time.
	headerTimeout = 2 * time.Minute
	maxRedirects  = 10
)

// newClient builds the layers of a request to one host, from the outside in:
// credentials and tokens (oras), redirects, repeated attempts, TLS on loopback,
// the fence, the network.
func newClient(host string, o Options, base *http.Transport) *auth.Client {
	var network http.RoundTripper = &fence{base: base, host: host}
	if isLoopbackHost(host) && !o.PlainHTTP {
		network = &loopbackTLS{base: network}
	}
	policy := retryPolicy{RetryOptions: o.Retry.withDefaults(), events: &listener{fn: o.Event}}
	client := &auth.Client{
		Client: &http.Client{
			Transport:     &retry.Transport{Base: network, Policy: func() retry.Policy { return policy }},
			CheckRedirect: checkRedirect,
		},
		Credential: dockerCredentials(o.DockerConfig),
		Cache:      auth.NewCache(),
		ClientID:   defaultUserAgent,
	}
	agent := o.UserAgent
	if agent == "" {
		agent = defaultUserAgent
	}
	client.SetUserAgent(agent)
	return client
}

// newNetwork returns the transport below everything.
func newNetwork(insecure bool) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure} // #nosec G402 -- only by Options.Insecure
	t.ResponseHeaderTimeout = headerTimeout
	t.MaxIdleConnsPerHost = 16  // a connection for each parallel blob
	t.DisableCompression = true // a digest is that of the bytes as they are stored
	return t
}

// checkRedirect follows what a registry may do, which is to send readers to its
// storage, and no step from HTTPS back to HTTP. That credentials stay at home is
// the work of oras, which drops them when the origin changes, and of the fence.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
		return fmt.Errorf("refused a redirect from https to %s", req.URL.Scheme)
	}
	return nil
}

// errLeak is a request that would have carried credentials where they do not
// belong.
var errLeak = errors.New("refused to send credentials without TLS to another host than the registry")

// fence is the last gate before the network. oras lets a registry that is
// spoken to without TLS name any public host as its token server, and would
// send the password there in the clear: the fence does not. It also bounds
// every answer.
type fence struct {
	base http.RoundTripper
	host string
}

// RoundTrip implements http.RoundTripper.
func (f *fence) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !strings.EqualFold(req.URL.Host, f.host) && carriesSecret(req) {
		return nil, &Error{Op: req.Method, Ref: req.URL.Host, Kind: ErrUnauthorized, Err: errLeak}
	}
	resp, err := f.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := int64(maxManifestSize)
	if size, ok := req.Context().Value(sizeKey{}).(int64); ok && req.Method == http.MethodGet && resp.StatusCode == http.StatusOK {
		if resp.ContentLength >= 0 && resp.ContentLength != size {
			_ = resp.Body.Close()
			return nil, &Error{Op: "fetch", Ref: req.URL.Host, Kind: ErrCorrupt, Err: fmt.Errorf("the registry has %d bytes instead of %d", resp.ContentLength, size)}
		}
		limit = size + 1 // one more shows that there are too many
	}
	resp.Body = readCloser{io.LimitReader(resp.Body, limit), resp.Body}
	return resp, nil
}

// carriesSecret recognizes requests with a password or token: a header, or the
// form of an OAuth2 token request.
func carriesSecret(req *http.Request) bool {
	return req.Header.Get("Authorization") != "" ||
		strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// sizeKey is the context key for the size of the content that a request fetches.
type sizeKey struct{}

func withExpectedSize(ctx context.Context, size int64) context.Context {
	return context.WithValue(ctx, sizeKey{}, size)
}

// loopbackTLS finds out whether a registry on this machine speaks TLS. Plain
// HTTP is tried first, because nearly all of them do, and costs nothing then. A
// TLS server answers it with status 400 and no registry header: from then on
// HTTPS is spoken, with the usual verification of the certificate.
type loopbackTLS struct {
	base   http.RoundTripper
	secure atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (t *loopbackTLS) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "http" || !isLoopbackHost(req.URL.Host) {
		return t.base.RoundTrip(req)
	}
	if t.secure.Load() {
		return t.overTLS(req, req.Body)
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Docker-Distribution-Api-Version") != "" {
		return resp, err
	}
	body := req.Body
	if body != nil && body != http.NoBody {
		if req.GetBody == nil {
			return resp, nil
		}
		if body, err = req.GetBody(); err != nil {
			return resp, nil //nolint:nilerr // the answer at hand is what there is
		}
	}
	second, err := t.overTLS(req, body)
	if notTLS := new(tls.RecordHeaderError); errors.As(err, notTLS) {
		return resp, nil // it was a plain 400 after all
	}
	_ = resp.Body.Close()
	if err == nil {
		t.secure.Store(true)
	}
	return second, err
}

func (t *loopbackTLS) overTLS(req *http.Request, body io.ReadCloser) (*http.Response, error) {
	secured := req.Clone(req.Context())
	secured.URL.Scheme = "https"
	secured.Body = body
	return t.base.RoundTrip(secured)
}
