package registry

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"oras.land/oras-go/v2/registry/remote/retry"
)

// RetryOptions bound how often and how patiently something is repeated that
// failed with status 408, 429, 502, 503 or 504 or with a broken connection.
type RetryOptions struct {
	// Attempts counts the first one too; 0 means 5, 1 means never repeat.
	Attempts int
	// MinWait comes before the second attempt and doubles each time, with
	// jitter; 0 means 250 ms.
	MinWait time.Duration
	// MaxWait bounds a single wait; 0 means 30 s. A registry which asks for more
	// (Retry-After) is not asked again.
	MaxWait time.Duration
}

func (o RetryOptions) withDefaults() RetryOptions {
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.MinWait == 0 {
		o.MinWait = 250 * time.Millisecond
	}
	if o.MaxWait == 0 {
		o.MaxWait = 30 * time.Second
	}
	return o
}

// backoff returns the wait after attempt (from 0): between half and the whole of
// an exponentially growing time, so that parallel uploads do not return at once.
func (o RetryOptions) backoff(attempt int) time.Duration {
	wait := o.MaxWait
	if attempt < 16 {
		wait = min(wait, o.MinWait<<attempt)
	}
	half := wait / 2
	return half + rand.N(half+1) // #nosec G404 -- jitter, no secret
}

// do calls f until it succeeds, fails for good, or the attempts are used up. f
// tells whether a repetition is its caller's business at all.
func (o RetryOptions) do(ctx context.Context, events *listener, f func() (again bool, err error)) error {
	o = o.withDefaults()
	for attempt := 0; ; attempt++ {
		again, err := f()
		if err == nil || !again || attempt+1 >= o.Attempts || ctx.Err() != nil || !isTemporary(err) {
			return err
		}
		wait := o.backoff(attempt)
		events.send(Event{Kind: EventRetry, Attempt: attempt + 1, Wait: wait, Err: err})
		if sleep(ctx, wait) != nil {
			return err
		}
	}
}

// retryPolicy tells oras's transport which requests to send again.
type retryPolicy struct {
	RetryOptions
	events *listener
}

var _ retry.Policy = retryPolicy{}

// Retry implements retry.Policy; a negative duration ends the attempts.
func (p retryPolicy) Retry(attempt int, resp *http.Response, err error) (time.Duration, error) {
	const never = -1
	if attempt+1 >= p.Attempts {
		return never, nil
	}
	wait := p.backoff(attempt)
	switch {
	case err != nil:
		if !isTemporaryNetwork(err) {
			return never, nil
		}
	case !isTemporaryStatus(resp.StatusCode) && !isContention(resp), isOneWay(resp.Request):
		return never, nil
	default:
		if asked, ok := retryAfter(resp, time.Now); ok {
			wait = asked
		}
		err = &Error{Op: resp.Request.Method, Ref: resp.Request.URL.Host, Status: resp.StatusCode, Kind: statusKind(resp.StatusCode)}
	}
	if wait > p.MaxWait {
		return never, nil
	}
	p.events.send(Event{Kind: EventRetry, Attempt: attempt + 1, Wait: wait, Err: err})
	return wait, nil
}

// isOneWay recognizes a request whose body cannot be sent a second time.
func isOneWay(req *http.Request) bool {
	return req.Body != nil && req.Body != http.NoBody && req.GetBody == nil
}

// retryAfter reads the header in both its forms, seconds and a date.
// See https://www.rfc-editor.org/rfc/rfc9110#name-retry-after.
func retryAfter(resp *http.Response, now func() time.Time) (time.Duration, bool) {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now())), true
	}
	return 0, false
}

// sleep waits for d, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
