package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// clientID is the name by which public Sigstore clients go.
const clientID = "sigstore"

// humanTime is how long a person may take.
const humanTime = 5 * time.Minute

// Interactive asks a person, through a browser.
type Interactive struct {
	// Issuer is where to log in.
	Issuer string
	// Open shows an address in a browser here. When it fails the address that was said will do.
	Open func(address string) error
	// Say tells the person something, on one line.
	Say func(text string)
}

// ErrLogin is a login that the issuer or the person has refused.
var ErrLogin = errors.New("the login was refused")

// Browser logs in with the browser on this machine, which comes back to a port of ours on loopback: the authorization
// code flow with PKCE, a state and a nonce.
// https://datatracker.ietf.org/doc/html/rfc8252
func (i Interactive) Browser(ctx context.Context) (Token, error) {
	ctx, cancel := i.context(ctx)
	defer cancel()
	provider, config, err := i.discover(ctx)
	if err != nil {
		return Token{}, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return Token{}, i.fail(err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return Token{}, i.fail(errors.New("no port to listen on"))
	}
	config.RedirectURL = fmt.Sprintf("http://localhost:%d/auth/callback", address.Port)
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	codes := make(chan callback, 1)
	server := &http.Server{Handler: receive(state, codes), ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	login := config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce))
	i.Say("log in with a browser at " + login)
	if i.Open != nil {
		_ = i.Open(login) // whoever has none takes the address
	}
	select {
	case <-ctx.Done():
		return Token{}, i.fail(context.Cause(ctx))
	case c := <-codes:
		if c.code == "" {
			return Token{}, i.fail(ErrLogin)
		}
		answer, err := config.Exchange(ctx, c.code, oauth2.VerifierOption(verifier))
		if err != nil {
			return Token{}, i.fail(reason(err))
		}
		return i.verify(ctx, provider, answer, nonce)
	}
}

// Device logs in with a browser on any other machine: the person enters a short code there.
// https://datatracker.ietf.org/doc/html/rfc8628
func (i Interactive) Device(ctx context.Context) (Token, error) {
	ctx, cancel := i.context(ctx)
	defer cancel()
	provider, config, err := i.discover(ctx)
	if err != nil {
		return Token{}, err
	}
	if config.Endpoint.DeviceAuthURL == "" {
		return Token{}, i.fail(errors.New("the issuer has no device flow"))
	}
	if err := secure(config.Endpoint.DeviceAuthURL); err != nil {
		return Token{}, i.fail(err)
	}
	verifier := oauth2.GenerateVerifier()
	device, err := config.DeviceAuth(ctx, oauth2.S256ChallengeOption(verifier))
	if err != nil {
		return Token{}, i.fail(reason(err))
	}
	where := device.VerificationURIComplete
	if where == "" {
		where = device.VerificationURI
	}
	i.Say(fmt.Sprintf("enter the code %s with a browser at %s", device.UserCode, where))
	answer, err := config.DeviceAccessToken(ctx, device, oauth2.VerifierOption(verifier))
	if err != nil {
		return Token{}, i.fail(reason(err))
	}
	return i.verify(ctx, provider, answer, "")
}

// context bounds a login, and makes the libraries use a client that follows no redirect.
func (i Interactive) context(ctx context.Context) (context.Context, context.CancelFunc) {
	client := newClient()
	ctx = context.WithValue(oidc.ClientContext(ctx, client), oauth2.HTTPClient, client)
	return context.WithTimeoutCause(ctx, humanTime, errors.New("nobody logged in within five minutes"))
}

// discover asks the issuer where its services are. All of them must be as safe as it is.
func (i Interactive) discover(ctx context.Context) (*oidc.Provider, oauth2.Config, error) {
	none := oauth2.Config{}
	if err := secure(i.Issuer); err != nil {
		return nil, none, i.fail(err)
	}
	provider, err := oidc.NewProvider(ctx, i.Issuer)
	if err != nil {
		return nil, none, i.fail(bare(err))
	}
	endpoint := provider.Endpoint()
	if err := errors.Join(secure(endpoint.AuthURL), secure(endpoint.TokenURL)); err != nil {
		return nil, none, i.fail(err)
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has no secret
	return provider, oauth2.Config{ClientID: clientID, Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID, "email"}}, nil
}

// verify checks what the issuer gave: its signature, whom it is for and, where there is one, the nonce.
func (i Interactive) verify(ctx context.Context, provider *oidc.Provider, answer *oauth2.Token, nonce string) (Token, error) {
	raw, _ := answer.Extra("id_token").(string)
	if raw == "" {
		return Token{}, i.fail(ErrToken)
	}
	checked, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw)
	if err != nil {
		return Token{}, i.fail(err)
	}
	if subtle.ConstantTimeCompare([]byte(checked.Nonce), []byte(nonce)) != 1 && nonce != "" {
		return Token{}, i.fail(errors.New("the token is not the answer to this login"))
	}
	t, err := Parse(raw)
	if err != nil {
		return Token{}, i.fail(err)
	}
	return t, nil
}

func (i Interactive) fail(err error) error { return &ProviderError{Provider: i.Issuer, Err: err} }

// reason keeps an issuer's own words for a refusal, and drops the answer that the library would repeat.
func reason(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return bare(err)
	}
	if refused.ErrorCode == "" {
		return fmt.Errorf("%w with status %d", ErrLogin, refused.Response.StatusCode)
	}
	return fmt.Errorf("%w: %.100q", ErrLogin, refused.ErrorCode)
}

// callback is how a login ended; without a code it was refused.
type callback struct{ code string }

// receive answers the browser. A request with another state is somebody else's, and changes nothing.
func receive(state string, codes chan<- callback) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /auth/callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.Error(w, "this is not the login that wpk waits for", http.StatusBadRequest)
			return
		}
		select {
		case codes <- callback{q.Get("code")}:
		default: // answered before
		}
		fmt.Fprintln(w, "wpk has what it needs; you can close this page.")
	})
	return m
}
